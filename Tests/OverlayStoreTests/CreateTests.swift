import NetworkTypes
import OverlayStore
import Testing

private let key = lease("lease:10.0.0.1")

/// A key that the tests know to be valid.
func lease(_ name: String) -> StoreKey {
    guard let key = StoreKey(.exclusive, name) else { preconditionFailure("\(name) is a valid name") }
    return key
}

/// Who gets a lease, and who is told what. One seed gives one run.
@Suite struct CreateTests {
    @Test(arguments: [2, 3, 8, 20], 0..<6)
    func `of many sites that create one key at once, exactly one holds it and all others are told`(
        count: Int, seed: UInt64
    ) {
        let stores = VirtualStores(24, seed: seed)
        stores.lossPerMille = 80
        stores.doublePerMille = 80
        stores.delay = 5...250

        let tokens = (0..<count).map { stores.create(by: $0, key.name) }

        let isQuiet = stores.run(until: { $0.outcomes.count == count }, within: .seconds(120))
        #expect(isQuiet, "\(stores.outcomes.count) of \(count) have ended")
        stores.run(for: .seconds(30))
        let holders = stores.holders(of: key)
        #expect(holders.count == 1)
        for (index, token) in tokens.enumerated() where [index] != holders {
            #expect(stores.owner(toldTo: token) == holders.first.map { "site\($0)" })
        }
        #expect(stores.overlaps.isEmpty)
        #expect(stores.losses.isEmpty)
    }

    /// Messages may take longer than a promise lasts, and attempts cross each other.
    @Test(arguments: 0..<10)
    func `no two sites hold one key at a time, whatever the network does`(seed: UInt64) {
        let stores = VirtualStores(10, seed: seed)
        stores.lossPerMille = 150
        stores.doublePerMille = 300
        stores.delay = 5...3_000
        var random = SeededRandom(seed: seed)
        for _ in 0..<60 {
            let member = Int(random.below(5))
            if random.chance(1, in: 4) {
                stores.release(by: member, key)
            } else {
                _ = stores.create(by: member, key.name)
            }
            stores.run(for: .milliseconds(Int64(random.below(2_500))))
        }
        #expect(stores.overlaps.isEmpty)
        #expect(stores.losses.isEmpty)

        stores.lossPerMille = 0
        stores.delay = 5...100
        for index in 0..<5 { stores.release(by: index, key) }
        stores.run(for: .seconds(60))
        let token = stores.create(by: 7, key.name)
        stores.run(for: .seconds(10))
        #expect(stores.epoch(token) != nil, "\(String(describing: stores.outcomes[token]))")
    }

    @Test func `the lowest of equal creators is first when nothing is lost`() {
        let stores = VirtualStores(12, seed: 1)
        stores.delay = 20...20

        for index in 0..<12 { _ = stores.create(by: index, key.name) }

        #expect(stores.run(until: { $0.outcomes.count == 12 }, within: .seconds(60)))
        let lowest = stores.members.indices.min { stores.members[$0].node < stores.members[$1].node }
        #expect(stores.holders(of: key) == [lowest])
    }

    @Test func `a gateway alone is the majority of one`() {
        let stores = VirtualStores(1, seed: 1)
        let token = stores.create(by: 0, key.name)
        #expect(stores.epoch(token) == 2)
        #expect(stores.sentCount == 0)
    }

    @Test func `a gateway that is not ready waits, and creates when it is`() {
        let stores = VirtualStores(3, seed: 1)
        stores.input(0) { store, view, now, effects in
            store.setReady(false, now: now, members: view, effects: &effects)
        }
        let token = stores.create(by: 0, key.name)
        stores.run(for: .seconds(600))
        #expect(stores.lease(of: 0, key)?.state == .waiting(.notReady))
        #expect(stores.sentCount == 0)

        stores.input(0) { store, view, now, effects in
            store.setReady(true, now: now, members: view, effects: &effects)
        }

        stores.run(for: .seconds(1))
        #expect(stores.epoch(token) != nil)
    }

