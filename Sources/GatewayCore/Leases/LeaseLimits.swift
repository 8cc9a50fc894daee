import NetworkTypes

/// Limits of prefixes that are leased, and of how others verify them.
package enum LeaseLimits {
    /// How long a lost prefix is told of after another has taken its place.
    package static let lossMemory: Duration = .seconds(600)
    /// From a loss to the search for another prefix, and between two searches at least: each may end in a lease that
    /// another site has.
    static let searchDelay: Duration = .milliseconds(10)
    static let searchInterval: Duration = .milliseconds(500)
    /// From the news that a site may have let go of a prefix until it is asked for again: its release is on the way.
    static let returnDelay: Duration = .seconds(1)
    /// Prefixes of a pool that one search looks at; the next one, a minute later, goes on behind them.
    static let candidatesPerSearch = 4_096
    /// Prefixes of one pool that are ever considered: 2 to this power. A /48 has more /128s than anybody looks at.
    static let poolBits = 32
    /// Announced leases that are verified: as many as members have one each at the directory's limit.
    static let proofs = DirectoryLimits.memberCount
    /// Reads of the store under way for it: of 64 that a member may have, so that others have theirs too.
    static let proofReads = 8
    /// Reads in a row that find a lease with nobody or with another until its prefix is refused: replicas change hands.
    static let proofMisses = 2
    /// After an answer that settles nothing, doubled so often at most, which is 64 s: so often a refused prefix, and
    /// one that two sites announce, is looked at for ever.
    static let proofInterval: Duration = .seconds(2)
    static let proofDoublings = 5
}
