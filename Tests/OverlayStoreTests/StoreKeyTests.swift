import NetworkTypes
import OverlayStore
import Testing

/// Names, and where on the ring they lead.
@Suite struct StoreKeyTests {
    @Test func `a name has 1 to 64 printable characters`() {
        #expect(StoreKey(.exclusive, "prefix:10.0.0.0/24") != nil)
        #expect(StoreKey(.exclusive, String(repeating: "a", count: 64)) != nil)
        for name in ["", "a b", "a\n", "\u{e9}", String(repeating: "a", count: 65)] {
            #expect(StoreKey(.exclusive, name) == nil)
        }
    }

    /// Members of all versions must agree on it.
    @Test func `a key's place is as the protocol says`() {
        #expect(lease("prefix:10.0.0.0/24").place.description == "762ec029f1d0c763dabd65053132556ef23d1ca1")
        #expect(StoreKey(.shared, "prefix:10.0.0.0/24")?.place != lease("prefix:10.0.0.0/24").place)
    }

    @Test func `places spread evenly`() {
        var counts = [Int](repeating: 0, count: 16)
        for number in 0..<1_600 {
            counts[Int(lease("lease:10.0.\(number / 256).\(number % 256)").place.high >> 60)] += 1
        }
        #expect(counts.allSatisfy { (50...150).contains($0) }, "\(counts)")
    }

    @Test(arguments: [1, 2, 7, 8, 9, 200])
    func `the nearest members are those that a full search finds`(count: Int) {
        var random = SeededRandom(seed: UInt64(count))
        func address() -> NodeAddress {
            NodeAddress(high: random.nextWord(), middle: random.nextWord(), low: 0)
        }
        let view = DirectoryView((0..<count).map { (address(), "site\($0)") })
        for _ in 0..<50 {
            let place = address()
            let expected = view.nodes.sorted { place.ringDistance(to: $0) < place.ringDistance(to: $1) }.prefix(8)
            #expect(view.nearest(to: place, limit: 8) == Array(expected))
        }
    }

    @Test func `the nearest of ten thousand members are found in a few steps`() {
        final class Counter { var count = 0 }
        struct CountedMembers: StoreMembers {
            let counter = Counter()
            var count: Int { 10_000 }
            subscript(position: Int) -> NodeAddress {
                counter.count += 1
                return NodeAddress(high: UInt64(position) << 48, middle: 0, low: 0)
            }
            func certificate(of node: NodeAddress) -> [UInt8]? { nil }
            func site(of node: NodeAddress) -> String? { nil }
        }
        let members = CountedMembers()
        #expect(members.nearest(to: lease("a").place, limit: 8).count == 8)
        #expect(members.counter.count <= 32)
    }
}