    @Test(arguments: 0..<4)
    func `a create succeeds with three of eight replicas dead`(seed: UInt64) {
        let stores = VirtualStores(20, seed: seed)
        stores.lossPerMille = 50
        for index in stores.replicas(of: key).filter({ $0 != 0 }).prefix(3) { stores.kill(index) }

        let token = stores.create(by: 0, key.name)

        #expect(stores.run(until: { $0.outcomes[token] != nil }, within: .seconds(20)))
        #expect(stores.holders(of: key) == [0])
        let lease = stores.lease(of: 0, key)
        #expect(lease?.state == .held(unconfirmedSince: nil))
    }

    @Test func `a create waits and says so with five of eight replicas dead, and succeeds when they return`() {
        let stores = VirtualStores(20, seed: 3)
        let dead = Array(stores.replicas(of: key).filter { $0 != 0 }.prefix(5))
        for index in dead { stores.kill(index) }

        let token = stores.create(by: 0, key.name)

        stores.run(for: .seconds(600))
        #expect(stores.outcomes[token] == nil)
        #expect(stores.lease(of: 0, key)?.state == .waiting(.noMajority))
        for index in dead { stores.restart(index) }
        #expect(stores.run(until: { $0.outcomes[token] != nil }, within: .seconds(100)))
        #expect(stores.holders(of: key) == [0])
    }

    @Test func `a minority cannot create, the majority can, and the minority is told after the partition`() {
        let stores = VirtualStores(8, seed: 4)
        stores.part([0, 1, 2])
        let minority = stores.create(by: 0, key.name)
        let majority = stores.create(by: 5, key.name)

        stores.run(for: .seconds(300))
        #expect(stores.outcomes[minority] == nil)
        #expect(stores.holders(of: key) == [5])
        stores.heal()

        #expect(stores.run(until: { $0.outcomes[minority] != nil }, within: .seconds(15)))
        #expect(stores.owner(toldTo: minority) == "site5")
        #expect(stores.epoch(majority) != nil)
    }

    @Test func `an even split lets neither half create`() {
        let stores = VirtualStores(8, seed: 5)
        stores.part([0, 1, 2, 3])

        _ = stores.create(by: 0, key.name)
        _ = stores.create(by: 7, key.name)

        stores.run(for: .seconds(300))
        #expect(stores.outcomes.isEmpty)
    }

    @Test(arguments: 0..<6)
    func `directories that miss one member each still let one site create`(seed: UInt64) {
        let stores = VirtualStores(12, seed: seed)
        stores.lossPerMille = 30
        for index in 0..<12 { stores.setView(of: index, (0..<12).filter { $0 != (index + 1 + Int(seed)) % 12 }) }

        let tokens = [0, 3, 6, 9].map { stores.create(by: $0, key.name) }

        // A loser that does not know the winner cannot verify its record, and goes on asking.
        stores.run(for: .seconds(60))
        #expect(stores.overlaps.isEmpty)
        #expect(tokens.count { stores.epoch($0) != nil } == 1)
        stores.shareDirectory()
        #expect(stores.run(until: { $0.outcomes.count == 4 }, within: .seconds(60)))
        #expect(stores.holders(of: key).count == 1)
        #expect(stores.losses.isEmpty)
    }

    @Test func `two gateways of one site hold one lease side by side`() {
        let stores = VirtualStores(10, seed: 6)
        let twin = stores.add(site: "site0")
        stores.shareDirectory()

        let tokens = [
            stores.create(by: 0, key.name), stores.create(by: twin, key.name), stores.create(by: 4, key.name),
        ]

        #expect(stores.run(until: { $0.outcomes.count == 3 }, within: .seconds(60)))
        let holders = stores.holders(of: key)
        #expect(holders == [0, twin] || holders == [4], "\(holders) of \(tokens)")
    }

    @Test func `what breaks a limit is refused before anything is sent`() {
        let stores = VirtualStores(5, seed: 7)
        let tokens = [
            stores.create(by: 0, "two words"),
            stores.create(by: 0, "a", value: [UInt8](repeating: 0, count: 513)),
            stores.create(by: 0, "a", lifetime: .seconds(59)),
            stores.create(by: 0, "a", lifetime: .seconds(86_401)),
        ]
        #expect(
            tokens.map { stores.outcomes[$0] } == [
                .refused(.badName), .refused(.valueTooLong), .refused(.badLifetime), .refused(.badLifetime),
            ])
        _ = stores.create(by: 0, "a")
        let second = stores.create(by: 0, "a")
        #expect(stores.outcomes[second] == .refused(.alreadyUnderWay))
    }
}
