import GatewayCore
import LinkSecurity
import NetworkTypes
import OverlayStore
import SimulationKit
import Testing

/// Sites with the same subnet: each leases a prefix of the pool, keeps it, and loses it in order.
@Suite struct PrefixLeaseTests {
    @Test(arguments: UInt64(1)...6) func `each of eight sites with one subnet has a prefix of its own`(seed: UInt64)
        throws
    {
        let grid = MappedGrid(seed: seed, pools: ["10.128.0.0/20", "fd00:77::/48"])
        for index in 0..<8 { grid.add("site\(index)") }

        #expect(grid.simulator.run(until: { grid.isSettled }, within: .seconds(60)) != nil)

        #expect(grid.simulator.hosts.flatMap(grid.announced).allSatisfy { grid.terms.covers($0) && $0.length == 24 })
        #expect(grid.simulator.hosts.allSatisfy { grid.export($0)?.state == .announced })
    }

    @Test(arguments: UInt64(1)...4) func `eight sites that start at once share a pool of eight`(seed: UInt64) throws {
        let grid = MappedGrid(seed: seed, pools: ["10.128.0.0/21"])
        for index in 0..<8 { grid.add("site\(index)") }
        try #require(grid.simulator.run(until: { grid.isSettled }, within: .seconds(300)) != nil, "\(grid.words)")

        let late = grid.add("late")
        grid.simulator.run(for: .seconds(30))

        #expect(grid.announced(late).isEmpty)
        #expect(grid.export(late)?.state == .poolExhausted)
        // One goes, and its prefix is free once it has said so.
        let leaving = grid.simulator.hosts[3]
        let freed = grid.announced(leaving)
        grid.reload(leaving, virtual: "192.168.1.0/24")
        #expect(grid.simulator.run(until: { grid.announced(late) == freed }, within: .seconds(180)) != nil)
    }

    @Test(arguments: UInt64(1)...4) func `a restarted gateway has the prefix that it had`(seed: UInt64) throws {
        let grid = MappedGrid(seed: seed, pools: ["10.128.0.0/16"])
        for index in 0..<4 { grid.add("site\(index)") }
        try #require(grid.simulator.run(until: { grid.isSettled }, within: .seconds(60)) != nil, "\(grid.words)")
        let old = grid.simulator.hosts[2]
        let prefix = grid.announced(old)
        let memory = GatewayMemory(store: old.gateway.storeMemory(now: grid.simulator.now, unixSeconds: 0))
        grid.simulator.kill(old)
        grid.simulator.run(for: .seconds(20))

        let new = grid.start(old.identity, at: old.endpoint, memory: memory)

        // At once: it waits for nobody.
        #expect(grid.announced(new) == prefix)
        #expect(grid.simulator.run(until: { grid.isSettled }, within: .seconds(60)) != nil)
        grid.simulator.run(for: .seconds(8_000))
        #expect(grid.announced(new) == prefix && grid.isSettled)
    }

    @Test(arguments: UInt64(1)...8)
    func `when two grids meet, one of two sites with one virtual prefix keeps it`(seed: UInt64) throws {
        let shared = "10.128.7.0/24"
        let virtuals = ["10.128.1.0/24", shared, "10.128.3.0/24", shared]
        let grid = MappedGrid.apart(seed: seed, pools: ["10.128.0.0/20"], virtuals: virtuals)
        grid.simulator.run(for: .seconds(60))
        let rivals = [1, 3].map { grid.simulator.hosts[$0] }
        try #require(rivals.allSatisfy { grid.announced($0) == [IPPrefix(shared)!] })

        grid.merge(virtual: virtuals[2])

        let isDecided = { rivals.count { grid.announced($0).isEmpty } == 1 }
        #expect(grid.simulator.run(until: isDecided, within: .seconds(200)) != nil)
        grid.simulator.run(for: .seconds(60))
        #expect(isDecided())
        let loser = try #require(rivals.first { grid.announced($0).isEmpty })
        let winner = try #require(rivals.first { $0 !== loser })
        #expect(grid.export(loser)?.state == .owned(by: winner.identity.own.site))
        // It takes one that the grid chooses.
        grid.reload(loser, virtual: nil)
        #expect(grid.simulator.run(until: { grid.isSettled }, within: .seconds(120)) != nil, "\(grid.words)")
    }

