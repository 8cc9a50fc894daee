import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

/// What a site announces is taken for its own only while the store says so.
@Suite struct PrefixProofTests {
    private let prefix = IPPrefix("10.128.1.0/24")!

    /// A grid whose last site announces `exports`, whatever the store says.
    private func grid(lying exports: [Announcement.Export]) -> (MappedGrid, SimulatedHost) {
        let grid = MappedGrid(seed: 3, pools: ["10.128.0.0/16"])
        grid.add("ufl", virtual: "10.128.9.0/24")
        grid.add("lsu", virtual: "\(prefix)")
        let liar = grid.add("liar", virtual: "10.128.3.0/24")
        grid.simulator.run(for: .seconds(30))
        let announcement = Announcement(
            node: liar.node, sequence: .max / 2, lifetimeSeconds: 3_600, isWithdrawn: false,
            endpoints: [liar.endpoint], exports: exports, certificate: liar.identity.own.certificate)
        let message = ControlMessage.announcement(
            ageSeconds: 0, until: nil, encoded: announcement.signed(by: liar.identity)
        ).encoded
        grid.simulator.kill(liar)
        let now = grid.simulator.now
        let (node, endpoint) = (liar.node, liar.endpoint)
        for host in grid.simulator.hosts {
            grid.simulator.input(host) { gateway, effects in
                gateway.receiveControl(message.span.bytes, from: node, source: endpoint, now: now, effects: &effects)
            }
        }
        return (grid, grid.simulator.hosts[0])
    }

    @Test func `a prefix with the lowest epoch and no lease takes nothing from its holder`() {
        let lie = Announcement.Export(subnet: MappedGrid.subnet, virtual: prefix, claimEpoch: 1)
        let (grid, witness) = grid(lying: [lie])
        #expect(witness.gateway.routes.first { $0.prefix == prefix }?.site == "lsu", "before the store has answered")

        grid.simulator.run(for: .seconds(30))

        #expect(witness.gateway.routes.first { $0.prefix == prefix }?.site == "lsu")
        let refused = witness.gateway.refusedRoutes.filter { $0.route.site == "liar" }
        #expect(refused.map(\.reason) == [.notLeased])
        #expect(grid.announced(grid.simulator.hosts[1]) == [prefix])
    }

    @Test func `a prefix around another site's or inside it is refused as well`() {
        let lies = ["10.128.0.0/23", "10.128.1.64/26"].map { text in
            let virtual = IPPrefix(text)!
            return Announcement.Export(
                subnet: IPPrefix(containing: MappedGrid.subnet.address, length: virtual.length), virtual: virtual,
                claimEpoch: 1)
        }
        let (grid, witness) = grid(lying: [lies[1]])
        grid.simulator.run(for: .seconds(30))

        #expect(witness.gateway.routes.map(\.prefix) == [prefix])
        #expect(witness.gateway.refusedRoutes.map(\.reason) == [.notLeased])
    }

    @Test func `a prefix that nobody holds is refused once the store has said so`() {
        let lie = Announcement.Export(subnet: MappedGrid.subnet, virtual: IPPrefix("10.128.77.0/24")!, claimEpoch: 4)
        let (grid, witness) = grid(lying: [lie])
        grid.simulator.run(for: .seconds(30))

        #expect(witness.gateway.routes.map(\.prefix) == [prefix])
        #expect(witness.gateway.refusedRoutes.map(\.reason) == [.notLeased])
    }

    @Test func `a mapping that is none is left out of what is announced`() {
        let lies = [
            Announcement.Export(subnet: MappedGrid.subnet, virtual: IPPrefix("10.128.0.0/16")!, claimEpoch: 1),
            Announcement.Export(subnet: MappedGrid.subnet, virtual: IPPrefix("fd00::/24")!, claimEpoch: 1),
        ]
        let (grid, witness) = grid(lying: lies)
        grid.simulator.run(for: .seconds(1))

        #expect(witness.gateway.routes.map(\.prefix) == [prefix])
        #expect(witness.gateway.refusedRoutes.map(\.reason) == [.notCovered, .notCovered])
    }
}
