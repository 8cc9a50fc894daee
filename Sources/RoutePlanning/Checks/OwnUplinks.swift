package import NetworkTypes

/// The interfaces by which this host reaches others, where it can choose.
package enum OwnUplinks {
    /// One of them, with the addresses that datagrams leave from.
    package struct Uplink: Equatable, Sendable {
        package let link: LinkIdentity
        package let v4: IPAddress?
        package let v6: IPAddress?

        package init(link: LinkIdentity, v4: IPAddress?, v6: IPAddress?) {
            self.link = link
            self.v4 = v4
            self.v6 = v6
        }
    }

    /// Uplinks that are told apart; more than so many are left to the kernel.
    package static let limit = 8

    /// Interfaces with a carrier, one of the `candidates` among their addresses, and a route by way of a router in
    /// whatever table, except the `lan`. The one comes first that the main table's default route prefers, the others in
    /// the order of their metrics.
    package static func find(
        found: HostNetworkState, candidates: [OwnUnderlay.Candidate], lan: String
    ) -> [Uplink] {
        var metrics: [Int32: UInt64] = [:]
        for route in found.routes where route.kind == .unicast && route.gateway != nil && route.origin != .ipop {
            guard let index = route.linkIndex else { continue }
            metrics[index] = min(metrics[index] ?? .max, rank(route))
        }
        let links = found.links.filter { $0.hasCarrier && $0.name != lan && metrics[$0.index] != nil }
        let uplinks = links.compactMap { link -> (rank: UInt64, uplink: Uplink)? in
            let own = candidates.filter { $0.linkIndex == link.index }.map(\.address)
            guard !own.isEmpty, let rank = metrics[link.index] else { return nil }
            let (v4, v6) = (own.first { $0.family == .v4 }, own.first { $0.family == .v6 })
            return (rank, Uplink(link: link.identity, v4: v4, v6: v6))
        }
        // Stable: of equals the lower index stays first.
        let order = uplinks.indices.sorted { (uplinks[$0].rank, $0) < (uplinks[$1].rank, $1) }
        return order.prefix(limit).map { uplinks[$0].uplink }
    }

    /// How little the kernel likes an interface because of one of its routes: default routes of the main table by
    /// metric, then others of that table, then those of tables that only policy rules lead to.
    private static func rank(_ route: HostRoute) -> UInt64 {
        guard route.table == .main else { return 2 << 32 }
        return (route.prefix.length == 0 ? 0 : 1 << 32) + UInt64(route.metric)
    }
}
