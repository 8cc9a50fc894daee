import NetworkTypes
import OverlayStore
import Testing

/// Shared keys, and reading.
@Suite struct ValueTests {
    @Test(arguments: 0..<3)
    func `several owners' values stand side by side under a shared key`(seed: UInt64) {
        let stores = VirtualStores(20, seed: seed)
        stores.lossPerMille = 50
        for index in 0..<5 { _ = stores.put(by: index, "name:printer", value: [UInt8(index)]) }
        #expect(stores.run(until: { $0.outcomes.count == 5 }, within: .seconds(60)))
        _ = stores.put(by: 2, "name:printer", value: [22])
        stores.run(for: .seconds(60))

        let token = stores.get(by: 11, .shared, "name:printer")

        stores.run(for: .seconds(10))
        let (records, isCertain) = read(stores, token)
        #expect(isCertain)
        #expect(records.map(\.value).sorted { $0[0] < $1[0] } == [[0], [1], [3], [4], [22]])
        let other = stores.get(by: 11, .exclusive, "name:printer")
        stores.run(for: .seconds(10))
        #expect(read(stores, other).records.isEmpty)
    }

    @Test func `a shared key has room for sixteen`() {
        let stores = VirtualStores(20, seed: 4)
        for index in 0..<16 { _ = stores.put(by: index, "many", value: []) }
        stores.run(for: .seconds(10))
        #expect(stores.outcomes.count == 16)

        let token = stores.put(by: 16, "many", value: [])

        stores.run(for: .seconds(60))
        #expect(stores.outcomes[token] == nil)
        guard let key = StoreKey(.shared, "many") else { return }
        #expect(stores.lease(of: 16, key)?.state == .waiting(.refused))
        stores.release(by: 3, key)
        stores.run(for: .seconds(130))
        #expect(stores.outcomes[token] != nil)
    }

    @Test func `a get finds the lease, or certainly nothing`() {
        let stores = VirtualStores(20, seed: 5)
        _ = stores.create(by: 3, "lease:a", value: [7, 8])
        stores.run(for: .seconds(5))

        let present = stores.get(by: 9, .exclusive, "lease:a")
        let absent = stores.get(by: 9, .exclusive, "lease:b")

        stores.run(for: .seconds(5))
        #expect(read(stores, present).records.map(\.value) == [[7, 8]])
        #expect(read(stores, present).records.map(\.holder) == ["site3"])
        #expect(read(stores, present).isCertain)
        #expect(read(stores, absent).records.isEmpty)
        #expect(read(stores, absent).isCertain)
    }

    @Test func `a get without a majority says that it is uncertain`() {
        let stores = VirtualStores(8, seed: 6)
        _ = stores.create(by: 0, "lease:a")
        stores.run(for: .seconds(5))
        stores.part([0, 1, 2])

        let token = stores.get(by: 0, .exclusive, "lease:a")

        stores.run(for: .seconds(7))
        #expect(read(stores, token).records.count == 1)
        #expect(!read(stores, token).isCertain)
    }

    @Test func `a get gives the record back to replicas that lost it, not younger than it was`() throws {
        let stores = VirtualStores(8, seed: 7)
        let key = lease("lease:a")
        _ = stores.create(by: 0, key.name, lifetime: .seconds(600))
        stores.run(for: .seconds(100))
        for index in [1, 2, 3] { stores.restart(index) }
        stores.kill(0)

        var token = stores.get(by: 1, .exclusive, key.name)
        stores.run(for: .seconds(10))
        #expect(read(stores, token).records.count == 1)
        for index in [4, 5, 6] { stores.restart(index) }
        // Without what the read gave back there would be one copy left.
        let tooSoon = stores.create(by: 4, key.name)
        stores.run(for: .seconds(10))
        #expect(stores.owner(toldTo: tooSoon) == "site0")

        stores.run(for: .seconds(490))
        token = stores.get(by: 1, .exclusive, key.name)
        stores.run(for: .seconds(10))
        #expect(read(stores, token).records.isEmpty)
    }

    @Test func `a get does not show what was released, though a replica missed it`() {
        let stores = VirtualStores(8, seed: 8)
        let key = lease("lease:a")
        _ = stores.create(by: 0, key.name, lifetime: .seconds(86_400))
        stores.run(for: .seconds(5))
        stores.part([7])
        stores.release(by: 0, key)
        stores.run(for: .seconds(600))
        stores.kill(0)
        stores.heal()

        let token = stores.get(by: 7, .exclusive, key.name)

        stores.run(for: .seconds(7))
        #expect(read(stores, token).records.isEmpty)
    }

    private func read(_ stores: VirtualStores, _ token: UInt64) -> (records: [StoreRecord], isCertain: Bool) {
        guard case .read(let records, let isCertain) = stores.outcomes[token] else {
            Issue.record("the read has not ended: \(String(describing: stores.outcomes[token]))")
            return ([], false)
        }
        return (records, isCertain)
    }
}
