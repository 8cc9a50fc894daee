import NetworkTypes
import OverlayStore
import Testing

/// What the store keeps over a restart.
@Suite struct MemoryTests {
    private static let sample = StoreMemory(
        node: NodeAddress(high: 1, middle: 2, low: 3), clock: 77,
        leases: [
            .init(
                key: lease("prefix:10.1.0.0/24"), value: [], epoch: 5, sequence: 9, lifetimeSeconds: 3_600,
                expiresUnixSeconds: 1_800_000_000),
            .init(
                key: lease("10.128.3.17"), value: [UInt8](repeating: 7, count: 512), epoch: 1 << 62,
                sequence: 1 << 62, lifetimeSeconds: 60, expiresUnixSeconds: -1),
        ])

    @Test func `it reads back as it was written`() throws {
        #expect(try StoreMemory(reading: Self.sample.encoded) == Self.sample)
    }

    @Test func `the largest fits the limit of its file`() throws {
        let name = String(repeating: "n", count: 64)
        let largest = StoreMemory.Lease(
            key: lease(name), value: [UInt8](repeating: 7, count: 512), epoch: 1, sequence: 1, lifetimeSeconds: 60,
            expiresUnixSeconds: 0)
        let memory = StoreMemory(
            node: Self.sample.node, clock: 1, leases: Array(repeating: largest, count: StoreLimits.ownLeases))

        #expect(memory.encoded.count == StoreMemory.byteCount)
        #expect(try StoreMemory(reading: memory.encoded) == memory)
    }

    @Test func `what is cut short or has a changed bit is refused`() {
        let bytes = Self.sample.encoded
        for count in bytes.indices {
            #expect(throws: (any Error).self) { try StoreMemory(reading: Array(bytes[..<count])) }
        }
        #expect(throws: (any Error).self) { try StoreMemory(reading: bytes + [0]) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x10
            #expect(throws: (any Error).self) { try StoreMemory(reading: changed) }
        }
    }

    @Test func `a wall clock that went back gives a lease no more than its lifetime, one far ahead gives it none`() {
        let now = Instant(nanoseconds: 5_000_000_000)
        let remembered = Self.sample.leases[0]

        #expect(remembered.remembered(now: now, unixSeconds: 1_799_999_000).expires == now + .seconds(1_000))
        #expect(remembered.remembered(now: now, unixSeconds: 0).expires == now + .seconds(3_600))
        #expect(remembered.remembered(now: now, unixSeconds: 1_900_000_000).expires == now)
        #expect(remembered.remembered(now: now, unixSeconds: .min).expires == now)
    }

    @Test(arguments: 0..<4)
    func `a grid that lost its power as a whole has every lease again in its epoch`(seed: UInt64) throws {
        let stores = VirtualStores(12, seed: seed)
        let keys = stores.members.indices.map { lease("prefix:10.\($0).0.0/16") }
        for index in stores.members.indices { _ = stores.create(by: index, keys[index].name) }
        stores.run(for: .seconds(20))
        let before = stores.members.indices.compactMap { stores.lease(of: $0, keys[$0])?.epoch }
        try #require(before.count == 12 && before.allSatisfy { $0 > 0 })

        stores.restartAll()

        stores.run(for: .seconds(20))
        let after = stores.members.indices.compactMap { stores.lease(of: $0, keys[$0]) }
        #expect(after.map(\.epoch) == before)
        #expect(after.allSatisfy { $0.state == .held(unconfirmedSince: nil) && $0.storedCount == 8 })
        let late = stores.create(by: 1, keys[0].name)
        stores.run(for: .seconds(10))
        #expect(stores.owner(toldTo: late) == "site0")
    }

    @Test(arguments: 0..<4)
    func `two parts that both lost their power before they met have the same winner`(seed: UInt64) throws {
        let stores = VirtualStores(12, seed: seed)
        let key = lease("prefix:10.1.0.0/24")
        let (left, right) = (Array(0..<6), Array(6..<12))
        stores.part(right)
        stores.shareDirectory(left, among: left)
        stores.shareDirectory(right, among: right)
        for number in 0..<10 { _ = stores.create(by: right[number % 3], "other:\(number)") }
        stores.run(for: .seconds(10))
        let (first, second) = (stores.create(by: 0, key.name), stores.create(by: 6, key.name))
        stores.run(for: .seconds(10))
        let epochs = (try #require(stores.epoch(first)), try #require(stores.epoch(second)))
        try #require(epochs.0 < epochs.1)

        stores.restartAll()
        stores.run(for: .seconds(30))
        stores.heal()
        stores.shareDirectory()

        #expect(stores.run(until: { $0.holders(of: key) == [0] }, within: .seconds(30)))
        #expect(stores.lease(of: 0, key)?.epoch == epochs.0)
    }

    @Test func `no Lamport time is told again after a restart`() throws {
        let stores = VirtualStores(3, seed: 1)
        for number in 0..<5 { _ = stores.create(by: 0, "before:\(number)") }
        stores.run(for: .seconds(10))
        let told = stores.members.map(\.store.clock)

        stores.restartAll()

        for (index, member) in stores.members.enumerated() { #expect(member.store.clock > told[index]) }
        let token = stores.create(by: 1, "after")
        stores.run(for: .seconds(10))
        #expect(try #require(stores.epoch(token)) > (told.max() ?? 0))
    }

    @Test func `a memory of another member is not taken up`() {
        let stores = VirtualStores(3, seed: 2)
        stores.restart(0)
        stores.input(0) { store, view, now, effects in
            store.restore(Self.sample, now: now, unixSeconds: 0, members: view, effects: &effects)
        }
        #expect(stores.members[0].store.clock == 0)
        #expect(stores.members[0].store.ownLeases.isEmpty)
    }
}
