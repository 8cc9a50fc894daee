import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

/// Whole gateways in virtual time: joining, spreading, leaving, coming back.
@Suite struct MembershipTests {
    private static let first = Endpoint("198.51.100.1:7867")!

    /// `count` sites that know only the first one's endpoint.
    private func grid(of count: Int, seed: UInt64 = 7) -> Simulator {
        let simulator = Simulator(seed: seed)
        for index in 0..<count {
            simulator.addSite(
                "site\(index)", prefix: "10.\(index).0.0/16", bootstrap: index == 0 ? [] : [Self.first])
        }
        return simulator
    }

    private func isComplete(_ simulator: Simulator) -> Bool {
        simulator.hosts.allSatisfy {
            $0.gateway.routes.count == simulator.hosts.count - 1 && $0.gateway.liveCount == simulator.hosts.count - 1
        }
    }

    @Test(arguments: [2, 3, 8]) func `every gateway learns every other from one bootstrap member`(count: Int) throws {
        let simulator = grid(of: count)
        let took = try #require(simulator.run(until: { isComplete(simulator) }, within: .seconds(5)))
        #expect(took < .seconds(2))
        #expect(simulator.hosts[0].gateway.memberCount == count)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4]) func `a lossy network only delays the grid`(seed: UInt64) throws {
        let simulator = Simulator(seed: seed)
        simulator.network.lossPerMille = 200
        for index in 0..<6 {
            simulator.addSite("site\(index)", prefix: "10.\(index).0.0/16", bootstrap: [Self.first])
        }
        #expect(simulator.run(until: { isComplete(simulator) }, within: .seconds(120)) != nil)
    }

    @Test func `a joining site is known everywhere within two seconds`() throws {
        let simulator = grid(of: 4)
        simulator.run(for: .seconds(20))
        simulator.addSite("late", prefix: "10.200.0.0/16", bootstrap: [Self.first])
        let everywhere = { simulator.hosts.dropLast().allSatisfy { $0.gateway.routes.contains { $0.site == "late" } } }
        let took = try #require(simulator.run(until: everywhere, within: .seconds(5)))
        #expect(took < .seconds(2))
    }

    @Test(arguments: UInt64(1)...20) func `a stopping gateway takes its routes with it`(seed: UInt64) throws {
        let simulator = grid(of: 3, seed: seed)
        simulator.run(for: .seconds(10))
        let leaving = simulator.hosts[2]
        let now = simulator.now
        simulator.input(leaving) { $0.stop(now: now, effects: &$1) }
        simulator.kill(leaving)
        let gone = { simulator.hosts.allSatisfy { !$0.gateway.routes.contains { $0.site == "site2" } } }
        #expect(simulator.run(until: gone, within: .seconds(1)) != nil)
        simulator.run(for: .seconds(60))
        #expect(gone())
    }

    @Test func `a killed gateway is down soon, keeps its routes, and is back after its restart`() throws {
        let simulator = grid(of: 3)
        simulator.run(for: .seconds(10))
        let killed = simulator.hosts[1]
        simulator.kill(killed)
        let down = { simulator.hosts.allSatisfy { $0.gateway.liveCount == 1 } }
        let took = try #require(simulator.run(until: down, within: .seconds(30)))
        #expect(took < .seconds(10))
        #expect(simulator.hosts[0].gateway.routes.contains { $0.site == "site1" })
        #expect(simulator.hosts[0].gateway.memberStatus.contains { $0.site == "site1" && $0.reason == .noAnswer })
        #expect(simulator.hosts[0].gateway.reach == (1, 2))

        simulator.run(for: .seconds(100))
        simulator.start(killed.identity, endpoint: killed.endpoint, bootstrap: [Self.first])
        let back = try #require(simulator.run(until: { isComplete(simulator) }, within: .seconds(30)))
        #expect(back < .seconds(3))
    }

    @Test func `a gateway restarted at once is reached again without waiting for timeouts`() throws {
        let simulator = grid(of: 3)
        simulator.run(for: .seconds(10))
        let killed = simulator.hosts[1]
        simulator.kill(killed)
        simulator.start(killed.identity, endpoint: killed.endpoint, bootstrap: [Self.first])
        let took = try #require(simulator.run(until: { isComplete(simulator) }, within: .seconds(30)))
        #expect(took < .seconds(2))
    }

