import NetworkTypes
import OverlayStore
import Testing

private let key = lease("lease:10.0.0.2")

/// What becomes of a lease: renewal, restart, expiry, release, churn.
@Suite struct LeaseTests {
    @Test func `a lease is renewed before half of its life is over, and costs little`() throws {
        let stores = VirtualStores(12, seed: 1)
        let token = stores.create(by: 0, key.name, lifetime: .seconds(3_600))
        stores.run(for: .seconds(10))
        let first = try #require(stores.lease(of: 0, key))
        let sent = (stores.sentCount, stores.sentByteCount)

        stores.run(for: .seconds(36_000))

        let last = try #require(stores.lease(of: 0, key))
        #expect(stores.epoch(token) == last.epoch)
        #expect((20...25).contains(last.sequence - first.sequence))
        #expect(last.storedCount == 8)
        #expect(try #require(last.expires) > stores.now + .seconds(1_800))
        #expect(stores.sentCount - sent.0 <= 25 * 16, "a renewal is a store to each replica, and its answer")
        #expect((stores.sentByteCount - sent.1) * 8 / 36_000 < 18, "bit/s")
    }

    @Test func `an owner that remembers its lease has it again after a restart, in the same epoch`() throws {
        let stores = VirtualStores(12, seed: 2)
        let token = stores.create(by: 0, key.name)
        stores.run(for: .seconds(10))
        let old = try #require(stores.lease(of: 0, key))
        stores.kill(0)
        stores.run(for: .seconds(60))

        // The memory may be older than what the replicas have.
        let remembered = RememberedLease(
            key: key, value: old.value, epoch: old.epoch, sequence: old.sequence - 1,
            lifetimeSeconds: old.lifetimeSeconds, expires: stores.now + .seconds(3_000))
        stores.restart(0, remembering: [remembered])

        stores.run(for: .seconds(3))
        let new = try #require(stores.lease(of: 0, key))
        #expect(new.state == .held(unconfirmedSince: nil))
        #expect(new.epoch == stores.epoch(token))
        #expect(new.sequence > old.sequence)
        #expect(new.storedCount == 8)
    }

    @Test(arguments: 0..<4)
    func `an owner that remembers nothing gets its live lease back in the old epoch`(seed: UInt64) {
        let stores = VirtualStores(12, seed: seed)
        stores.lossPerMille = 50
        let first = stores.create(by: 0, key.name)
        stores.run(for: .seconds(30))
        stores.kill(0)
        stores.restart(0)

        let second = stores.create(by: 0, key.name, value: [2])

        #expect(stores.run(until: { $0.outcomes[second] != nil }, within: .seconds(20)))
        #expect(stores.epoch(second) == stores.epoch(first))
        #expect(stores.lease(of: 0, key)?.value == [2])
    }

    @Test func `a lease that expired while its owner was down cannot be taken up`() {
        let stores = VirtualStores(5, seed: 3)
        let remembered = RememberedLease(
            key: key, value: [], epoch: 1, sequence: 1, lifetimeSeconds: 60, expires: stores.now)
        stores.restart(0, remembering: [remembered])
        #expect(stores.lease(of: 0, key) == nil)
    }

    @Test func `nobody gets the lease of a dead owner before it expires, and somebody does then`() {
        let stores = VirtualStores(12, seed: 4)
        _ = stores.create(by: 0, key.name, lifetime: .seconds(600))
        stores.run(for: .seconds(10))
        stores.kill(0)

        stores.run(for: .seconds(540))
        let early = stores.create(by: 1, key.name)
        stores.run(for: .seconds(5))
        #expect(stores.owner(toldTo: early) == "site0")
        stores.run(for: .seconds(60))
        let late = stores.create(by: 2, key.name)
        stores.run(for: .seconds(5))
        #expect(stores.epoch(late) != nil)
        #expect(stores.overlaps.isEmpty)
    }

    @Test(arguments: 0..<4)
    func `what is released can be created by another site at once, and stays`(seed: UInt64) {
        let stores = VirtualStores(12, seed: seed)
        stores.lossPerMille = 100
        stores.doublePerMille = 200
        stores.delay = 5...400
        _ = stores.create(by: 0, key.name)
        stores.run(for: .seconds(20))

        stores.release(by: 0, key)

        stores.run(for: .seconds(10))
        let token = stores.create(by: 1, key.name)
        stores.run(for: .seconds(30))
        #expect(stores.epoch(token) != nil)
        stores.run(for: .seconds(7_200))
        #expect(stores.holders(of: key) == [1])
        #expect(stores.losses.isEmpty)
    }

