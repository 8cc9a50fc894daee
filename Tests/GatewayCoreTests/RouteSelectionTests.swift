import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

@Suite struct RouteSelectionTests {
    private let prefix = IPPrefix("10.7.0.0/16")!

    private func contest(policy: RoutePolicy = RoutePolicy()) -> (Simulator, [SimulatedHost]) {
        let simulator = Simulator(seed: 21)
        let first = Endpoint("198.51.100.1:7867")!
        simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        simulator.addSite("lsu", prefix: "10.7.0.0/16", bootstrap: [first])
        simulator.addSite("cern", prefix: "10.7.0.0/16", bootstrap: [first])
        simulator.run(for: .seconds(10))
        return (simulator, simulator.hosts)
    }

    @Test func `two sites with one prefix have one owner, and both know`() throws {
        let (_, hosts) = contest()
        let winner = hosts[1].identity.own.node < hosts[2].identity.own.node ? hosts[1] : hosts[2]
        let loser = winner === hosts[1] ? hosts[2] : hosts[1]
        #expect(hosts[0].gateway.routes.map(\.node) == [winner.identity.own.node])
        #expect(hosts[0].gateway.refusedRoutes.map(\.reason) == [.ownedByAnother])
        #expect(loser.gateway.lostExports.map(\.owner) == [winner.identity.own.site])
        #expect(winner.gateway.lostExports.isEmpty)
        #expect(winner.gateway.refusedRoutes.map(\.reason) == [.ownedByUs])
    }

    @Test func `a line of policy restricts its site`() {
        var policy = RoutePolicy(acceptsUnlisted: true, rules: [("lsu", .accept(prefix)), ("cern", .deny)])
        #expect(policy.accepts(prefix, from: "lsu"))
        #expect(!policy.accepts(IPPrefix("10.8.0.0/16")!, from: "lsu"))
        #expect(!policy.accepts(prefix, from: "cern"))
        #expect(policy.accepts(prefix, from: "ufl"))
        policy.acceptsUnlisted = false
        #expect(!policy.accepts(prefix, from: "ufl"))
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
}
