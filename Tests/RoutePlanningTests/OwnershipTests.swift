import NetworkTypes
import RoutePlanning
import Testing

/// Whose route is whose: adopted, replaced, foreign, shadowed, removed.
@Suite struct OwnershipTests {
    @Test func `routes of ours that stand as wanted are adopted`() {
        let found = Scenery.state(routes: Scenery.foreignRoutes + [Scenery.ours("10.9.0.0/16")])

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.addedRoutes + plan.replacedRoutes + plan.removedRoutes == [])
        #expect(plan.verdicts == [RouteVerdict(wanted: Scenery.route("10.9.0.0/16"), state: .installed)])
    }

    @Test func `a route of ours with other attributes is replaced and counts as installed`() {
        var held = Scenery.ours("10.9.0.0/16")
        held.mtu = 1200
        let found = Scenery.state(routes: Scenery.foreignRoutes + [held])

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.replacedRoutes == [Scenery.ours("10.9.0.0/16")])
        #expect(plan.verdicts.map(\.state) == [.installed])
    }

    @Test func `a route of ours that leads elsewhere is replaced and counts as missing`() {
        var held = Scenery.ours("10.9.0.0/16")
        held.gateway = IPAddress("203.0.113.1")!
        held.linkIndex = Scenery.wan.index
        let found = Scenery.state(routes: Scenery.foreignRoutes + [held])

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.replacedRoutes == [Scenery.ours("10.9.0.0/16")])
        #expect(plan.verdicts.map(\.state) == [.missing])
        #expect(plan.verdicts.first?.reason == .nextHopChanged)
    }

    @Test func `another program's route of the same prefix and metric is left alone`() {
        let held = Scenery.foreign("10.9.0.0/16", via: "203.0.113.7", metric: 50)
        let found = Scenery.state(routes: Scenery.foreignRoutes + [held])

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.addedRoutes + plan.replacedRoutes + plan.removedRoutes == [])
        #expect(plan.verdicts.map(\.state) == [.foreign])
        #expect(plan.verdicts.first?.reason == .heldByAnotherProgram(.static, interface: "wan0"))
    }

    @Test func `beside another program's route of the same key ours is neither replaced nor removed`() {
        var ours = Scenery.ours("10.9.0.0/16")
        ours.mtu = 1200
        let held = Scenery.foreign("10.9.0.0/16", via: "203.0.113.7", metric: 50)
        let found = Scenery.state(routes: Scenery.foreignRoutes + [held, ours])

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.addedRoutes + plan.replacedRoutes + plan.removedRoutes == [])
    }

    @Test func `another program's better metric shadows ours, which is installed behind it`() {
        let held = Scenery.foreign("10.9.0.0/16", via: "203.0.113.7", metric: 20, origin: .dhcp)
        let found = Scenery.state(routes: Scenery.foreignRoutes + [held])

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.addedRoutes == [Scenery.ours("10.9.0.0/16")])
        #expect(plan.verdicts.map(\.state) == [.shadowed])
        #expect(plan.verdicts.first?.reason == .betterMetric(.dhcp, metric: 20, interface: "wan0"))
    }

    @Test func `another program's worse metric and other tables do not matter`() {
        let worse = Scenery.foreign("10.9.0.0/16", via: "203.0.113.7", metric: 51)
        let elsewhere = Scenery.foreign("10.9.0.0/16", metric: 50, table: RoutingTable(rawValue: 9))
        let found = Scenery.state(routes: Scenery.foreignRoutes + [worse, elsewhere, Scenery.ours("10.9.0.0/16")])

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.verdicts.map(\.state) == [.installed])
    }

    @Test func `routes of ours that nobody wants go, in every table`() {
        let stale = [
            Scenery.ours("10.1.0.0/16"), Scenery.ours("10.9.0.0/16", metric: 60),
            Scenery.ours("fd99::/64", table: RoutingTable(rawValue: 9)),
        ]
        let found = Scenery.state(routes: Scenery.foreignRoutes + stale)

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.removedRoutes.sorted() == stale.sorted())
        #expect(plan.addedRoutes == [Scenery.ours("10.9.0.0/16")])
    }

    @Test func `a farewell takes everything of ours, covering routes before pins, and nothing else`() {
        let mine = [Scenery.pin("198.51.100.7"), Scenery.ours("198.51.0.0/16"), Scenery.ours("fd10::/64")]
        let found = Scenery.state(routes: Scenery.foreignRoutes + mine)

        let steps = HostNetworkPlanner.farewell(found: found)

        #expect(
            steps.map(\.description) == [
                "ip route del 198.51.0.0/16 via 169.254.77.1 dev ipop0 proto ipop metric 50",
                "ip route del fd10::/64 via fe80::1 dev ipop0 proto ipop metric 50",
                "ip route del 198.51.100.7/32 via 203.0.113.1 dev wan0 proto ipop metric 50",
            ])
    }

    @Test func `values beyond the kernel's limits are wanted as the kernel keeps them`() {
        var route = Scenery.route("10.9.0.0/16", mtu: 70_000)
        route.advertisedMSS = 0

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([route]), found: Scenery.found)

        #expect(plan.addedRoutes.map(\.mtu) == [65_520])
        #expect(plan.addedRoutes.map(\.advertisedMSS) == [nil])
    }

    @Test func `a policy rule whose table has an overlapping route is warned of, unless it comes later`() {
        let table = RoutingTable(rawValue: 52)
        let rules = [
            PolicyRule(family: .v4, priority: 0, table: .local), PolicyRule(family: .v4, priority: 5_270, table: table),
            PolicyRule(family: .v4, priority: 32_766, table: .main),
            PolicyRule(family: .v4, priority: 40_000, table: RoutingTable(rawValue: 53)),
        ]
        let other = [
            Scenery.foreign("10.0.0.0/8", metric: 0, table: table),
            Scenery.foreign("10.0.0.0/8", metric: 0, table: RoutingTable(rawValue: 53)),
        ]
        let found = Scenery.state(routes: Scenery.foreignRoutes + other, rules: rules)

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(
            plan.warnings == [
                .ruleAskedFirst(rules[1], route: IPPrefix("10.0.0.0/8")!, ours: IPPrefix("10.9.0.0/16")!)
            ])
    }

    @Test func `a table that no rule asks is warned of`() {
        var wanted = Scenery.wanted([Scenery.route("10.9.0.0/16")])
        wanted.table = RoutingTable(rawValue: 77)
        let found = Scenery.state(rules: [PolicyRule(family: .v4, priority: 32_766, table: .main)])

        let plan = HostNetworkPlanner.plan(wanted: wanted, found: found)

        #expect(plan.warnings == [.tableNeverAsked(RoutingTable(rawValue: 77), .v4)])
    }
}
