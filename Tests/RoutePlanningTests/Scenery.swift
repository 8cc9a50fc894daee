import NetworkTypes
import RoutePlanning

/// A gateway as the kernel has it before anything is done: LAN on `lan0` (2), uplink on `wan0` (3), `ipop0` (4) made
/// and down.
enum Scenery {
    static let lan = LinkIdentity(index: 2, name: "lan0")
    static let wan = LinkIdentity(index: 3, name: "wan0")
    static let device = LinkIdentity(index: 4, name: "ipop0")

    static let links = [
        HostLink(index: 1, name: "lo", isUp: true, isLoopback: true, mtu: 65_536),
        HostLink(index: 2, name: "lan0", isUp: true),
        HostLink(index: 3, name: "wan0", isUp: true),
        HostLink(index: 4, name: "ipop0", isUp: false, mtu: 1500, mac: .overlayDevice, kind: "tun"),
    ]

    static let addresses = [
        held("127.0.0.1", 8, on: 1), held("192.168.20.1", 24, on: 2), held("203.0.113.2", 24, on: 3),
        held("::1", 128, on: 1), held("fd20::1", 64, on: 2), held("fe80::7", 64, on: 2),
        held("2001:db8:113::2", 64, on: 3),
    ]

    static let foreignRoutes = [
        foreign("0.0.0.0/0", via: "203.0.113.1", metric: 100), foreign("203.0.113.0/24", metric: 0),
        foreign("::/0", via: "2001:db8:113::1", metric: 1024), foreign("2001:db8:113::/64", metric: 256),
    ]

    static let found = state()

    static func state(
        links: [HostLink] = links, addresses: [HostAddress] = addresses, routes: [HostRoute] = foreignRoutes,
        neighbours: [HostNeighbour] = [], rules: [PolicyRule] = []
    ) -> HostNetworkState {
        HostNetworkState(links: links, addresses: addresses, routes: routes, neighbours: neighbours, rules: rules)
    }

    static func wanted(_ routes: [WantedRoute] = [], underlay: [String] = []) -> WantedHostNetwork {
        WantedHostNetwork(device: "ipop0", mtu: 1420, routes: routes, underlay: underlay.map { IPAddress($0)! })
    }

    static func route(_ prefix: String, site: String = "ufl", source: String? = nil, mtu: UInt32? = nil) -> WantedRoute
    {
        WantedRoute(prefix: IPPrefix(prefix)!, site: site, preferredSource: source.map { IPAddress($0)! }, mtu: mtu)
    }

    static func held(_ address: String, _ length: Int, on link: Int32, flags: HostAddressFlags = []) -> HostAddress {
        let address = IPAddress(address)!
        return HostAddress(
            linkIndex: link, address: address, prefixLength: length, scope: address.isLinkLocal ? .link : .global,
            flags: flags)
    }

    /// A route of another program through `wan0`.
    static func foreign(
        _ prefix: String, via gateway: String? = nil, metric: UInt32, origin: RouteProtocol = .static,
        table: RoutingTable = .main, link: Int32 = 3
    ) -> HostRoute {
        HostRoute(
            table: table, prefix: IPPrefix(prefix)!, metric: metric, origin: origin, linkIndex: link,
            gateway: gateway.map { IPAddress($0)! })
    }

    /// A route of ours as it should be.
    static func ours(_ prefix: String, metric: UInt32 = 50, table: RoutingTable = .main) -> HostRoute {
        let prefix = IPPrefix(prefix)!
        return HostRoute(
            table: table, prefix: prefix, metric: metric, origin: .ipop, linkIndex: device.index,
            gateway: WantedHostNetwork.nextHop(prefix.family))
    }

    /// A host route of ours that keeps an address on the uplink.
    static func pin(_ address: String, via gateway: String = "203.0.113.1") -> HostRoute {
        HostRoute(
            prefix: IPPrefix(host: IPAddress(address)!), metric: 50, origin: .ipop, linkIndex: wan.index,
            gateway: IPAddress(gateway)!)
    }
}

extension HostNetworkPlan {
    /// Prefixes of the routes that the steps add, replace or remove.
    var addedRoutes: [HostRoute] {
        steps.compactMap { if case .addRoute(let route, _, _) = $0 { route } else { nil } }
    }
    var replacedRoutes: [HostRoute] {
        steps.compactMap { if case .replaceRoute(let route, _, _) = $0 { route } else { nil } }
    }
    var removedRoutes: [HostRoute] {
        steps.compactMap { if case .removeRoute(let route, _, _) = $0 { route } else { nil } }
    }
}

extension HostNetworkState {
    /// The state after a step, as a kernel without surprises would have it.
    func after(_ step: HostNetworkStep) -> HostNetworkState {
        var links = links
        var addresses = addresses
        var routes = routes
        var neighbours = neighbours
        switch step {
        case .makeDevice(let name):
            let index = (links.map(\.index).max() ?? 0) + 1
            links.append(HostLink(index: index, name: name, isUp: false, kind: "tun"))
        case .setMTU(let link, let mtu):
            links[links.firstIndex { $0.index == link.index }!].mtu = mtu
        case .setUp(let link):
            links[links.firstIndex { $0.index == link.index }!].isUp = true
        case .addAddress(let address, _):
            addresses.append(address)
        case .removeAddress(let address, _):
            addresses.removeAll { $0 == address }
        case .setNeighbour(let neighbour, _):
            neighbours.removeAll { $0.address == neighbour.address && $0.linkIndex == neighbour.linkIndex }
            neighbours.append(neighbour)
        case .removeNeighbour(let neighbour, _):
            neighbours.removeAll { $0 == neighbour }
        case .makeBridge(let name, let mac, let mtu):
            let index = (links.map(\.index).max() ?? 0) + 1
            links.append(HostLink(index: index, name: name, isUp: false, mtu: mtu, mac: mac, kind: "bridge"))
        case .removeBridge(let bridge):
            links.removeAll { $0.index == bridge.index }
            for index in links.indices where links[index].masterIndex == bridge.index { links[index].masterIndex = nil }
            addresses.removeAll { $0.linkIndex == bridge.index }
            routes.removeAll { $0.linkIndex == bridge.index }
        case .setMaster(let link, let bridge):
            links[links.firstIndex { $0.index == link.index }!].masterIndex = bridge?.index
        case .addRoute(let route, _, _):
            precondition(!routes.contains { $0.key == route.key }, "the kernel refuses a second route of one key")
            routes.append(route)
        case .replaceRoute(let route, _, _):
            let held = routes.filter { $0.key == route.key }
            precondition(held.count == 1 && held[0].origin == .ipop, "replaced something that was not ours alone")
            routes.removeAll { $0.key == route.key }
            routes.append(route)
        case .removeRoute(let route, _, let purpose):
            let mayGo = route.origin == .ipop || purpose == .moved
            precondition(mayGo && routes.contains(route), "removed something that was not ours")
            routes.removeAll { $0 == route }
        }
        return HostNetworkState(
            links: links, addresses: addresses, routes: routes, neighbours: neighbours, rules: rules)
    }

    /// The state after all steps of a plan.
    func after(_ plan: HostNetworkPlan) -> HostNetworkState {
        plan.steps.reduce(self) { $0.after($1) }
    }
}
