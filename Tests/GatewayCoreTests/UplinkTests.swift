import GatewayCore
import NetworkTypes
import SimulationKit
import Testing

/// A gateway with two uplinks, in virtual time: each is a way of its own.
@Suite struct UplinkTests {
    private static let second = IPAddress(203, 0, 113, 1)

    /// Three gateways with sessions, of which the first has two uplinks.
    private func grid(seed: UInt64, isSecond: Bool = true) throws -> (Simulator, SimulatedHost, SimulatedHost) {
        let simulator = Simulator(seed: seed)
        for index in 0..<3 {
            simulator.addSite(
                "site\(index)", prefix: "10.\(index).0.0/16",
                bootstrap: index == 0 ? [] : [Endpoint("198.51.100.1:7867")!])
        }
        if isSecond { simulator.addUplink(Self.second, to: simulator.hosts[0]) }
        let isUp = { simulator.hosts.allSatisfy { $0.gateway.liveCount == 2 } }
        _ = try #require(simulator.run(until: isUp, within: .seconds(30)))
        return (simulator, simulator.hosts[0], simulator.hosts[1])
    }

    /// Lets packets flow both ways until `condition` holds, unheard, as on a path that breaks; returns how long it
    /// took.
    private func flow(
        _ a: SimulatedHost, _ b: SimulatedHost, on simulator: Simulator, for limit: Duration,
        until condition: () -> Bool = { false }
    ) -> Duration? {
        let begin = simulator.now
        while simulator.now - begin < limit {
            if condition() { return simulator.now - begin }
            for (host, far) in [(a, b), (b, a)] {
                let now = simulator.now
                simulator.input(host) {
                    $0.trafficObserved(
                        far.node, byteCount: now.nanoseconds / 1_000, lastHeard: nil, now: now, effects: &$1)
                }
            }
            simulator.run(for: .milliseconds(40))
        }
        return nil
    }

    private func path(_ from: SimulatedHost, _ to: SimulatedHost) -> Endpoint? { from.path(to: to.node)?.endpoint }

    @Test(arguments: UInt64(1)...10) func `an uplink that is cut under traffic is left for the other in under a second`(
        seed: UInt64
    ) throws {
        let (simulator, a, b) = try grid(seed: seed)
        _ = flow(a, b, on: simulator, for: .seconds(20))
        let used = try #require(path(a, b))
        #expect(used.place == b.endpoint && used.uplink != .any, "seed \(seed)")
        simulator.network.unreachable = [a.uplinks[Int(used.uplink.rawValue) - 1]]
        let other = a.uplinks[2 - Int(used.uplink.rawValue)]

        let hasMoved = { path(a, b)?.place == b.endpoint && path(a, b) != used && path(b, a) == other }
        let took = try #require(flow(a, b, on: simulator, for: .seconds(10), until: hasMoved), "seed \(seed)")
        #expect(took < .seconds(1), "seed \(seed)")
        #expect(!a.notices.contains { if case .memberDown(_, b.node, _) = $0 { true } else { false } })

        // Once it has settled it stays, as long as the first is cut.
        _ = flow(a, b, on: simulator, for: .seconds(60))
        let moves = a.notices.count { if case .pathMoved = $0 { true } else { false } }
        _ = flow(a, b, on: simulator, for: .seconds(60))
        #expect(hasMoved(), "seed \(seed)")
        #expect(a.notices.count { if case .pathMoved = $0 { true } else { false } } == moves, "it flaps")
    }

    @Test(arguments: UInt64(1)...10) func `an uplink that goes is left at once, without traffic too`(
        seed: UInt64
    ) throws {
        let (simulator, a, b) = try grid(seed: seed)
        simulator.run(for: .seconds(20))
        let used = try #require(path(a, b))
        let left = 2 - Int(used.uplink.rawValue)
        simulator.network.unreachable = [a.uplinks[1 - left]]
        simulator.tellUplinks(of: a, [left])
        simulator.run(for: .seconds(2))
        for host in simulator.hosts.dropFirst() {
            #expect(path(a, host)?.uplink == Uplink(rawValue: UInt8(left + 1)), "seed \(seed)")
            #expect(path(host, a) == a.uplinks[left], "seed \(seed)")
        }
        #expect(simulator.hosts.allSatisfy { $0.gateway.liveCount == 2 })
        #expect(!a.notices.contains { if case .memberDown = $0 { true } else { false } }, "seed \(seed)")
    }

    @Test(arguments: UInt64(1)...3) func `the way over the other uplink is taken when it is clearly better`(
        seed: UInt64
    ) throws {
        let (simulator, a, b) = try grid(seed: seed)
        _ = flow(a, b, on: simulator, for: .seconds(20))
        let used = try #require(path(a, b))
        simulator.network.slow = [a.uplinks[Int(used.uplink.rawValue) - 1]: .milliseconds(200)]
        let hasMoved = { path(a, b).map { $0.place == used.place && $0.uplink != used.uplink } ?? false }
        let took = try #require(flow(a, b, on: simulator, for: .seconds(120), until: hasMoved), "seed \(seed)")
        #expect(took < .seconds(60))
    }

    @Test func `a session from before there was a choice goes on, and is known by its uplink`() throws {
        let (simulator, a, b) = try grid(seed: 1, isSecond: false)
        #expect(path(a, b) == b.endpoint)
        simulator.addUplink(Self.second, to: a)
        simulator.run(for: .seconds(30))
        #expect(path(a, b) == b.endpoint.over(Uplink(rawValue: 1)))
        #expect(!a.notices.contains { if case .memberDown = $0 { true } else { false } })
        #expect(!a.notices.contains { if case .pathMoved = $0 { true } else { false } })
    }

    @Test func `uplinks are told to nobody`() throws {
        let (simulator, a, b) = try grid(seed: 2)
        _ = flow(a, b, on: simulator, for: .seconds(30))
        #expect(a.gateway.rememberedEndpoints.allSatisfy { $0.uplink == .any })
        #expect(a.gateway.observedEndpoints.allSatisfy { $0.uplink == .any })
        #expect(a.gateway.candidates(of: b.node).allSatisfy { $0.uplink == .any })
        #expect(a.gateway.mapping == .none)
    }
}
