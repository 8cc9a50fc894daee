import GatewayCore
import NetworkTypes
import OverlayStore
import SimulationKit
import Testing

/// Leases whose keepers start anew.
@Suite struct LeaseReturnTests {
    private static let first = Endpoint("198.51.100.1:7867")!

    @Test(arguments: UInt64(1)...4)
    func `a member that restarts at once with nothing has its records again within seconds`(seed: UInt64) throws {
        let simulator = Simulator(seed: seed)
        for index in 0..<4 {
            simulator.addSite(
                "site\(index)", prefix: "10.\(index).0.0/16", bootstrap: index == 0 ? [] : [Self.first])
        }
        simulator.run(for: .seconds(60))
        // Every member keeps the claims of all four.
        #expect(simulator.hosts.allSatisfy { $0.gateway.replicaKeyCount == 4 })
        let killed = simulator.hosts[1]
        simulator.kill(killed)

        let restarted = simulator.start(killed.identity, endpoint: killed.endpoint, bootstrap: [Self.first])

        let took = simulator.run(until: { restarted.gateway.replicaKeyCount == 4 }, within: .seconds(60))
        #expect(try #require(took) < .seconds(10))
    }

    @Test(arguments: UInt64(1)...4)
    func `after a power cut of the whole grid every prefix has the owner and the epoch that it had`(
        seed: UInt64
    ) throws {
        let simulator = Simulator(seed: seed)
        for index in 0..<4 {
            // The last two export one prefix: the third, which came first, owns it.
            simulator.addSite(
                "site\(index)", prefix: "10.\(min(index, 2)).0.0/16", bootstrap: index == 0 ? [] : [Self.first])
            simulator.run(for: .seconds(10))
        }
        simulator.run(for: .seconds(60))
        let before = simulator.hosts
        let epochs = before.map(Self.heldEpochs)
        try #require(epochs.map(\.count) == [1, 1, 1, 0])
        let memories = before.map {
            GatewayMemory(store: $0.gateway.storeMemory(now: simulator.now, unixSeconds: 0))
        }
        for host in before { simulator.kill(host) }

        // The one that has no claim is back first, and alone for a while.
        var after: [SimulatedHost?] = [nil, nil, nil, nil]
        for index in [3, 0, 1, 2] {
            after[index] = simulator.start(
                before[index].identity, endpoint: before[index].endpoint, bootstrap: index == 0 ? [] : [Self.first],
                memory: memories[index])
            simulator.run(for: .seconds(10))
        }
        simulator.run(for: .seconds(60))

        #expect(after.compactMap { $0 }.map(Self.heldEpochs) == epochs)
        let loser = try #require(after[3])
        #expect(loser.gateway.lostExports.map(\.owner) == ["site2"])
    }

    private static func heldEpochs(_ host: SimulatedHost) -> [UInt64] {
        host.gateway.leaseStatus.compactMap { lease in
            if case .held = lease.state { lease.epoch } else { nil }
        }
    }
}
