package import NetworkTypes

/// The way of a trace.
package struct TraceResult: Equatable, Sendable {
    /// The members on the way, the destination last.
    package var hops: [NodeAddress]
    package var roundTrip: Duration
    /// Straight to the destination, not over the ring.
    package var isDirect: Bool
}

/// A trace that waits for its answer.
struct Trace {
    var token: UInt64
    var node: NodeAddress
    var sent: Instant
    var expires: Instant
}

/// A ping that waits for its answer, or for a path to go by.
struct Echo {
    var token: UInt64
    var node: NodeAddress
    var sent: Instant?
    var expires: Instant
    /// A trace of a direct path ends with it.
    var isTrace = false
}
