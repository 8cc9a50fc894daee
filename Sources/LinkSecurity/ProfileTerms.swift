package import NetworkTypes

/// What a grid profile lays down for leases.
package struct ProfileTerms: Equatable, Sendable {
    /// When the authority made it, in seconds since 1970: the version of the publication; of two the newer one holds.
    package var version: UInt64
    /// The grid's virtual addresses, apart from each other.
    package var pools: [IPPrefix]
    /// How long a lease outlives its owner.
    package var leaseTime: Duration

    package init(version: UInt64 = 0, pools: [IPPrefix] = [], leaseTime: Duration = Self.usualLeaseTime) {
        self.version = version
        self.pools = pools
        self.leaseTime = leaseTime
    }

    /// What holds where the profile says nothing.
    package static let usualLeaseTime: Duration = .seconds(3_600)

    /// Whether a prefix is one of the grid's to give away.
    package func covers(_ prefix: IPPrefix) -> Bool { pools.contains { $0.covers(prefix) } }
}
