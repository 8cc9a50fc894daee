import GatewayConfiguration
import GatewayCore
import LinkSecurity
import NetworkTypes
import OverlayStore
import SimulationKit
import Testing

/// What a reload would do is told without doing it, and is what it then does.
@Suite struct ForecastTests {
    @Test func `a prefix that another site has is told with its owner, and another one is free`() throws {
        let (grid, host) = try Self.grid(virtuals: ["10.128.1.0/24", "10.128.2.0/24"])

        let forecast = host.gateway.forecast(grid.settings(virtual: "10.128.1.0/24", bootstrap: MappedGrid.first))

        #expect(forecast.exports.map(\.owner) == [.site("site0")])
        let free = try #require(forecast.exports[0].freePrefix)
        #expect(grid.terms.covers(free) && free.length == 24)
        #expect(![IPPrefix("10.128.1.0/24")!, IPPrefix("10.128.2.0/24")!].contains(free))
    }

    @Test func `what this site holds is ours, what is in no pool is nobody's`() throws {
        let (grid, host) = try Self.grid(virtuals: ["10.128.1.0/24", "10.128.2.0/24"])

        let same = host.gateway.forecast(grid.settings(virtual: "10.128.2.0/24", bootstrap: MappedGrid.first))
        let outside = host.gateway.forecast(grid.settings(virtual: "172.31.0.0/24", bootstrap: MappedGrid.first))

        #expect(same.exports.map(\.owner) == [.ours])
        #expect(same.routes == host.gateway.routes)
        #expect(outside.exports.map(\.owner) == [.outsidePool])
    }

    @Test func `a leased prefix stays what it is, and a new one is yet to be leased`() throws {
        let (grid, host) = try Self.grid(virtuals: [nil, nil])
        let (other, fixed) = try Self.grid(virtuals: [nil, "10.128.2.0/24"])

        let kept = host.gateway.forecast(grid.settings(virtual: nil, bootstrap: MappedGrid.first))
        let leased = fixed.gateway.forecast(other.settings(virtual: nil, bootstrap: MappedGrid.first))

        #expect(kept.exports.map(\.virtual) == grid.announced(host) && kept.exports.map(\.owner) == [.ours])
        #expect(leased.exports.map(\.virtual) == [nil] && leased.exports[0].freePrefix != nil)
    }

    @Test func `the store is asked who has a prefix, and knows what is free`() throws {
        let (grid, host) = try Self.grid(virtuals: ["10.128.1.0/24", "10.128.2.0/24"])
        let forecast = host.gateway.forecast(grid.settings(virtual: "10.128.3.0/24", bootstrap: MappedGrid.first))

        let owners = try (UInt64(1)...3).map { try Self.owner(of: "10.128.\($0).0/24", asking: host, token: $0, grid) }

        #expect(forecast.exports.map(\.owner) == [.unknown] && host.gateway.canAskForOwners)
        #expect(owners == [.site("site0"), .ours, .free])
    }

    @Test func `routes that another policy takes or refuses are told, and nothing is changed`() throws {
        let (grid, host) = try Self.grid(virtuals: ["10.128.1.0/24", "10.128.2.0/24"])
        var settings = grid.settings(virtual: "10.128.2.0/24", bootstrap: MappedGrid.first)
        settings.policy = RoutePolicy(acceptance: .mapped)
        let before = host.gateway.routes

        let forecast = host.gateway.forecast(settings)

        #expect(before.count == 1 && forecast.routes.isEmpty)
        #expect(host.gateway.routes == before)
        let now = grid.simulator.now
        grid.simulator.input(host) { $0.reload(settings, now: now, effects: &$1) }
        #expect(host.gateway.routes == forecast.routes)
    }

    /// Settled sites with these virtual prefixes, and the last of them.
    private static func grid(virtuals: [String?]) throws -> (grid: MappedGrid, host: SimulatedHost) {
        let grid = MappedGrid(seed: 7, pools: ["10.128.0.0/20"])
        for (index, virtual) in virtuals.enumerated() { grid.add("site\(index)", virtual: virtual) }
        try #require(grid.simulator.run(until: { grid.isSettled }, within: .seconds(60)) != nil, "\(grid.words)")
        return (grid, grid.simulator.hosts[virtuals.count - 1])
    }

    private static func owner(
        of prefix: String, asking host: SimulatedHost, token: UInt64, _ grid: MappedGrid
    ) throws -> PrefixOwner {
        let claimed = try #require(IPPrefix(prefix))
        let key = try #require(Gateway.claimKey(claimed))
        let now = grid.simulator.now
        grid.simulator.input(host) { $0.readLease(key.name, token: token, now: now, effects: &$1) }
        let outcome = { host.storeOutcomes.first { $0.token == token }?.outcome }
        _ = grid.simulator.run(until: { outcome() != nil }, within: .seconds(10))
        return host.gateway.owner(by: try #require(outcome()))
    }
}
