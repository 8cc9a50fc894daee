import NetworkTypes
import RoutePlanning
import Testing

/// Host routes that keep peers' outer addresses out of the overlay.
@Suite struct UnderlayPinTests {
    private let everything = [Scenery.route("0.0.0.0/0", site: "cern"), Scenery.route("::/0", site: "cern")]

    private func plan(
        _ routes: [WantedRoute], underlay: [String], found: HostNetworkState = Scenery.found
    ) -> HostNetworkPlan {
        HostNetworkPlanner.plan(wanted: Scenery.wanted(routes, underlay: underlay), found: found)
    }

    private func pins(_ plan: HostNetworkPlan) -> [HostRoute] {
        plan.addedRoutes.filter { $0.gateway != WantedHostNetwork.nextHop($0.family) }
    }

    @Test func `a covered peer gets a host route along its present way, before the covering route`() {
        let plan = plan([Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"])

        #expect(plan.addedRoutes == [Scenery.pin("198.51.100.7"), Scenery.ours("198.51.0.0/16")])
        #expect(plan.verdicts.map(\.state) == [.missing])
    }

    @Test func `both families are pinned, each along its own way`() {
        let plan = plan(everything, underlay: ["198.51.100.7", "2001:db8:aa::7"])

        #expect(
            pins(plan) == [
                Scenery.pin("198.51.100.7"), Scenery.pin("2001:db8:aa::7", via: "2001:db8:113::1"),
            ])
    }

    @Test func `a peer that nothing covers needs no pin`() {
        #expect(pins(plan([Scenery.route("10.9.0.0/16")], underlay: ["198.51.100.7"])) == [])
    }

    @Test func `a peer on a connected network needs no pin`() {
        #expect(pins(plan(everything, underlay: ["203.0.113.9", "2001:db8:113::9"])) == [])
    }

    @Test func `this machine's own addresses, link-local and loopback ones need no pin`() {
        #expect(pins(plan(everything, underlay: ["203.0.113.2", "fe80::9", "127.0.0.1", "169.254.3.3"])) == [])
    }

    @Test func `a more specific route of another program needs no pin`() {
        let specific = Scenery.foreign("198.51.100.0/24", via: "203.0.113.7", metric: 20)
        let found = Scenery.state(routes: Scenery.foreignRoutes + [specific])

        #expect(pins(plan([Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"], found: found)) == [])
    }

    @Test func `the longest route of others is the way, whatever its metric, and its attributes are kept`() {
        var way = Scenery.foreign("198.0.0.0/8", via: "203.0.113.7", metric: 900)
        way.preferredSource = IPAddress("203.0.113.2")!
        way.mtu = 1400
        way.isOnLink = true
        let found = Scenery.state(routes: Scenery.foreignRoutes + [way])

        let pin = pins(plan([Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"], found: found)).first

        #expect(pin?.gateway == way.gateway)
        #expect(pin?.preferredSource == way.preferredSource)
        #expect(pin?.mtu == 1400)
        #expect(pin?.isOnLink == true)
    }

    @Test func `an equal prefix with a better metric carries the peer already`() {
        let better = Scenery.foreign("198.51.0.0/16", via: "203.0.113.7", metric: 20)
        let worse = Scenery.foreign("198.51.0.0/16", via: "203.0.113.7", metric: 90)

        let carried = plan(
            [Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"],
            found: Scenery.state(routes: Scenery.foreignRoutes + [better]))
        let notCarried = plan(
            [Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"],
            found: Scenery.state(routes: Scenery.foreignRoutes + [worse]))

        #expect(pins(carried) == [])
        #expect(pins(notCarried).map(\.gateway) == [IPAddress("203.0.113.7")])
    }

    @Test func `without a way the peer is unreachable rather than in the overlay`() {
        let found = Scenery.state(routes: [])

        let pin = pins(plan([Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"], found: found)).first

        #expect(pin?.kind == .unreachable)
        #expect(pin?.prefix == IPPrefix("198.51.100.7/32"))
        #expect(pin?.linkIndex == nil)
    }

    @Test func `neither our own pins nor routes into the device are a way`() {
        var intoOverlay = Scenery.foreign("198.51.100.0/24", metric: 5)
        intoOverlay.linkIndex = Scenery.device.index
        let found = Scenery.state(
            routes: Scenery.foreignRoutes + [Scenery.pin("198.51.100.7", via: "203.0.113.66"), intoOverlay])

        let plan = plan([Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"], found: found)

        #expect(plan.replacedRoutes == [Scenery.pin("198.51.100.7")])
    }

    @Test func `pins go after the routes that they stood in front of`() {
        let held = [Scenery.pin("198.51.100.7"), Scenery.ours("198.51.0.0/16")]
        let found = Scenery.state(routes: Scenery.foreignRoutes + held)

        let plan = plan([], underlay: ["198.51.100.7"], found: found)

        #expect(plan.removedRoutes == [Scenery.ours("198.51.0.0/16"), Scenery.pin("198.51.100.7")])
    }

    @Test func `a refused covering prefix needs no pin`() {
        let found = Scenery.state(addresses: Scenery.addresses + [Scenery.held("198.51.0.1", 16, on: 2)])

        #expect(pins(plan([Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"], found: found)) == [])
    }

    @Test func `a site that exports a peer's very address is refused`() {
        let plan = plan(everything + [Scenery.route("198.51.100.7/32")], underlay: ["198.51.100.7"])

        #expect(plan.verdicts.map(\.state) == [.missing, .refused, .missing])
        #expect(plan.verdicts[1].reason == .isUnderlayAddress)
        #expect(plan.addedRoutes.filter { $0.prefix == IPPrefix("198.51.100.7/32") } == [Scenery.pin("198.51.100.7")])
    }

    @Test func `in a table of our own the pin stands there, along the main table's way`() {
        var wanted = Scenery.wanted([Scenery.route("0.0.0.0/0")], underlay: ["198.51.100.7", "203.0.113.9"])
        wanted.table = RoutingTable(rawValue: 77)

        let plan = HostNetworkPlanner.plan(wanted: wanted, found: Scenery.found)

        let pins = pins(plan)
        #expect(pins.map(\.table.rawValue) == [77, 77])
        #expect(pins.map(\.gateway) == [IPAddress("203.0.113.1"), nil])
        #expect(pins.map(\.linkIndex) == [3, 3])
    }
}
