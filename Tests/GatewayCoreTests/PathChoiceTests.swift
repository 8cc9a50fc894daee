import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

@testable import GatewayCore

/// Which of several ways a session takes, in virtual time, while packets flow.
@Suite struct PathChoiceTests {
    /// `count` gateways that all reach each other, with every session up.
    private func grid(of count: Int, seed: UInt64) throws -> Simulator {
        let simulator = Simulator(seed: seed)
        for index in 0..<count {
            simulator.addSite(
                "site\(index)", prefix: "10.\(index).0.0/16", bootstrap: [Endpoint("198.51.100.1:7867")!])
        }
        let isUp = { simulator.hosts.allSatisfy { $0.gateway.liveCount == count - 1 } }
        _ = try #require(simulator.run(until: isUp, within: .seconds(30)))
        return simulator
    }

    /// Lets packets flow both ways, as the data plane sees it, until `condition` holds; returns how long that took.
    private func flow(
        _ a: SimulatedHost, _ b: SimulatedHost, on simulator: Simulator, for limit: Duration,
        until condition: () -> Bool = { false }
    ) -> Duration? {
        let begin = simulator.now
        while simulator.now - begin < limit {
            if condition() { return simulator.now - begin }
            for (host, far) in [(a, b), (b, a)] {
                let now = simulator.now
                // Unheard: every answer is lost, as on a path that breaks both ways.
                let bytes = now.nanoseconds / 1_000
                simulator.input(host) { gateway, effects in
                    gateway.trafficObserved(far.node, byteCount: bytes, lastHeard: nil, now: now, effects: &effects)
                }
            }
            simulator.run(for: .milliseconds(100))
        }
        return nil
    }

    private func medium(_ from: SimulatedHost, _ to: SimulatedHost) -> PathMedium? {
        from.path(to: to.node)?.endpoint.medium
    }

    private func reason(_ from: SimulatedHost, _ to: SimulatedHost) -> LinkReason? {
        from.gateway.memberStatus.first { $0.node == to.node }?.reason
    }

    @Test(arguments: UInt64(1)...5)
    func `a direct path that breaks under traffic is left for a relay in under a second`(
        seed: UInt64
    ) throws {
        let simulator = try grid(of: 4, seed: seed)
        let (a, b) = (simulator.hosts[1], simulator.hosts[2])
        _ = flow(a, b, on: simulator, for: .seconds(20))
        #expect(medium(a, b) == .udp && medium(b, a) == .udp)
        simulator.network.pairs = [PairConditions(a.place, b.place, lossPerMille: 1_000)]
        let isRelayed = { medium(a, b) == .relay && medium(b, a) == .relay }
        let took = try #require(flow(a, b, on: simulator, for: .seconds(10), until: isRelayed))
        #expect(took < .seconds(1))
        #expect(!a.notices.contains { if case .memberDown(_, b.node, _) = $0 { true } else { false } })
        // Nothing moves while it stays broken, and the direct path is taken again when it answers.
        let moves = a.notices.count { if case .pathMoved = $0 { true } else { false } }
        _ = flow(a, b, on: simulator, for: .seconds(60))
        #expect(a.notices.count { if case .pathMoved = $0 { true } else { false } } == moves)
        #expect([.noAnswer, .punchTimeout, .handshakeTimeout].contains(reason(a, b)))
        simulator.network.pairs = []
        let isDirect = { medium(a, b) == .udp && medium(b, a) == .udp }
        let back = try #require(flow(a, b, on: simulator, for: .seconds(120), until: isDirect))
        #expect(back < .seconds(90))
        #expect(reason(a, b) == .ok)
    }

    @Test(arguments: UInt64(1)...5) func `a relay that dies under traffic is replaced by another within two seconds`(
        seed: UInt64
    ) throws {
        let simulator = try grid(of: 5, seed: seed)
        let (a, b) = (simulator.hosts[1], simulator.hosts[2])
        simulator.network.pairs = [PairConditions(a.place, b.place, lossPerMille: 1_000)]
        _ = flow(a, b, on: simulator, for: .seconds(30))
        let via = try #require(a.gateway.memberStatus.first { $0.node == b.node }?.via)
        let relay = try #require(simulator.hosts.first { $0.node == via })
        simulator.kill(relay)
        let isReplaced = {
            [(a, b), (b, a)].allSatisfy { host, far in
                let status = host.gateway.memberStatus.first { $0.node == far.node }
                return status?.isLive == true && status?.via != via
            }
        }
        let took = try #require(flow(a, b, on: simulator, for: .seconds(10), until: isReplaced))
        #expect(took < .seconds(2))
    }

