import NetworkTypes
import Testing

@testable import GatewayCore

/// Which member is looked at next, and by what its keys are named.
@Suite struct MemberClockTests {
    @Test(arguments: UInt64(1)...3) func `the clock names the first of all deadlines, whatever changes`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed)
        let clock = MemberClock()
        var members: [Member] = []
        for _ in 0..<2_000 {
            switch random.below(8) {
            case 0...1:
                let node = NodeAddress(high: random.nextWord(), middle: 0, low: 0)
                members.append(Member(node: node, identity: nil, clock: clock))
            case 2 where !members.isEmpty:
                clock.forget(members.remove(at: Int(random.below(UInt64(members.count)))))
            case 3 where !members.isEmpty:
                members[Int(random.below(UInt64(members.count)))].dials.suspend()
            default:
                guard !members.isEmpty else { continue }
                let time = Instant(nanoseconds: random.below(1_000))
                members[Int(random.below(UInt64(members.count)))].dials.restart(at: time)
            }

            let first = members.compactMap(\.dials.next).min()
            let found = clock.next()
            #expect(found?.wakeup.deadline == first, "seed \(seed)")
            guard let found else { continue }
            #expect(members.contains { $0.node == found.node && $0.dials.next == first }, "seed \(seed)")
        }
    }

    @Test(arguments: UInt64(1)...3) func `no receiver index comes twice, and none is 0`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var indices = ReceiverIndices(random: &random)
        let drawn = (0..<100_000).map { _ in indices.next() }
        #expect(Set(drawn).count == drawn.count, "seed \(seed)")
        #expect(!drawn.contains(0), "seed \(seed)")
    }
}
