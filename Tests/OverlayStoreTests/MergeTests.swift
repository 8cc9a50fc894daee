import NetworkTypes
import OverlayStore
import Testing

private let key = lease("prefix:10.1.0.0/24")

/// Both sides of something that was parted have the same lease: one keeps it, the other is told.
@Suite struct MergeTests {
    @Test(arguments: [(3, 3), (8, 8), (20, 10), (30, 30)], 0..<3)
    func `two grids that never met keep one owner when their directories become one`(
        sizes: (Int, Int), seed: UInt64
    ) throws {
        let stores = VirtualStores(sizes.0 + sizes.1, seed: seed)
        stores.lossPerMille = 30
        let left = Array(0..<sizes.0)
        let right = Array(sizes.0..<(sizes.0 + sizes.1))
        stores.part(right)
        stores.shareDirectory(left, among: left)
        stores.shareDirectory(right, among: right)
        // The right side has seen more, so its epoch is higher.
        for number in 0..<10 { _ = stores.create(by: right[number % 3], "other:\(number)") }
        stores.run(for: .seconds(10))
        let first = stores.create(by: 0, key.name)
        let second = stores.create(by: sizes.0, key.name)
        stores.run(for: .seconds(10))
        try #require(stores.holders(of: key) == [0, sizes.0])
        let firstIsOlder = try #require(stores.epoch(first)) <= #require(stores.epoch(second))
        try #require(firstIsOlder)

        // The network is whole again; members hear of each other one after the other.
        stores.heal()
        for index in stores.members.indices {
            stores.shareDirectory(among: [index])
            stores.run(for: .milliseconds(50))
        }

        let isOne = stores.run(until: { $0.holders(of: key).count == 1 }, within: .seconds(15))
        #expect(isOne)
        let winner = try #require(stores.holders(of: key).first)
        let loser = winner == 0 ? sizes.0 : 0
        #expect(stores.losses.map(\.member) == [loser])
        #expect(stores.losses.first?.winner.holder == "site\(winner)")
        #expect(stores.lease(of: loser, key)?.state == .lost(to: "site\(winner)", node: stores.members[winner].node))
        stores.run(for: .seconds(7_200))
        #expect(stores.holders(of: key) == [winner])
        if stores.epoch(first) != stores.epoch(second) { #expect(winner == 0) }
    }

    @Test func `of equal epochs the lower node keeps the lease`() {
        for seed in 0..<4 as Range<UInt64> {
            let stores = VirtualStores(6, seed: seed)
            stores.part([3, 4, 5])
            stores.shareDirectory([0, 1, 2], among: [0, 1, 2])
            stores.shareDirectory([3, 4, 5], among: [3, 4, 5])
            let tokens = [stores.create(by: 0, key.name), stores.create(by: 3, key.name)]
            stores.run(for: .seconds(5))
            guard stores.epoch(tokens[0]) == stores.epoch(tokens[1]) else { continue }

            stores.heal()
            stores.shareDirectory()

            stores.run(for: .seconds(15))
            let lower = stores.members[0].node < stores.members[3].node ? 0 : 3
            #expect(stores.holders(of: key) == [lower])
        }
    }

    @Test func `an owner that was cut off beyond its expiry and one that came after it agree after the merge`() {
        let stores = VirtualStores(9, seed: 2)
        _ = stores.create(by: 0, key.name, lifetime: .seconds(120))
        stores.run(for: .seconds(5))
        stores.part([0])
        stores.run(for: .seconds(200))
        let second = stores.create(by: 1, key.name)
        stores.run(for: .seconds(30))
        #expect(stores.epoch(second) != nil)

        stores.heal()

        stores.run(for: .seconds(15))
        #expect(stores.holders(of: key) == [0])
        #expect(stores.losses.map(\.member) == [1])
    }

    @Test func `an owner whose record had to give way is told at once, not at its renewal`() {
        let stores = VirtualStores(9, seed: 6)
        _ = stores.create(by: 0, key.name, lifetime: .seconds(120))
        stores.run(for: .seconds(5))
        stores.part([0])
        stores.run(for: .seconds(200))
        _ = stores.create(by: 1, key.name, lifetime: .seconds(86_400))
        stores.run(for: .seconds(200))

        stores.heal(rechecking: [0])

        stores.run(for: .seconds(10))
        #expect(stores.losses.map(\.member) == [1])
    }

    @Test func `a recheck gives all replicas what they should have`() {
        let stores = VirtualStores(8, seed: 7)
        _ = stores.create(by: 0, key.name, lifetime: .seconds(86_400))
        stores.run(for: .seconds(200))
        for index in 1..<8 { stores.restart(index) }

        stores.heal()

        stores.run(for: .seconds(6))
        #expect(stores.members.allSatisfy { $0.store.replicaKeyCount == 1 })
    }

    @Test func `an owner hands its lease to members that join before anything is due`() throws {
        let stores = VirtualStores(4, seed: 3)
        _ = stores.create(by: 0, key.name, lifetime: .seconds(86_400))
        stores.run(for: .seconds(5))

        for _ in 0..<30 { stores.add() }
        stores.shareDirectory()

        stores.run(for: .seconds(1))
        let lease = try #require(stores.lease(of: 0, key))
        #expect(lease.storedCount == 8)
        #expect(lease.replicas == stores.members[20].view.nearest(to: key.place, limit: 8))
    }

    @Test func `a loser that does not know the winner yet is told when it does`() {
        let stores = VirtualStores(6, seed: 4)
        stores.part([3, 4, 5])
        stores.shareDirectory([0, 1, 2], among: [0, 1, 2])
        stores.shareDirectory([3, 4, 5], among: [3, 4, 5])
        for number in 0..<3 { _ = stores.create(by: 4, "other:\(number)") }
        stores.run(for: .seconds(3))
        _ = stores.create(by: 0, key.name)
        _ = stores.create(by: 3, key.name)
        stores.run(for: .seconds(5))

        // All know all but that the loser has not heard of the winner.
        stores.heal()
        stores.shareDirectory(among: [0, 1, 2, 4, 5])
        stores.setView(of: 3, [1, 2, 3, 4, 5])
        stores.run(for: .seconds(20))
        #expect(stores.holders(of: key) == [0, 3])
        stores.shareDirectory()

        stores.run(for: .seconds(10))
        #expect(stores.holders(of: key) == [0])
    }

    @Test func `a replica that is told of a revoked owner lets its leases go`() {
        let stores = VirtualStores(6, seed: 5)
        _ = stores.create(by: 0, key.name)
        stores.run(for: .seconds(5))
        stores.kill(0)

        for index in 1..<6 {
            let node = stores.members[0].node
            stores.input(index) { store, _, now, _ in store.revoke(node, now: now) }
        }

        let token = stores.create(by: 1, key.name)
        stores.run(for: .seconds(5))
        #expect(stores.epoch(token) != nil)
    }
}
