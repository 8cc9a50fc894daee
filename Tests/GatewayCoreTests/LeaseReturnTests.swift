import GatewayCore
import NetworkTypes
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
}