    @Test(arguments: UInt64(1)...5) func `a relay whose operator wants it no more is replaced, and not asked again`(
        seed: UInt64
    ) throws {
        let simulator = try grid(of: 5, seed: seed)
        let (a, b) = (simulator.hosts[1], simulator.hosts[2])
        simulator.network.pairs = [PairConditions(a.place, b.place, lossPerMille: 1_000)]
        _ = flow(a, b, on: simulator, for: .seconds(30))
        let via = try #require(a.gateway.memberStatus.first { $0.node == b.node }?.via)
        let relay = try #require(simulator.hosts.first { $0.node == via })
        var settings = relay.gateway.settings
        settings.isRelay = false
        let now = simulator.now
        simulator.input(relay) { $0.reload(settings, now: now, effects: &$1) }
        let isReplaced = {
            [(a, b), (b, a)].allSatisfy { host, far in
                let status = host.gateway.memberStatus.first { $0.node == far.node }
                return status?.medium == .relay && status?.via != via
            }
        }
        let took = try #require(flow(a, b, on: simulator, for: .seconds(10), until: isReplaced))
        #expect(took < .seconds(2))
        for _ in 0..<60 {
            _ = flow(a, b, on: simulator, for: .seconds(2))
            #expect(relay.gateway.relayCounts.pairs == 0)
        }
        #expect(isReplaced())
    }

    @Test(arguments: UInt64(1)...3) func `a detour is taken when it is clearly better, and left when it is no more`(
        seed: UInt64
    ) throws {
        let simulator = try grid(of: 4, seed: seed)
        let (a, b) = (simulator.hosts[1], simulator.hosts[2])
        _ = flow(a, b, on: simulator, for: .seconds(20))
        simulator.network.pairs = [PairConditions(a.place, b.place, delay: .milliseconds(300))]
        let isDetour = { medium(a, b) == .relay && medium(b, a) == .relay }
        let took = try #require(flow(a, b, on: simulator, for: .seconds(120), until: isDetour))
        #expect(took < .seconds(60))
        let moves = a.notices.count { if case .pathMoved = $0 { true } else { false } }
        _ = flow(a, b, on: simulator, for: .seconds(120))
        #expect(isDetour())
        #expect(reason(a, b) == .betterPath && reason(b, a) == .betterPath)
        #expect(a.notices.count { if case .pathMoved = $0 { true } else { false } } == moves, "it flaps")
        simulator.network.pairs = []
        let isDirect = { medium(a, b) == .udp && medium(b, a) == .udp }
        #expect(flow(a, b, on: simulator, for: .seconds(120), until: isDirect) != nil)
    }

    @Test(arguments: UInt64(1)...20) func `links that break for a moment lead no packet round in a circle`(
        seed: UInt64
    ) throws {
        let simulator = try grid(of: 4, seed: seed)
        var random = SeededRandom(seed: seed)
        let (a, b) = (simulator.hosts[1], simulator.hosts[2])
        for _ in 0..<20 {
            simulator.run(for: .seconds(5) + .milliseconds(Int64(random.below(5_000))))
            simulator.network.pairs = [PairConditions(a.place, b.place, lossPerMille: 1_000)]
            simulator.run(for: .milliseconds(600 + Int64(random.below(3_000))))
            simulator.network.pairs = []
        }
        simulator.run(for: .seconds(30))
        #expect(simulator.hosts.allSatisfy { $0.gateway.liveCount == 3 }, "seed \(seed)")
    }

    @Test func `a grid without traffic keeps no other ways`() throws {
        let simulator = try grid(of: 6, seed: 4)
        simulator.run(for: .seconds(120))
        #expect(simulator.hosts.allSatisfy { $0.gateway.relayCounts == (0, 0) })
    }
}