    @Test func `the grid outlives its bootstrap member`() throws {
        let simulator = grid(of: 4)
        simulator.run(for: .seconds(10))
        simulator.kill(simulator.hosts[0])
        simulator.run(for: .seconds(300))
        #expect(simulator.hosts.allSatisfy { $0.gateway.liveCount == 2 })
    }

    @Test func `a gateway whose wall clock went back is still heard`() throws {
        let simulator = grid(of: 3)
        simulator.run(for: .seconds(10))
        let killed = simulator.hosts[2]
        simulator.kill(killed)
        let settings = CoreSettings(
            bootstrap: [HostAndPort("198.51.100.1:7867")!],
            exports: [.init(subnet: IPPrefix("10.2.0.0/16")!, virtual: IPPrefix("10.2.0.0/16")!)], firstSequence: 1)
        let now = simulator.now
        let host = simulator.adopt(
            SimulatedHost(
                identity: killed.identity, endpoint: killed.endpoint, settings: settings, seed: 99, now: now))
        host.names[HostAndPort("198.51.100.1:7867")!] = [Self.first]
        simulator.input(host) {
            $0.start(underlay: UnderlayFacts(endpoints: [killed.endpoint], mtu: 1_500), now: now, effects: &$1)
        }
        simulator.run(for: .seconds(20))
        let stopTime = simulator.now
        simulator.input(host) { $0.stop(now: stopTime, effects: &$1) }
        simulator.run(for: .seconds(2))
        #expect(simulator.hosts[0].gateway.routes.allSatisfy { $0.site != "site2" })
    }

    @Test func `a grid of one is joined, and who was in the grid stays so when the others leave`() {
        let simulator = Simulator(seed: 31)
        let alone = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [Self.first])
        simulator.run(for: .seconds(2))
        let isAloneJoined = alone.gateway.isJoined
        #expect(isAloneJoined)
        let second = simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [Self.first])
        let isSecondJoined = second.gateway.isJoined
        #expect(!isSecondJoined)
        simulator.run(for: .seconds(2))
        #expect(second.gateway.isJoined && second.gateway.isSettled(now: simulator.now))
        simulator.kill(alone)
        simulator.run(for: .seconds(30))
        #expect(second.gateway.isJoined && second.gateway.liveCount == 0)
    }

    @Test(arguments: UInt64(1)...20) func `once settled, the other end is ready too`(seed: UInt64) throws {
        let simulator = grid(of: 3, seed: seed)
        simulator.run(for: .seconds(10))
        let late = simulator.addSite("late", prefix: "10.200.0.0/16", bootstrap: [Self.first])
        let settled = { late.gateway.isSettled(now: simulator.now) && late.gateway.routes.count == 3 }
        let took = try #require(simulator.run(until: settled, within: .seconds(10)))
        #expect(took < .seconds(2))
        for host in simulator.hosts.dropLast() where late.gateway.isReached(host.identity.own.site, now: simulator.now)
        {
            #expect(host.gateway.routes.contains { $0.site == "late" })
        }
    }

    @Test func `a gateway of another grid is refused at both ends`() throws {
        let simulator = grid(of: 2)
        let stranger = simulator.addSite(
            "stranger", grid: "chemistry", prefix: "10.77.0.0/16", bootstrap: [Self.first])
        simulator.run(for: .seconds(20))
        #expect(simulator.hosts[0].gateway.liveCount == 1)
        #expect(stranger.gateway.liveCount == 0)
        let refusals = simulator.hosts[0].gateway.refusedHandshakes
        #expect(refusals.contains { $0.reason == .certificate(.wrongGrid) && $0.count > 1 })
        let notices = simulator.hosts[0].notices.filter {
            if case .handshakeRefused = $0 { true } else { false }
        }
        #expect(notices.count == 1)
    }

    @Test func `idle links cost at most a kilobit a second`() {
        let simulator = grid(of: 3)
        simulator.run(for: .seconds(60))
        let before = simulator.bitsSent
        simulator.run(for: .seconds(600))
        // Three links; both directions are counted.
        let bitsPerSecondAndLink = Double(simulator.bitsSent - before) / 600 / 3
        #expect(bitsPerSecondAndLink <= 1_000)
    }

    @Test func `one seed gives one history`() {
        let first = grid(of: 5, seed: 11)
        let second = grid(of: 5, seed: 11)
        first.network.lossPerMille = 50
        second.network.lossPerMille = 50
        first.run(for: .seconds(30))
        second.run(for: .seconds(30))
        #expect(first.bitsSent == second.bitsSent)
        #expect(first.hosts.map(\.notices) == second.hosts.map(\.notices))
    }
}
