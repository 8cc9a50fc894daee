import NetworkTypes

/// Wanted state minus found state.
///
/// Rules that hold for every plan: a route of another protocol is never added, changed or removed; every route of
/// protocol 77 (`ipop`) in the namespace is ours, and goes unless it is wanted; a remote prefix that equals or lies
/// inside a connected one is refused; a remote prefix that covers a peer's outer address is installed only behind a
/// host route that keeps that address where it was.
package enum HostNetworkPlanner {
    /// What to do so that `found` becomes `wanted`. Applied in full, planning again yields no step.
    package static func plan(wanted: WantedHostNetwork, found: HostNetworkState) -> HostNetworkPlan {
        let sorted = wanted.routes.sorted()
        let refusals = RouteAdmission(wanted: wanted, found: found).judge(sorted)
        guard let device = found.link(named: wanted.device) else {
            return planWithoutDevice(wanted, routes: sorted, refusals: refusals)
        }
        var plan = HostNetworkPlan()
        let bridge = wanted.bridge.flatMap { found.link(named: $0) }
        planDevice(device, bridge: bridge, wanted: wanted, found: found, into: &plan)
        // The kernel takes nothing from a port: what leads into the overlay leads through its bridge.
        let way = bridge ?? device

        var admitted = PrefixTable<Void>()
        for (route, refusal) in zip(sorted, refusals) where refusal == nil { admitted[route.prefix] = () }
        let pins = UnderlayPins(wanted: wanted, found: found, deviceIndex: device.index).pins(admitted: admitted)
        for pin in pins {
            let through = pin.linkIndex.map { LinkIdentity(index: $0, name: found.linkName($0)) }
            _ = planRoute(pin, through: through, purpose: .underlayPin, found: found, into: &plan)
        }
        for (route, refusal) in zip(sorted, refusals) {
            if let refusal {
                plan.verdicts.append(RouteVerdict(wanted: route, state: .refused, reason: refusal))
            } else {
                let target =
                    route.isDeadEnd
                    ? HostRoute(deadEnd: route.prefix, table: wanted.table, metric: wanted.metric)
                    : overlayRoute(route, wanted: wanted, found: found, way: way, isBridge: bridge != nil)
                let (state, reason) = planRoute(
                    target, through: route.isDeadEnd ? nil : way.identity,
                    purpose: route.isDeadEnd ? .deadEnd : .overlay, found: found, into: &plan)
                plan.verdicts.append(RouteVerdict(wanted: route, state: state, reason: reason))
            }
        }
        planRemovals(wanted: wanted, found: found, into: &plan)
        plan.warnings = PolicyRuleCheck(wanted: wanted, found: found).warnings(admitted: admitted)
        return plan
    }

    /// The steps that take every route of ours away, and what of ours is on a bridge, for a clean stop. The device and
    /// what is on it is its maker's.
    package static func farewell(found: HostNetworkState) -> [HostNetworkStep] {
        let neighbours = found.neighbours.filter {
            $0.isNextHop && found.link(at: $0.linkIndex)?.kind == HostLink.bridgeKind
        }
        return removals(found: found, keeping: [])
            + neighbours.map { neighbour in
                .removeNeighbour(
                    neighbour, on: LinkIdentity(index: neighbour.linkIndex, name: found.linkName(neighbour.linkIndex)))
            }
    }

    private static func planWithoutDevice(
        _ wanted: WantedHostNetwork, routes: [WantedRoute], refusals: [RouteReason?]
    ) -> HostNetworkPlan {
        let make = HostNetworkStep.makeDevice(name: wanted.device)
        let verdicts = zip(routes, refusals).map { route, refusal in
            refusal.map { RouteVerdict(wanted: route, state: .refused, reason: $0) }
                ?? RouteVerdict(wanted: route, state: .missing, reason: .deviceMissing(wanted.device))
        }
        return HostNetworkPlan(steps: [make], verdicts: verdicts, targets: [make])
    }

    /// MTU, bridge, up, link-local addresses, next hops: in the order in which the kernel accepts them. A port of a
    /// bridge has no addresses, and the next hops are the bridge's.
    private static func planDevice(
        _ device: HostLink, bridge: HostLink?, wanted: WantedHostNetwork, found: HostNetworkState,
        into plan: inout HostNetworkPlan
    ) {
        let link = device.identity
        plan.targets.append(.makeDevice(name: wanted.device))
        plan.add(.setMTU(link, mtu: wanted.mtu), unless: device.mtu == wanted.mtu)
        plan.add(.setMaster(link, bridge?.identity), unless: device.masterIndex == bridge?.index)
        plan.add(.setUp(link), unless: device.isUp)

        let held = found.addresses.filter { $0.linkIndex == device.index }
        let wantedAddresses = WantedHostNetwork.deviceAddresses.filter {
            bridge == nil && runs($0.address.family, wanted)
        }
        for address in held where address.family == .v4 || !address.address.isLinkLocal {
            let isOurs = wantedAddresses.contains {
                $0.address == address.address && $0.prefixLength == address.prefixLength
            }
            if !isOurs { plan.steps.append(.removeAddress(address, on: link)) }
        }
        for (address, length) in wantedAddresses {
            let target = HostAddress(linkIndex: device.index, address: address, prefixLength: length, scope: .link)
            let isHeld = held.contains { $0.address == address && $0.prefixLength == length }
            plan.add(.addAddress(target, on: link), unless: isHeld)
        }
        let way = bridge ?? device
        for family in [AddressFamily.v4, .v6] where runs(family, wanted) {
            let target = HostNeighbour(
                linkIndex: way.index, address: WantedHostNetwork.nextHop(family, onBridge: bridge != nil),
                mac: .virtualNextHop, isPermanent: true)
            plan.add(.setNeighbour(target, on: way.identity), unless: found.neighbours.contains(target))
        }
    }

    /// Whether the kernel can run a family on the device.
    private static func runs(_ family: AddressFamily, _ wanted: WantedHostNetwork) -> Bool {
        family == .v4 || wanted.mtu >= WantedHostNetwork.smallestV6MTU
    }

    private static func overlayRoute(
        _ route: WantedRoute, wanted: WantedHostNetwork, found: HostNetworkState, way: HostLink, isBridge: Bool
    ) -> HostRoute {
        // The kernel refuses a route whose preferred source it does not have, and drops it when the address goes.
        let source = route.preferredSource.flatMap { source in
            found.addresses.contains {
                $0.address == source && $0.isUsable && (isBridge || $0.linkIndex != way.index)
            } ? source : nil
        }
        return HostRoute(
            table: wanted.table, prefix: route.prefix, metric: wanted.metric, origin: .ipop, linkIndex: way.index,
            gateway: WantedHostNetwork.nextHop(route.prefix.family, onBridge: isBridge), preferredSource: source,
            mtu: RouteLimits.bounded(route.mtu, by: RouteLimits.largestMTU),
            advertisedMSS: RouteLimits.bounded(route.advertisedMSS, by: RouteLimits.largestMSS),
            isOnLink: isBridge && route.prefix.family == .v4)
    }

    /// Adds the step that `target` needs, if any, and says how it stands.
    private static func planRoute(
        _ target: HostRoute, through: LinkIdentity?, purpose: RoutePurpose, found: HostNetworkState,
        into plan: inout HostNetworkPlan
    ) -> (RouteState, RouteReason?) {
        let rivals = found.routes(to: target.prefix, in: target.table)
        if let holder = rivals.first(where: { $0.metric == target.metric && $0.origin != .ipop }) {
            // A route of ours beside it stays as it is: the kernel's replace takes the first of that key, be it whose.
            return (.foreign, .heldByAnotherProgram(holder.origin, interface: holder.linkIndex.map(found.linkName)))
        }
        plan.targets.append(.addRoute(target, through: through, purpose: purpose))
        let held = rivals.first { $0.metric == target.metric }
        if let held, !held.doesTheSame(as: target) {
            plan.steps.append(.replaceRoute(target, through: through, purpose: purpose))
        } else if held == nil {
            plan.steps.append(.addRoute(target, through: through, purpose: purpose))
        }
        if let winner = rivals.first(where: { $0.metric < target.metric && $0.origin != .ipop }) {
            let interface = winner.linkIndex.map(found.linkName)
            return (.shadowed, .betterMetric(winner.origin, metric: winner.metric, interface: interface))
        }
        guard let held else { return (.missing, .notInstalledYet) }
        return held.leadsTheSameWay(as: target) ? (.installed, nil) : (.missing, .nextHopChanged)
    }

    private static func planRemovals(
        wanted: WantedHostNetwork, found: HostNetworkState, into plan: inout HostNetworkPlan
    ) {
        var kept: [RouteKey] = plan.targets.compactMap { target in
            if case .addRoute(let route, _, _) = target { route.key } else { nil }
        }
        for verdict in plan.verdicts where verdict.state == .foreign {
            kept.append(RouteKey(table: wanted.table, prefix: verdict.wanted.prefix, metric: wanted.metric))
        }
        plan.steps += removals(found: found, keeping: kept.sorted())
    }

    /// Steps for every route of ours whose key is not kept; covering routes before the pins in front of them.
    private static func removals(found: HostNetworkState, keeping kept: [RouteKey]) -> [HostNetworkStep] {
        var overlay: [HostNetworkStep] = []
        var pins: [HostNetworkStep] = []
        var next = kept[...]
        for route in found.routes where route.origin == .ipop {
            next = next.drop { $0 < route.key }
            if next.first == route.key { continue }
            let through = route.linkIndex.map { LinkIdentity(index: $0, name: found.linkName($0)) }
            let step = HostNetworkStep.removeRoute(route, through: through, purpose: route.ownPurpose)
            if route.ownPurpose == .underlayPin { pins.append(step) } else { overlay.append(step) }
        }
        return overlay + pins
    }
}

