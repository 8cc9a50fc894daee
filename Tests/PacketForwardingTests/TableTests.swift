import LinkSecurity
import NetworkTypes
import Testing

@testable import PacketForwarding

/// The tables, against the plainest models of them.
@Suite struct TableTests {
    @Test(arguments: 0..<20)
    func `an address table finds what a prefix table finds`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var model = PrefixTable<Int32>()
        var entries: [(prefix: IPPrefix, value: Int32)] = []
        for value in 0..<Int32(random.below(60)) {
            let prefix = IPPrefix(containing: Self.address(&random), length: Int(random.below(130)))
            entries.append((prefix, value))
            model[prefix] = value
        }
        let table = AddressTable(entries)
        for _ in 0..<2_000 {
            var address = Self.address(&random)
            if let entry = entries.randomMember(&random), random.chance(1, in: 2) {
                let edge = random.chance(1, in: 2) ? entry.prefix.address : entry.prefix.lastAddress
                address = edge.advanced(by: random.below(3) &- 1)
            }
            let found = address.bytes.withUnsafeBytes {
                table.value(at: $0.baseAddress!, isV6: address.family == .v6)
            }
            #expect(found == model.longestMatch(address)?.value ?? -1)
        }
    }

    @Test func `an empty table and a default route`() {
        let empty = AddressTable()
        let all = AddressTable([(IPPrefix("0.0.0.0/0")!, 4), (IPPrefix("::/0")!, 6)])
        for address in [IPAddress("0.0.0.0")!, IPAddress("255.255.255.255")!] {
            let found = address.bytes.withUnsafeBytes { bytes in
                (empty.value(at: bytes.baseAddress!, isV6: false), all.value(at: bytes.baseAddress!, isV6: false))
            }
            #expect(found == (-1, 4))
        }
        for address in [IPAddress("::")!, IPAddress("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")!] {
            let found = address.bytes.withUnsafeBytes { bytes in
                (empty.value(at: bytes.baseAddress!, isV6: true), all.value(at: bytes.baseAddress!, isV6: true))
            }
            #expect(found == (-1, 6))
        }
    }

    @Test(arguments: 0..<10)
    func `generations are found by their index through any change`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var table = GenerationTable()
        let peer = UnsafeMutablePointer<PeerRecord>.allocate(capacity: 1)
        peer.initialize(to: PeerRecord(node: NodeAddress(high: 1, middle: 2, low: 3)))
        defer { peer.deallocate() }
        var model: Set<UInt32> = []
        for _ in 0..<1_500 {
            // Few distinct low bits, so that entries collide.
            let index = UInt32(random.below(40)) << 8 | UInt32(random.below(4))
            if model.contains(index) {
                table.remove(index)
                model.remove(index)
            } else {
                let cipher = TestCipher(key: 1)
                let generation = KeyGeneration(
                    localIndex: index, remoteIndex: 1, epoch: 0, sealing: cipher, opening: cipher)
                let record = table.insert(generation, peer: peer)
                #expect(record.pointee.generation.localIndex == index)
                model.insert(index)
            }
            let count = table.count
            #expect(count == model.count)
        }
        for index in UInt32(0)..<12_000 {
            let found = table.find(index)
            #expect((found != nil) == model.contains(index))
            #expect(found == nil || found?.pointee.generation.localIndex == index)
        }
        let indexes = table.indexes(of: peer)
        #expect(Set(indexes) == model)
    }

    private static func address(_ random: inout SeededRandom) -> IPAddress {
        // A few bits each, so that prefixes nest.
        let few = { (random: inout SeededRandom) in UInt8(random.below(4)) << 6 | UInt8(random.below(3)) }
        if random.chance(1, in: 2) {
            return IPAddress(few(&random), few(&random), few(&random), few(&random))
        }
        return IPAddress(
            v6High: UInt64(few(&random)) << 56 | UInt64(few(&random)), low: UInt64(few(&random)) << 32 | random.below(4)
        )
    }
}

extension Array {
    fileprivate func randomMember(_ random: inout SeededRandom) -> Element? {
        isEmpty ? nil : self[Int(random.below(UInt64(count)))]
    }
}
