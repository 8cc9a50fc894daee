package import NetworkTypes

/// What was found in the kernel: everything that a plan depends on. Every list is sorted.
///
/// The local table, cached exceptions, routes with a type of service and source-specific v6 routes are left out:
/// none of them shares a place with a route of ours.
package struct HostNetworkState: Equatable, Sendable {
    /// By index.
    package private(set) var links: [HostLink]
    /// By link, address, prefix length.
    package private(set) var addresses: [HostAddress]
    /// By table, prefix, metric, maker.
    package private(set) var routes: [HostRoute]
    /// Of the overlay device, and virtual next hops on its bridge; by address.
    package private(set) var neighbours: [HostNeighbour]
    /// By family, priority.
    package private(set) var rules: [PolicyRule]

    /// A state of these parts, given in any order.
    package init(
        links: [HostLink] = [], addresses: [HostAddress] = [], routes: [HostRoute] = [],
        neighbours: [HostNeighbour] = [],
        rules: [PolicyRule] = []
    ) {
        self.links = links.sorted { $0.index < $1.index }
        self.addresses = addresses.sorted()
        self.routes = routes.sorted()
        self.neighbours = neighbours.sorted()
        self.rules = rules.sorted()
    }

    /// The link of this name.
    package func link(named name: String) -> HostLink? {
        links.first { $0.name == name }
    }

    /// The link of this index.
    package func link(at index: Int32) -> HostLink? {
        links.first { $0.index == index }
    }

    /// The link that has the addresses of the LAN on `interface`: the bridge that it is a port of, or itself.
    package func lanLink(of interface: String) -> HostLink? {
        guard let link = link(named: interface) else { return nil }
        let master = link.masterIndex.flatMap { self.link(at: $0) }
        return master?.kind == HostLink.bridgeKind ? master : link
    }

    /// The MTU of the LAN on `interface`: of a bridge that of its smallest port, `device` left out, for a bridge takes
    /// over the MTU of the smallest port that it gets. `nil` when there is no such interface.
    package func lanMTU(of interface: String, besides device: String) -> Int? {
        guard let link = link(named: interface) else { return nil }
        let ports = links.filter { $0.masterIndex == link.index && $0.name != device }
        return ports.map(\.mtu).min() ?? link.mtu
    }

    /// The name of the link of this index, or `if7` when it is gone.
    package func linkName(_ index: Int32) -> String {
        link(at: index)?.name ?? "if\(index)"
    }

    /// The routes to `prefix` in `table`, whoever made them, best metric first. Logarithmic in the number of routes.
    package func routes(to prefix: IPPrefix, in table: RoutingTable) -> ArraySlice<HostRoute> {
        let first = lowerBound { ($0.table, $0.prefix) < (table, prefix) }
        var end = first
        while end < routes.count, routes[end].table == table, routes[end].prefix == prefix { end += 1 }
        return routes[first..<end]
    }

    /// The connected prefixes of every link that is up, except loopback, link-local ones and those of `device`.
    package func connectedPrefixes(except device: String) -> [ConnectedPrefix] {
        addresses.compactMap { address in
            guard let link = link(at: address.linkIndex), link.isUp, !link.isLoopback, link.name != device else {
                return nil
            }
            let prefix = address.connectedPrefix
            guard !prefix.address.isLinkLocal, !prefix.address.isLoopback else { return nil }
            return ConnectedPrefix(prefix: prefix, interface: link.name)
        }
    }

    /// Index of the first route for which `isBefore` is false; the routes must be partitioned by it.
    private func lowerBound(_ isBefore: (HostRoute) -> Bool) -> Int {
        var low = 0
        var high = routes.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(routes[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// A block that hosts of one of this machine's interfaces live in.
package struct ConnectedPrefix: Hashable, Sendable {
    package let prefix: IPPrefix
    package let interface: String

    package init(prefix: IPPrefix, interface: String) {
        self.prefix = prefix
        self.interface = interface
    }
}
