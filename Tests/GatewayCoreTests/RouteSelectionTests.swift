import GatewayConfiguration
import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

@Suite struct RouteSelectionTests {
    /// Three sites, the latter two with one prefix; they start `apart` from each other.
    private func contest(seed: UInt64, apart: Duration) -> [SimulatedHost] {
        let simulator = Simulator(seed: seed)
        contest(in: simulator, apart: apart)
        return simulator.hosts
    }

    private func contest(in simulator: Simulator, apart: Duration) {
        let first = Endpoint("198.51.100.1:7867")!
        simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        simulator.addSite("lsu", prefix: "10.7.0.0/16", bootstrap: [first])
        simulator.run(for: apart)
        simulator.addSite("cern", prefix: "10.7.0.0/16", bootstrap: [first])
        simulator.run(for: .seconds(20))
    }

    @Test(arguments: UInt64(1)...8) func `of two sites with one prefix the earlier owns it`(seed: UInt64) {
        let hosts = contest(seed: seed, apart: .seconds(10))
        expect(hosts, winner: hosts[1], loser: hosts[2])
    }

    @Test(arguments: UInt64(1)...8) func `two sites that start at once with one prefix have one owner`(seed: UInt64) {
        let hosts = contest(seed: seed, apart: .zero)
        let isFirst = hosts[0].gateway.routes.first?.site == "lsu"
        expect(hosts, winner: isFirst ? hosts[1] : hosts[2], loser: isFirst ? hosts[2] : hosts[1])
    }

    @Test(arguments: UInt64(1)...8) func `a prefix that its owner lets go of is the other's within seconds`(
        seed: UInt64
    ) throws {
        let simulator = Simulator(seed: seed)
        contest(in: simulator, apart: .seconds(10))
        let (others, owner, next) = (simulator.hosts[0], simulator.hosts[1], simulator.hosts[2])
        let now = simulator.now
        let settings = CoreSettings(
            bootstrap: [HostAndPort("198.51.100.1:7867")!], exports: [], firstSequence: now.nanoseconds)
        simulator.input(owner) { $0.reload(settings, now: now, effects: &$1) }

        let hasMoved = {
            next.holds("prefix:10.7.0.0/16")
                && [others, owner].allSatisfy { $0.gateway.routes.contains { $0.node == next.node } }
        }
        let took = try #require(simulator.run(until: hasMoved, within: .seconds(120)))
        #expect(took < .seconds(5))
    }

    /// Everybody agrees, and both are told.
    private func expect(_ hosts: [SimulatedHost], winner: SimulatedHost, loser: SimulatedHost) {
        #expect(hosts[0].gateway.routes.map(\.node) == [winner.identity.own.node])
        #expect(hosts[0].gateway.refusedRoutes.map(\.reason) == [.ownedByAnother])
        #expect(loser.gateway.lostExports.map(\.owner) == [winner.identity.own.site])
        #expect(winner.gateway.lostExports.isEmpty)
        #expect(winner.gateway.refusedRoutes.map(\.reason) == [.ownedByUs])
    }

    @Test func `what policy denies is announced and not taken`() {
        let position = SourcePosition(line: 1, column: 1)
        let map = SubnetMap(entries: [SubnetMap.Entry(site: "lsu", rule: .deny, position: position)])
        let simulator = Simulator(seed: 23)
        let gateway = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [gateway.endpoint])
        simulator.run(for: .seconds(5))
        #expect(gateway.gateway.routes.count == 1)
        let now = simulator.now
        let export = Announcement.Export(subnet: IPPrefix("10.0.0.0/16")!, virtual: IPPrefix("10.0.0.0/16")!)
        let settings = CoreSettings(
            bootstrap: [], exports: [export], policy: RoutePolicy(lines: map.policy(for: "ufl")), firstSequence: 0)
        simulator.input(gateway) { $0.reload(settings, now: now, effects: &$1) }
        #expect(gateway.gateway.routes.isEmpty)
        #expect(gateway.gateway.refusedRoutes.map(\.reason) == [.policy])
        #expect(gateway.gateway.liveCount == 1)
    }

    @Test func `a prefix that the certificate does not cover is refused, the rest of the site works`() throws {
        let simulator = Simulator(seed: 22)
        let first = Endpoint("198.51.100.1:7867")!
        simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        let greedy = simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [first])
        simulator.run(for: .seconds(5))
        let exports = ["10.1.0.0/16", "10.99.0.0/16"].map {
            Announcement.Export(subnet: IPPrefix($0)!, virtual: IPPrefix($0)!)
        }
        let settings = CoreSettings(
            bootstrap: [HostAndPort("198.51.100.1:7867")!], exports: exports, firstSequence: 0)
        let now = simulator.now
        simulator.input(greedy) { $0.reload(settings, now: now, effects: &$1) }
        simulator.run(for: .seconds(1))
        let gateway = simulator.hosts[0]
        #expect(gateway.gateway.routes.map(\.prefix) == [IPPrefix("10.1.0.0/16")!])
        #expect(gateway.gateway.refusedRoutes.map(\.reason) == [.notCovered])
    }

    /// Where ufl looks for cern, which says that it can be reached at 203.0.113.9 and at `told` too; lsu's prefix is
    /// `prefix`.
    private func candidates(told: String, prefix: String = "10.7.0.0/16", pools: [String] = []) -> [String] {
        let simulator = Simulator(seed: 24)
        let ufl = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        simulator.addSite("lsu", prefix: prefix, bootstrap: [ufl.endpoint])
        let cern = simulator.addSite("cern", prefix: "10.2.0.0/16", bootstrap: [ufl.endpoint])
        simulator.run(for: .seconds(5))
        let export = Announcement.Export(subnet: IPPrefix("10.0.0.0/16")!, virtual: IPPrefix("10.0.0.0/16")!)
        let settings = CoreSettings(
            bootstrap: [], exports: [export], profile: ProfileTerms(pools: pools.map { IPPrefix($0)! }),
            firstSequence: 0)
        let endpoints = [cern.endpoint] + ["203.0.113.9", told].map { Endpoint("\($0):7867")! }
        let now = simulator.now
        simulator.input(ufl) { $0.reload(settings, now: now, effects: &$1) }
        simulator.input(cern) {
            $0.underlayChanged(UnderlayFacts(endpoints: endpoints, mtu: 1_500), now: now, effects: &$1)
        }
        simulator.run(for: .seconds(5))
        // As the driver does after each change.
        #expect(ufl.gateway.routes.count == 2)
        let found = ufl.gateway.candidates(of: cern.identity.own.node)
        return found.filter { $0 != cern.endpoint }.map(\.address.description)
    }

    @Test func `nobody is looked for inside the overlay, whatever it says`() {
        let elsewhere = "203.0.113.9"

        #expect(candidates(told: "192.168.1.7") == [elsewhere, "192.168.1.7"])
        #expect(candidates(told: "10.7.0.5") == [elsewhere], "lsu's prefix leads there")
        #expect(candidates(told: "10.2.0.5") == [elsewhere], "its own prefix leads there")
        #expect(candidates(told: "10.130.0.5", pools: ["10.128.0.0/9"]) == [elsewhere], "a virtual address")
    }

    @Test func `a route that covers the underlay hides nobody`() {
        // ufl itself stands at 198.51.100.1.
        #expect(candidates(told: "198.51.100.77", prefix: "198.51.0.0/16") == ["203.0.113.9", "198.51.100.77"])
        #expect(candidates(told: "198.51.100.77", prefix: "0.0.0.0/0") == ["203.0.113.9", "198.51.100.77"])
    }
}
