import NetworkTypes

/// The LAN's bridge: whether there may be one, and the steps to it and back. Wanted minus found, as everywhere: after a
/// break in the middle the same question gives the steps that are left.
package enum BridgePlanner {
    /// The name of a bridge that is made here and was given none.
    package static let usualName = "ipop-lan"

    /// What is to be done about the bridge of a LAN whose interface is `interface`.
    ///
    /// - `name`: the bridge that the settings name; `nil`: that which the interface is a port of, or a new one.
    /// - `record`: the bridge that was made before, if any.
    /// - `managers`: who else gives the interface its addresses, beyond what the state itself tells.
    package static func judge(
        interface: String, name: String?, record: BridgeRecord?, managers: [InterfaceManager], found: HostNetworkState
    ) -> BridgeVerdict {
        if let record, !isOfFormerBoot(record, found: found) {
            guard record.port == interface, name == nil || name == record.bridge else {
                return .refused(.otherBridgeMade(bridge: record.bridge, port: record.port))
            }
            return .own(record)
        }
        guard let lan = found.link(named: interface) else { return .refused(.interfaceMissing(interface)) }
        if lan.kind == HostLink.bridgeKind {
            guard name == nil || name == lan.name else { return .refused(.interfaceIsBridge(lan.name)) }
            return .existing(lan.identity)
        }
        if let master = lan.masterIndex {
            guard let bridge = found.link(at: master), bridge.kind == HostLink.bridgeKind,
                name == nil || name == bridge.name
            else { return .refused(.portOfAnother(interface: interface, master: found.linkName(master))) }
            return .existing(bridge.identity)
        }
        let new = name ?? usualName
        if let taken = found.link(named: new) { return .refused(refusal(of: taken, interface: interface)) }
        guard !lan.isLoopback, let mac = lan.mac else { return .refused(.notEthernet(interface)) }
        if let manager = (managers + self.managers(of: lan, found: found)).first {
            return .refused(.managed(interface: interface, by: manager))
        }
        let routes = found.routes.filter { isMovable($0) && $0.linkIndex == lan.index }
        if let several = routes.first(where: { $0.nextHopCount > 1 }) {
            return .refused(.routeWithSeveralHops(several.prefix))
        }
        let held = found.addresses.filter { $0.linkIndex == lan.index && isMovable($0) }
        // Of several in one subnet the kernel takes the first for its main one.
        let addresses = held.filter { !$0.flags.contains(.temporary) } + held.filter { $0.flags.contains(.temporary) }
        return .make(
            BridgeRecord(
                phase: .making, bridge: new, port: interface, mac: mac, mtu: lan.mtu,
                addresses: addresses.map { Self.moved($0, to: 0) }, routes: routes.map { Self.moved($0, to: 0) }))
    }

    /// Whether the bridge of `record` is gone while its interface has addresses: the host was started anew, and the
    /// interface was given what it is to have now. Nothing of the record holds any more.
    package static func isOfFormerBoot(_ record: BridgeRecord, found: HostNetworkState) -> Bool {
        guard record.phase == .made, found.link(named: record.bridge) == nil,
            let port = found.link(named: record.port)
        else { return false }
        return found.addresses.contains { $0.linkIndex == port.index && isMovable($0) }
    }

    /// The steps that are left until the bridge is as `record` says. What a step makes possible comes with the next
    /// call: a bridge has no index before it is there.
    package static func making(_ record: BridgeRecord, found: HostNetworkState) -> [HostNetworkStep] {
        guard let port = found.link(named: record.port) else { return [] }
        guard let bridge = found.link(named: record.bridge) else {
            return [.makeBridge(name: record.bridge, mac: record.mac, mtu: record.mtu)]
        }
        var steps: [HostNetworkStep] = []
        if !bridge.isUp { steps.append(.setUp(bridge.identity)) }
        steps += takingAway(record, from: port, found: found)
        if port.masterIndex != bridge.index { steps.append(.setMaster(port.identity, bridge.identity)) }
        if !port.isUp { steps.append(.setUp(port.identity)) }
        return steps + giving(record, to: bridge, found: found)
    }

    /// The steps that mend a bridge that was made: it is up, and the interface is its port. What addresses and routes
    /// it has by now is the operator's.
    package static func mending(_ record: BridgeRecord, found: HostNetworkState) -> [HostNetworkStep] {
        guard let port = found.link(named: record.port) else { return [] }
        guard let bridge = found.link(named: record.bridge) else { return making(record, found: found) }
        var steps: [HostNetworkStep] = []
        if !bridge.isUp { steps.append(.setUp(bridge.identity)) }
        if port.masterIndex != bridge.index { steps.append(.setMaster(port.identity, bridge.identity)) }
        if !port.isUp { steps.append(.setUp(port.identity)) }
        return steps
    }

    /// The steps that are left until the interface is as it was before.
    package static func undoing(_ record: BridgeRecord, found: HostNetworkState) -> [HostNetworkStep] {
        var steps: [HostNetworkStep] = []
        let bridge = found.link(named: record.bridge)
        let port = found.link(named: record.port)
        if let bridge, let port, port.masterIndex == bridge.index { steps.append(.setMaster(port.identity, nil)) }
        // Its addresses and routes go with it.
        if let bridge, bridge.kind == HostLink.bridgeKind { steps.append(.removeBridge(bridge.identity)) }
        guard let port else { return steps }
        if !port.isUp { steps.append(.setUp(port.identity)) }
        return steps + giving(record, to: port, found: found)
    }

    private static func refusal(of taken: HostLink, interface: String) -> BridgeRefusal {
        taken.kind == HostLink.bridgeKind
            ? .notPort(interface: interface, bridge: taken.name) : .nameTaken(taken.name)
    }

    /// Who lends the interface its addresses, as far as addresses and routes tell.
    private static func managers(of lan: HostLink, found: HostNetworkState) -> [InterfaceManager] {
        let lent = found.addresses.first {
            $0.linkIndex == lan.index && $0.family == .v4 && !$0.flags.contains(.permanent)
        }
        if let lent { return [.dhcp(lent.address)] }
        let route = found.routes.first { $0.linkIndex == lan.index && $0.origin == .dhcp }
        return route.map { [.dhcpRoute($0.prefix)] } ?? []
    }

    /// Link-local addresses stay where they are: a bridge makes its own. So do those that routers advertise.
    private static func isMovable(_ address: HostAddress) -> Bool {
        address.family == .v4 || address.flags.contains(.permanent) && !address.address.isLinkLocal
    }

    /// The kernel makes its own routes with the addresses, ours are planned elsewhere, and routers advertise theirs.
    private static func isMovable(_ route: HostRoute) -> Bool {
        ![RouteProtocol.kernel, .ipop, .routerAdvertisement].contains(route.origin) && route.kind == .unicast
    }

    private static func takingAway(
        _ record: BridgeRecord, from link: HostLink, found: HostNetworkState
    ) -> [HostNetworkStep] {
        let routes = found.routes.filter { held in
            held.linkIndex == link.index && record.routes.contains { $0.key == held.key && $0.origin == held.origin }
        }
        let addresses = found.addresses.filter { held in
            held.linkIndex == link.index && record.addresses.contains { isSame($0, held) }
        }
        return routes.map { .removeRoute($0, through: link.identity, purpose: .moved) }
            + addresses.map { .removeAddress($0, on: link.identity) }
    }

    private static func giving(
        _ record: BridgeRecord, to link: HostLink, found: HostNetworkState
    ) -> [HostNetworkStep] {
        var steps: [HostNetworkStep] = []
        for address in record.addresses
        where !found.addresses.contains(where: { $0.linkIndex == link.index && isSame($0, address) }) {
            steps.append(.addAddress(moved(address, to: link.index), on: link.identity))
        }
        // Those without a gateway first: gateways lie behind them.
        for route in record.routes.filter({ $0.gateway == nil }) + record.routes.filter({ $0.gateway != nil })
        where !found.routes.contains(where: { $0.linkIndex == link.index && $0.key == route.key }) {
            steps.append(.addRoute(moved(route, to: link.index), through: link.identity, purpose: .moved))
        }
        return steps
    }

    private static func isSame(_ first: HostAddress, _ second: HostAddress) -> Bool {
        first.address == second.address && first.prefixLength == second.prefixLength
    }

    private static func moved(_ address: HostAddress, to index: Int32) -> HostAddress {
        var address = address
        address.linkIndex = index
        return address
    }

    private static func moved(_ route: HostRoute, to index: Int32) -> HostRoute {
        var route = route
        route.linkIndex = index
        return route
    }
}