extension HostNetworkPlan {
    /// Notes a target, and the step to it unless it is reached.
    fileprivate mutating func add(_ target: HostNetworkStep, unless isReached: Bool) {
        targets.append(target)
        if !isReached { steps.append(target) }
    }
}

/// The largest values that the kernel keeps; it cuts larger ones down, and a plan would find a difference for ever.
enum RouteLimits {
    /// 65535 less the 15 bytes that the kernel keeps free.
    static let largestMTU: UInt32 = 65_520
    /// 65535 less 40 bytes of IPv4 and TCP headers.
    static let largestMSS: UInt32 = 65_495

    static func bounded(_ value: UInt32?, by limit: UInt32) -> UInt32? {
        value == 0 ? nil : value.map { min($0, limit) }
    }
}

extension HostRoute {
    /// A route of ours that ends what is sent to a prefix.
    init(deadEnd prefix: IPPrefix, table: RoutingTable, metric: UInt32) {
        self.init(
            table: table, prefix: prefix, metric: metric, origin: .ipop, kind: .unreachable, linkIndex: nil)
    }

    /// What a route of ours is for. Of those that end packets the ones to a single address keep a peer's out of the
    /// overlay.
    package var ownPurpose: RoutePurpose {
        if WantedHostNetwork.isNextHop(gateway) { return .overlay }
        return kind == .unreachable && prefix.length < family.bitCount ? .deadEnd : .underlayPin
    }

    /// Whether packets take the same way out.
    func leadsTheSameWay(as other: HostRoute) -> Bool {
        kind == other.kind && linkIndex == other.linkIndex && gateway == other.gateway
            && nextHopCount == other.nextHopCount
    }

    /// Whether nothing that a plan sets differs.
    func doesTheSame(as other: HostRoute) -> Bool {
        leadsTheSameWay(as: other) && preferredSource == other.preferredSource && mtu == other.mtu
            && advertisedMSS == other.advertisedMSS
    }
}