    @Test func `a copy that missed its release is refuted by those who have it`() {
        let stores = VirtualStores(8, seed: 5)
        _ = stores.create(by: 0, key.name, lifetime: .seconds(86_400))
        stores.run(for: .seconds(10))
        // One replica is cut off while the owner releases; then the owner is gone for good.
        stores.part([7])
        stores.release(by: 0, key)
        stores.run(for: .seconds(600))
        stores.kill(0)
        stores.heal()

        let token = stores.create(by: 1, key.name)

        stores.run(for: .seconds(20))
        #expect(stores.epoch(token) != nil)
        #expect(stores.lease(of: 1, key)?.storedCount == 7, "all but the dead one")
        #expect(stores.losses.isEmpty)
    }

    @Test func `a release before the create has come to an end leaves nothing behind`() {
        let stores = VirtualStores(8, seed: 6)
        let token = stores.create(by: 0, key.name)
        stores.run(for: .milliseconds(100))

        stores.release(by: 0, key)

        #expect(stores.outcomes[token] == .refused(.released))
        stores.run(for: .seconds(5))
        let other = stores.create(by: 1, key.name)
        stores.run(for: .seconds(2))
        #expect(stores.epoch(other) != nil)
    }

    @Test func `an owner cut off keeps its lease, says since when, and has it confirmed afterwards`() {
        let stores = VirtualStores(8, seed: 7)
        _ = stores.create(by: 0, key.name, lifetime: .seconds(600))
        stores.run(for: .seconds(10))
        stores.part([0])
        let cut = stores.now

        stores.run(for: .seconds(500))

        guard case .held(let since?) = stores.lease(of: 0, key)?.state else {
            Issue.record("\(String(describing: stores.lease(of: 0, key)?.state))")
            return
        }
        #expect(since > cut)
        stores.heal()
        stores.run(for: .seconds(8))
        #expect(stores.lease(of: 0, key)?.state == .held(unconfirmedSince: nil))
    }

    @Test func `replicas that restart one after the other get back what they held`() {
        let stores = VirtualStores(8, seed: 8)
        let token = stores.create(by: 0, key.name, lifetime: .seconds(86_400))
        stores.run(for: .seconds(10))

        for index in 1..<8 {
            stores.restart(index)
            let node = stores.members[index].node
            for other in 0..<8 where other != index {
                stores.input(other) { store, _, now, _ in store.memberReturned(node, now: now) }
            }
            stores.run(for: .seconds(2))
        }

        #expect(stores.lease(of: 0, key)?.storedCount == 8)
        let other = stores.create(by: 5, key.name)
        stores.run(for: .seconds(5))
        #expect(stores.owner(toldTo: other) == "site0")
        #expect(stores.lease(of: 0, key)?.epoch == stores.epoch(token))
    }

    @Test(arguments: 0..<2)
    func `leases stay with their owners while members come and go`(seed: UInt64) {
        let stores = VirtualStores(30, seed: seed)
        stores.lossPerMille = 20
        let keys = (0..<6).map { lease("lease:10.0.1.\($0)") }
        for (index, key) in keys.enumerated() { _ = stores.create(by: index, key.name, lifetime: .seconds(3_600)) }
        stores.run(for: .seconds(20))

        // Everybody but the owners is replaced, and no lease comes to its renewal.
        for victim in 6..<30 {
            stores.kill(victim)
            stores.add()
            let living = stores.members.indices.filter { stores.members[$0].isAlive }
            // Half of the members learn of it later.
            stores.shareDirectory(living, among: living.filter { $0 % 2 == 0 })
            stores.run(for: .seconds(3))
            stores.shareDirectory(living)
            stores.run(for: .seconds(10))
        }

        for (index, key) in keys.enumerated() {
            #expect(stores.holders(of: key) == [index])
            let token = stores.create(by: stores.members.count - 1, key.name)
            stores.run(for: .seconds(10))
            #expect(stores.owner(toldTo: token) == "site\(index)")
        }
        #expect(stores.losses.isEmpty)
        #expect(stores.overlaps.isEmpty)
    }
}
