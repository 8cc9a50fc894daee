package import NetworkTypes

/// What other settings would make of routes and exports, as far as this gateway knows without asking.
package struct ReloadForecast: Equatable, Sendable {
    /// An own export.
    package struct Export: Equatable, Sendable {
        package var subnet: IPPrefix
        /// What the grid will call it; `nil` when a prefix has yet to be leased for it.
        package var virtual: IPPrefix?
        package var owner: PrefixOwner
        /// A prefix of the pools that nobody is known to have, for a subnet whose own prefix cannot be had.
        package var freePrefix: IPPrefix?
    }

    /// Accepted routes in prefix order.
    package var routes: [RemoteRoute]
    /// Those with a fixed virtual prefix, then the leased ones.
    package var exports: [Export]
}

/// Who has a prefix in the grid.
package enum PrefixOwner: Equatable, Sendable {
    /// This site: it has the lease.
    case ours
    case site(String)
    /// Nobody: a majority of its keepers knows of no lease.
    case free
    /// It is in none of the grid's pools, so that nobody can have it.
    case outsidePool
    /// Not asked yet, or not enough members have answered.
    case unknown
}
