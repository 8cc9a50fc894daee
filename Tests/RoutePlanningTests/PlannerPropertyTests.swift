import NetworkTypes
import RoutePlanning
import Testing

/// What holds for every wanted and every found state, tried on many.
@Suite struct PlannerPropertyTests {
    @Test(arguments: 0..<40)
    func `a plan applied in full leaves nothing to do and others' routes alone`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for round in 0..<50 {
            let found = Self.found(&random)
            let wanted = Self.wanted(&random)

            var after = found.after(HostNetworkPlanner.plan(wanted: wanted, found: found))
            // Without the device the first plan makes it, and no more.
            if found.link(named: "ipop0") == nil {
                after = after.after(HostNetworkPlanner.plan(wanted: wanted, found: after))
            }
            let second = HostNetworkPlanner.plan(wanted: wanted, found: after)

            #expect(second.steps == [], "seed \(seed), round \(round)")
            #expect(after.routes.filter { $0.origin != .ipop } == found.routes.filter { $0.origin != .ipop })
            #expect(!second.verdicts.contains { $0.state == .missing })
            #expect(second.verdicts.count == wanted.routes.count)
            Self.expectUnderlayOutside(wanted, after, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: 0..<20)
    func `what is reckoned after steps of routes is what each step makes of it, and nothing else is reckoned`(
        seed: UInt64
    ) {
        var random = SeededRandom(seed: seed &+ 2_000)
        for _ in 0..<50 {
            let found = Self.found(&random)
            let steps = HostNetworkPlanner.plan(wanted: Self.wanted(&random), found: found).steps
            let routeSteps = steps.filter { step in
                switch step {
                case .addRoute, .replaceRoute, .removeRoute: true
                case .makeDevice, .setMTU, .setUp, .addAddress, .removeAddress, .setNeighbour, .removeNeighbour,
                    .makeBridge, .removeBridge, .setMaster:
                    false
                }
            }

            #expect(found.after(routeSteps: routeSteps) == routeSteps.reduce(found) { $0.after($1) })
            if routeSteps.count < steps.count { #expect(found.after(routeSteps: steps) == nil) }
        }
    }

    @Test(arguments: 0..<20)
    func `at no step on the way is a peer's address led into the overlay`(seed: UInt64) {
        var random = SeededRandom(seed: seed &+ 1_000)
        for round in 0..<50 {
            var state = Self.found(&random)
            var wanted = Self.wanted(&random)
            state = state.after(HostNetworkPlanner.plan(wanted: wanted, found: state))
            // Another wish for the same peers, and the way there changes.
            wanted.routes = Self.wanted(&random).routes
            let plan = HostNetworkPlanner.plan(wanted: wanted, found: state)
            guard state.link(named: "ipop0") != nil else { continue }
            let before = Self.misled(wanted, state)
            for step in plan.steps {
                state = state.after(step)
                let misled = Self.misled(wanted, state).filter { !before.contains($0) }
                #expect(misled == [], "seed \(seed), round \(round), \(step)")
            }
        }
    }

    // MARK: - A small world, so that things collide often

    private static func prefix(_ random: inout SeededRandom) -> IPPrefix {
        if random.chance(1, in: 4) {
            let length = [0, 16, 32, 48, 64, 128][Int(random.below(6))]
            return IPPrefix(containing: address6(&random), length: length)
        }
        let length = [0, 8, 15, 16, 23, 24, 25, 32][Int(random.below(8))]
        return IPPrefix(containing: address4(&random), length: length)
    }

    private static func address4(_ random: inout SeededRandom) -> IPAddress {
        IPAddress(10, UInt8(random.below(3)), UInt8(random.below(3)), UInt8(random.below(3)))
    }

    private static func address6(_ random: inout SeededRandom) -> IPAddress {
        IPAddress(v6High: 0xfd00_0000_0000_0000 | random.below(3) << 16 | random.below(3), low: random.below(3))
    }

    private static func found(_ random: inout SeededRandom) -> HostNetworkState {
        var links = Scenery.links
        if random.chance(1, in: 10) { links.removeLast() }
        links[1].isUp = random.chance(4, in: 5)
        var addresses: [HostAddress] = []
        for _ in 0..<random.below(4) {
            let isV4 = random.chance(2, in: 3)
            let address = isV4 ? address4(&random) : address6(&random)
            let length = isV4 ? [8, 16, 24, 32][Int(random.below(4))] : [48, 64, 128][Int(random.below(3))]
            addresses.append(
                HostAddress(linkIndex: Int32(2 + random.below(3)), address: address, prefixLength: length))
        }
        var routes: [HostRoute] = []
        for _ in 0..<random.below(12) {
            let prefix = prefix(&random)
            let isOurs = random.chance(1, in: 2)
            let link: Int32 = isOurs ? 4 : 3
            let gateway = isOurs && random.chance(2, in: 3) ? WantedHostNetwork.nextHop(prefix.family) : nil
            let route = HostRoute(
                table: random.chance(4, in: 5) ? .main : RoutingTable(rawValue: 9), prefix: prefix,
                metric: [0, 20, 50, 60][Int(random.below(4))], origin: isOurs ? .ipop : .static,
                kind: random.chance(1, in: 10) ? .unreachable : .unicast, linkIndex: link, gateway: gateway,
                mtu: random.chance(1, in: 3) ? 1400 : nil)
            // The kernel has one route of a key.
            if !routes.contains(where: { $0.key == route.key }) { routes.append(route) }
        }
        return Scenery.state(links: links, addresses: addresses, routes: routes)
    }

    private static func wanted(_ random: inout SeededRandom) -> WantedHostNetwork {
        var wanted = WantedHostNetwork(device: "ipop0", mtu: random.chance(1, in: 10) ? 1200 : 1420)
        wanted.routes = (0..<random.below(10)).map { number in
            WantedRoute(
                prefix: prefix(&random), site: "site\(number)",
                preferredSource: random.chance(1, in: 3) ? address4(&random) : nil,
                mtu: random.chance(1, in: 3) ? 1380 : nil)
        }
        wanted.underlay = (0..<random.below(6)).map { _ in
            random.chance(2, in: 3) ? address4(&random) : address6(&random)
        }
        return wanted
    }

    private static func expectUnderlayOutside(
        _ wanted: WantedHostNetwork, _ state: HostNetworkState, _ comment: Comment
    ) {
        #expect(misled(wanted, state) == [], comment)
    }

    /// Peers' addresses that the main table leads to the virtual next hop.
    private static func misled(_ wanted: WantedHostNetwork, _ state: HostNetworkState) -> [IPAddress] {
        wanted.underlay.filter { address in
            // An address that strayed on to the device goes, and counts for nothing.
            guard !state.addresses.contains(where: { $0.address == address && $0.linkIndex != Scenery.device.index })
            else { return false }
            for length in stride(from: address.family.bitCount, through: 0, by: -1) {
                let candidates = state.routes(to: IPPrefix(containing: address, length: length), in: .main)
                if let route = candidates.first {
                    return route.gateway == WantedHostNetwork.nextHop(address.family) && route.origin == .ipop
                }
            }
            return false
        }
    }
}
