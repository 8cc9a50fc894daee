import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

/// Paths in virtual time: size search, roaming, rekey, echoes.
@Suite struct PathTests {
    private static let first = Endpoint("198.51.100.1:7867")!

    private func pair(mtu: Int = 1_500, seed: UInt64 = 3) -> (Simulator, SimulatedHost, SimulatedHost) {
        let simulator = Simulator(seed: seed)
        simulator.network.mtu = mtu
        let a = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        let b = simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [Self.first])
        return (simulator, a, b)
    }

    private func payload(_ from: SimulatedHost, _ to: SimulatedHost) -> Int? {
        from.path(to: to.identity.own.node)?.payload
    }

    @Test(arguments: [1_500, 1_492, 1_400, 1_357, 1_280]) func `the search finds what the path carries`(mtu: Int) throws
    {
        let (simulator, a, b) = pair(mtu: mtu)
        simulator.run(for: .seconds(15))
        let found = try #require(payload(a, b))
        #expect(found <= mtu - 60)
        #expect(found >= mtu - 60 - SessionLimits.mtuGranularity)
        #expect(try #require(payload(b, a)) <= mtu - 60)
    }

    @Test func `a path that shrinks is noticed and used at its new size`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(15))
        #expect(payload(a, b) == 1_440)
        simulator.network.mtu = 1_400
        let shrunk = { (payload(a, b) ?? 0) <= 1_340 && (payload(a, b) ?? 0) >= 1_336 }
        #expect(simulator.run(until: shrunk, within: .seconds(400)) != nil)
    }

    @Test func `a kernel that refuses a size is believed at once`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(15))
        simulator.network.mtu = 1_400
        let endpoint = b.endpoint
        let now = simulator.now
        simulator.input(a) { $0.datagramTooBig(to: endpoint, payload: 1_440, now: now, effects: &$1) }
        #expect(try #require(payload(a, b)) <= 1_340)
        simulator.run(for: .seconds(15))
        #expect(try #require(payload(a, b)) >= 1_336)
    }

    @Test func `a larger path is found again in time`() throws {
        let (simulator, a, b) = pair(mtu: 1_400)
        simulator.run(for: .seconds(15))
        simulator.network.mtu = 1_500
        let raised = { payload(a, b) == 1_440 }
        #expect(simulator.run(until: raised, within: .seconds(700)) != nil)
    }

    @Test func `a gateway that moves keeps its session`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(10))
        let moved = Endpoint("203.0.113.9:4242")!
        b.move(to: moved)
        let follows = { a.path(to: b.identity.own.node)?.endpoint == moved }
        let took = try #require(simulator.run(until: follows, within: .seconds(10)))
        #expect(took < .seconds(6))
        #expect(a.notices.contains { if case .pathMoved = $0 { true } else { false } })
        #expect(a.gateway.liveCount == 1 && b.gateway.liveCount == 1)
        #expect(!a.notices.contains { if case .memberDown = $0 { true } else { false } })
    }

    @Test func `an outage ends with the old keys, without a handshake if the peer still has them`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(10))
        simulator.network.unreachable = [b.endpoint]
        #expect(simulator.run(until: { a.gateway.liveCount == 0 }, within: .seconds(15)) != nil)
        simulator.run(for: .seconds(30))
        simulator.network.unreachable = []
        #expect(
            simulator.run(until: { a.gateway.liveCount == 1 && b.gateway.liveCount == 1 }, within: .seconds(90)) != nil)
    }

    @Test(arguments: [300, 700, 1_400]) func `a slow member keeps its session, and its round trip is measured`(
        milliseconds: Int64
    ) throws {
        let (simulator, a, b) = pair()
        simulator.changePlace(of: b) { $0.slowness = milliseconds * 1_000_000 }
        simulator.run(for: .seconds(300))
        for (host, far) in [(a, b), (b, a)] {
            #expect(!host.notices.contains { if case .memberDown = $0 { true } else { false } })
            let status = try #require(host.gateway.memberStatus.first { $0.node == far.identity.own.node })
            #expect(try #require(status.roundTrip) > .milliseconds(milliseconds))
            #expect(status.lossPercent == 0)
            #expect(host.path(to: far.identity.own.node)?.payload == 1_440)
        }
    }

    @Test func `a member that becomes slow is waited for, and one that dies then is missed`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(60))
        simulator.changePlace(of: b) { $0.slowness = 600_000_000 }
        simulator.run(for: .seconds(120))
        #expect(!a.notices.contains { if case .memberDown = $0 { true } else { false } })
        simulator.kill(b)
        #expect(simulator.run(until: { a.gateway.liveCount == 0 }, within: .seconds(20)) != nil)
    }

    @Test func `keys are replaced without a lost probe`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(3_500))
        let node = b.identity.own.node
        var sent: UInt64 = 0
        for _ in 0..<4_000 {
            let now = simulator.now
            sent += 1
            let token = sent
            simulator.input(a) { _ = $0.echo(to: node, token: token, timeout: .seconds(1), now: now, effects: &$1) }
            simulator.run(for: .milliseconds(100))
        }
        simulator.run(for: .seconds(1))
        #expect(a.echoes.count == Int(sent) && a.echoes.allSatisfy { $0.roundTrip != nil })
        #expect(a.notices.contains { if case .rekeyed = $0 { true } else { false } })
        #expect(!a.notices.contains { if case .memberDown = $0 { true } else { false } })
        #expect(a.gateway.memberStatus.first?.lossPercent == 0)
    }

    @Test func `an echo comes back, and one to a dead member does not`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(10))
        let node = b.identity.own.node
        var now = simulator.now
        simulator.input(a) { _ = $0.echo(to: node, token: 1, timeout: .seconds(1), now: now, effects: &$1) }
        simulator.run(for: .seconds(1))
        #expect(a.echoes.count == 1 && a.echoes[0].roundTrip != nil)
        simulator.kill(b)
        now = simulator.now
        simulator.input(a) { _ = $0.echo(to: node, token: 2, timeout: .seconds(1), now: now, effects: &$1) }
        simulator.run(for: .seconds(2))
        #expect(a.echoes.count == 2 && a.echoes[1].roundTrip == nil)
    }

    @Test(arguments: UInt64(1)...30) func `handshakes that cross lose nothing, now or when keys retire`(seed: UInt64)
        throws
    {
        let simulator = Simulator(seed: seed)
        let second = Endpoint("198.51.100.2:7867")!
        let a = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [second])
        let b = simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [Self.first])
        let both = { a.gateway.liveCount == 1 && b.gateway.liveCount == 1 }
        _ = try #require(simulator.run(until: both, within: .seconds(5)))
        let node = b.identity.own.node
        for token in UInt64(1)...900 {
            let now = simulator.now
            simulator.input(a) { _ = $0.echo(to: node, token: token, timeout: .seconds(1), now: now, effects: &$1) }
            simulator.run(for: .milliseconds(100))
        }
        simulator.run(for: .seconds(1))
        #expect(a.echoes.count == 900 && a.echoes.allSatisfy { $0.roundTrip != nil })
    }

    @Test func `two gateways that open at once have one session`() throws {
        let simulator = Simulator(seed: 5)
        let a = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [Endpoint("198.51.100.2:7867")!])
        let b = simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [Self.first])
        let both = { a.gateway.liveCount == 1 && b.gateway.liveCount == 1 }
        let took = try #require(simulator.run(until: both, within: .seconds(5)))
        #expect(took < .seconds(1))
    }
}
