import NetworkTypes

/// A way through a relay that this gateway uses or is offered.
struct RelayUse: Equatable {
    /// Who passes datagrams on.
    let relay: NodeAddress
    let channel: UInt32
    /// Who is at the other end.
    let peer: NodeAddress
    /// This gateway asked for it, and so keeps it up.
    var isOwn: Bool
    /// Where the relay is.
    var via: Endpoint
    /// When the relay is asked again, so that it goes on; the other end's uses end with the relay's.
    var renewAt: Instant
}

/// A pair of members that this gateway passes datagrams on between.
struct RelayedPair: Equatable {
    let first: NodeAddress
    let second: NodeAddress
    /// When it ends unless one of the two asks again.
    var expires: Instant

    /// Whether it is about these two.
    func joins(_ one: NodeAddress, _ other: NodeAddress) -> Bool {
        first == one && second == other || first == other && second == one
    }

    /// Whether `node` is one of the two.
    func has(_ node: NodeAddress) -> Bool { first == node || second == node }
}