    @Test(arguments: UInt64(1)...8)
    func `when two grids meet, a leased prefix that is lost is replaced and told`(seed: UInt64) throws {
        let alone = MappedGrid.apart(seed: seed, pools: ["10.128.0.0/20"], virtuals: ["10.128.1.0/24", nil])
        alone.simulator.run(for: .seconds(60))
        let prefix = try #require(alone.announced(alone.simulator.hosts[1]).first)
        let virtuals = ["10.128.1.0/24", nil, "10.128.3.0/24", "\(prefix)"]
        let grid = MappedGrid.apart(seed: seed, pools: ["10.128.0.0/20"], virtuals: virtuals)
        grid.simulator.run(for: .seconds(60))
        let (leased, fixed) = (grid.simulator.hosts[1], grid.simulator.hosts[3])
        try #require(grid.announced(leased) == [prefix] && grid.announced(fixed) == [prefix])

        grid.merge(virtual: virtuals[2])
        let isDecided = { [leased, fixed].count { grid.announced($0) == [prefix] } == 1 }
        #expect(grid.simulator.run(until: isDecided, within: .seconds(200)) != nil)
        grid.simulator.run(for: .seconds(90))

        #expect(isDecided())
        if grid.announced(fixed) == [prefix] {
            #expect(grid.isSettled)
            #expect(grid.export(leased)?.loss?.prefix == prefix)
            #expect(leased.notices.contains(.prefixLost(prefix, of: MappedGrid.subnet, to: "site3")))
        } else {
            #expect(grid.export(fixed)?.state == .owned(by: "site1"))
        }
    }

    @Test(arguments: UInt64(1)...4)
    func `when two grids meet, prefixes of two sizes that touch do not stay`(seed: UInt64) throws {
        let virtuals = ["10.128.1.0/24", nil, "10.128.3.0/24", nil]
        let grid = MappedGrid.apart(seed: seed, pools: ["10.128.0.0/22"], virtuals: Array(virtuals.prefix(3)))
        // The fourth has all of the pool, in its own grid.
        grid.simulator.kill(grid.simulator.hosts[2])
        let large = IPPrefix("172.16.0.0/22")!
        grid.add("large", subnet: large, bootstrap: nil)
        grid.simulator.run(for: .seconds(60))
        let (small, whole) = (grid.simulator.hosts[1], grid.simulator.hosts[2])
        try #require(grid.announced(small).count == 1 && grid.announced(whole) == [IPPrefix("10.128.0.0/22")!])

        let now = grid.simulator.now
        whole.names[HostAndPort("198.51.100.1:7867")!] = [MappedGrid.first]
        let settings = CoreSettings(
            bootstrap: [HostAndPort("198.51.100.1:7867")!], exports: [], leasedSubnets: [large], profile: grid.terms,
            firstSequence: 1)
        grid.simulator.input(whole) { $0.reload(settings, now: now, effects: &$1) }
        grid.simulator.run(for: .seconds(300))

        let prefixes = grid.simulator.hosts.flatMap(grid.announced).sorted()
        #expect(zip(prefixes, prefixes.dropFirst()).allSatisfy { !$0.overlaps($1) }, "\(prefixes)")
        #expect(!prefixes.isEmpty)
        let isGone = grid.announced(whole).isEmpty
        #expect(!isGone || grid.export(whole)?.state == .poolExhausted)
    }

    @Test func `a prefix outside the pools is neither announced nor taken`() throws {
        let grid = MappedGrid(seed: 5, pools: ["10.128.0.0/16"])
        let near = grid.add("ufl", virtual: "10.128.1.0/24")
        let far = grid.add("lsu", virtual: "10.200.1.0/24")
        grid.simulator.run(for: .seconds(20))

        #expect(grid.announced(far).isEmpty && grid.export(far)?.state == .outsidePool)
        #expect(far.gateway.routes.map(\.prefix) == [IPPrefix("10.128.1.0/24")!])
        #expect(near.gateway.routes.isEmpty)
    }

    @Test func `when a newer profile has other pools the prefixes move there`() throws {
        let grid = MappedGrid(seed: 6, pools: ["10.128.0.0/20"])
        for index in 0..<3 { grid.add("site\(index)") }
        try #require(grid.simulator.run(until: { grid.isSettled }, within: .seconds(60)) != nil, "\(grid.words)")
        let now = grid.simulator.now
        let pool = IPPrefix("172.30.0.0/20")!
        let content = SimulatedAuthority.content(version: 9, pools: [pool])
        grid.simulator.input(grid.simulator.hosts[1]) {
            _ = $0.publish(.gridProfile, content, now: now, effects: &$1)
        }

        let isMoved = {
            grid.isSettled && grid.simulator.hosts.flatMap(grid.announced).allSatisfy { pool.covers($0) }
        }
        #expect(grid.simulator.run(until: isMoved, within: .seconds(60)) != nil)
        #expect(grid.simulator.hosts.allSatisfy { $0.gateway.profile.pools == [pool] })
        #expect(grid.export(grid.simulator.hosts[0])?.loss?.holder == nil)
        #expect(grid.export(grid.simulator.hosts[0])?.loss != nil)
    }

    @Test func `two gateways of one site have the same prefix`() throws {
        let grid = MappedGrid(seed: 8, pools: ["10.128.0.0/16"])
        grid.add("other")
        let one = grid.add("twin")
        grid.simulator.run(for: .seconds(30))
        let identity = grid.simulator.world.add(
            site: "twin", grid: "physics", prefixes: [MappedGrid.subnet], seed: 4_711)
        let two = grid.start(identity, at: Endpoint("198.51.100.77:7867")!)
        grid.simulator.run(for: .seconds(60))

        #expect(grid.announced(one).count == 1)
        #expect(grid.announced(two) == grid.announced(one))
    }
}
