import NetworkTypes
import OverlayRing
import Testing

/// The ring's 160-bit arithmetic and Symphony's draw.
@Suite struct RingArithmeticTests {
    @Test func `distances borrow across the words and wrap round the end`() {
        let one = NodeAddress(high: 0, middle: 0, low: 1)
        let last = NodeAddress(high: .max, middle: .max, low: .max)
        let carry = NodeAddress(high: 1, middle: 0, low: 0)

        #expect(one.clockwiseDistance(to: carry) == RingDistance(high: 0, middle: .max, low: .max))
        #expect(last.clockwiseDistance(to: one) == RingDistance(high: 0, middle: 0, low: 2))
        #expect(one.ringDistance(to: last) == RingDistance(high: 0, middle: 0, low: 2))
        #expect(RingDistance.zero.opposite == .zero)
    }

    @Test func `going a distance leads where the distance was measured`() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<1_000 {
            let (from, to) = (draw(&random), draw(&random))
            let ahead = from.clockwiseDistance(to: to)
            #expect(from.advanced(by: ahead) == to)
            #expect(to.advanced(by: ahead.opposite) == from)
            #expect(to.clockwiseDistance(to: from) == ahead.opposite)
            #expect(from.ringDistance(to: to) == min(ahead, ahead.opposite))
        }
    }

    @Test func `an arc has its inner members only`() {
        let (a, b, c) = (place(10), place(20), place(30))
        #expect(b.isBetween(a, and: c))
        #expect(!b.isBetween(c, and: a))
        #expect(a.isBetween(c, and: b))
        #expect(!a.isBetween(a, and: c))
        #expect(!c.isBetween(a, and: c))
        #expect(b.isBetween(a, and: a))
        #expect(!a.isBetween(a, and: a))
    }

    @Test(arguments: [(1, 0), (2, 1), (4, 1), (5, 2), (16, 2), (17, 3), (1_000, 5), (1_024, 5), (10_000, 7)])
    func `far links are half the logarithm, rounded up`(size: UInt64, count: Int) {
        #expect(HarmonicDistance.farLinkCount(for: size) == count)
    }

    @Test func `each octave of distances is drawn equally often`() {
        var random = SeededRandom(seed: 7)
        var octaves = [Int](repeating: 0, count: 64)
        for _ in 0..<16_000 {
            octaves[HarmonicDistance.draw(size: 1 << 16, random: &random).high.leadingZeroBitCount] += 1
        }
        // 16 octaves down to one member's share, 1,000 draws each; 200 is over six standard deviations.
        #expect(octaves[..<16].allSatisfy { abs($0 - 1_000) < 200 }, "\(octaves)")
        #expect(octaves[16...].reduce(0, +) < 10)
    }

    private func place(_ high: UInt64) -> NodeAddress { NodeAddress(high: high, middle: 0, low: 0) }

    private func draw(_ random: inout SeededRandom) -> NodeAddress {
        NodeAddress(
            high: random.nextWord(), middle: random.nextWord(), low: UInt32(truncatingIfNeeded: random.nextWord()))
    }
}
