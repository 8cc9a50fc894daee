/// Limits and intervals of single host addresses in bridged subnets, each with its arithmetic.
package enum HostLimits {
    // Of the protocol: both ends must agree on these.

    /// Hosts that one gateway holds. A list of all is one control message: of IPv4 11 bytes each, of IPv6 23, 11.8 kB,
    /// which travels in slices even over the overlay's hops.
    package static let hosts = 512
    /// Bytes of a host's name (RFC 1035 §2.3.4).
    package static let nameByteCount = 63

    // Our own.

    /// What marks the store's operations on hosts and blocks among those that the driver asks for.
    static let token: UInt64 = 1 << 63
    /// Hosts of others that are known.
    package static let remoteHosts = 16_384
    /// How long a host is remembered whose gateway has no session with this one: then it is looked up again.
    package static let memory: Duration = .seconds(60)
    /// How long nobody is asked again for an address that nobody holds.
    package static let absence: Duration = .seconds(2)
    /// Addresses that are known to be free.
    package static let absent = 1_024
    /// Look-ups under way: half of what the store reads at a time.
    package static let lookups = 32
    /// A list that was not acknowledged is sent again after so long.
    package static let repeatInterval: Duration = .seconds(1)
    /// The same while a host moves, when every moment counts.
    package static let moveInterval: Duration = .milliseconds(200)
    /// How long the gateway that a host has left may take to let go.
    package static let moveTime: Duration = .seconds(2)
    /// How long after two gateways have claimed a host the store is asked: a move is over by then.
    package static let doubtTime: Duration = .seconds(5)
    /// How long a lease is created for a host that was let go: its release may not have reached all replicas.
    package static let handOverTime: Duration = .seconds(10)
    /// A restored lease that no host has asked for by then is given up.
    package static let returnTime: Duration = .seconds(60)
    /// Addresses in a block: as many as 256th of the subnet, and at most so many.
    package static let blockBits = 4
    /// Parts of a bridged subnet, as a power of two, at least as long as they are single addresses.
    package static let blockShare = 8
    /// Blocks that a gateway leases, and how many it tries for at a time.
    package static let blocks = 32
    package static let blockAttempts = 4
    /// Refusals in a row after which it pauses, and for how long.
    package static let blockRefusals = 64
    package static let blockPause: Duration = .seconds(30)
    /// How long a block outlives its owner.
    package static let blockLifetime: Duration = .seconds(3_600)
}
