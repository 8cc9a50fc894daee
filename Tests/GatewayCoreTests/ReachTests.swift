import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

/// Gateways behind NATs of every kind: who gets a direct path, and how the others reach each other.
@Suite struct ReachTests {
    private static let kinds: [TranslatorBehaviour?] =
        [nil]
        + TranslatorBehaviour.Dependence.allCases.flatMap { mapping in
            TranslatorBehaviour.Dependence.allCases.map { filtering in
                TranslatorBehaviour(mapping: mapping, filtering: filtering, expiry: .seconds(30))
            }
        }

    /// Two members that everybody reaches, and two sites behind NATs of these kinds.
    private func grid(
        _ first: TranslatorBehaviour?, _ second: TranslatorBehaviour?, seed: UInt64 = 11
    ) -> (Simulator, SimulatedHost, SimulatedHost) {
        let simulator = Simulator(seed: seed)
        let open = (0..<2).map { index in
            simulator.addSite(
                "open\(index)", prefix: "10.\(index).0.0/16", bootstrap: [Endpoint("198.51.100.1:7867")!])
        }
        let ends = [first, second].enumerated().map { index, behaviour in
            let translator = behaviour.map {
                simulator.addTranslator($0, address: IPAddress(203, 0, 113, UInt8(index + 1)))
            }
            return simulator.addSite(
                "end\(index)", prefix: "10.1\(index).0.0/16", bootstrap: [open[0].endpoint],
                address: translator == nil ? nil : IPAddress(192, 168, UInt8(index), 2), translator: translator)
        }
        return (simulator, ends[0], ends[1])
    }

    private func medium(_ from: SimulatedHost, _ to: SimulatedHost) -> PathMedium? {
        from.path(to: to.node)?.endpoint.medium
    }

    @Test(arguments: 0..<10, 0..<10) func `a direct path is found wherever there can be one, and a relay elsewhere`(
        first: Int, second: Int
    ) throws {
        let (simulator, a, b) = grid(Self.kinds[first], Self.kinds[second])
        let isPossible = MeetingOracle.canMeet(Self.kinds[first], Self.kinds[second])
        let wanted: PathMedium = isPossible ? .udp : .relay
        let isThere = { medium(a, b) == wanted && medium(b, a) == wanted }
        let took = try #require(
            simulator.run(until: isThere, within: .seconds(10)),
            "\(String(describing: medium(a, b))) and \(String(describing: medium(b, a)))")
        // Where each NAT chooses another port for the other end, it may take one round of attempts more.
        let areDependent = [first, second].allSatisfy { kind in
            Self.kinds[kind].map { $0.mapping != .endpointIndependent } ?? false
        }
        #expect(took < (areDependent ? .seconds(8) : .seconds(4)))
        // Mappings live for 30 s, and the paths for longer.
        simulator.run(for: .seconds(300))
        #expect(isThere())
        let downs = a.notices.filter { if case .memberDown = $0 { true } else { false } }
        #expect(downs.isEmpty)
        // Ports that a NAT chooses for each remote are no news to tell everybody again and again.
        let news = a.notices.count { if case .announcementAccepted(_, b.node, _, _) = $0 { true } else { false } }
        #expect(news < 20)
        #expect(lostEchoes(simulator, from: a, to: b) == 0)
        #expect(lostEchoes(simulator, from: b, to: a) == 0)
    }

    private func lostEchoes(_ simulator: Simulator, from: SimulatedHost, to: SimulatedHost) -> Int {
        from.clearEchoes()
        for token in UInt64(1)...20 {
            let now = simulator.now
            simulator.input(from) {
                _ = $0.echo(to: to.node, token: token, timeout: .seconds(1), now: now, effects: &$1)
            }
            simulator.run(for: .milliseconds(50))
        }
        simulator.run(for: .seconds(1))
        return 20 - from.echoes.count { $0.roundTrip != nil }
    }
}
