package import NetworkTypes

/// A bootstrap or remembered address: where the grid may be joined.
package struct BootstrapTarget: Equatable {
    /// As configured; `nil` for a remembered member's endpoint.
    package var name: HostAndPort?
    /// What the name resolved to last.
    package var endpoints: [Endpoint]
    /// Who was found there.
    package var node: NodeAddress?
    package var dials: DialSchedule
    /// Why the last attempt failed.
    package var reason: LinkReason = .connecting

    package init(name: HostAndPort?, endpoints: [Endpoint], now: Instant) {
        self.name = name
        self.endpoints = endpoints
        dials = DialSchedule(first: now)
    }
}
