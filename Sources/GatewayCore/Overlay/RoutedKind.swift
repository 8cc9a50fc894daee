import OverlayRing

/// What the gateway sends over the ring's hops: kinds of routed packets beside the ring's own.
enum RoutedKind: UInt8 {
    /// A sealed datagram of a session that has no better path.
    case sealed = 16
    /// A handshake datagram.
    case handshake = 17
    /// A message of the store.
    case store = 18
    /// Asks the destination for the way that the packet came: 8 bytes of token.
    case traceRequest = 19
    /// Token, then an 8-bit count and the members that forwarded the request.
    case traceAnswer = 20
    /// Asks the destination who is beside it: 8 bytes of token.
    case neighboursRequest = 21
    /// Token, flags (1 left follows, 2 right follows), left, right: the next members known, linked or not.
    case neighboursAnswer = 22
    /// Connect to me: a `PunchMessage`.
    case punchRequest = 23
    /// The same from the one that was asked, which sends already.
    case punchAnswer = 24
    /// Asks a member on the way of a trace for its path to the next: a number of 8 bytes, the next member, filling.
    case traceQuestion = 25
    /// Number, next member, 1 if a `TraceLink` follows.
    case traceWord = 26
}
