import NetworkTypes
import Testing

@testable import GatewayCore

/// What holds members, and what must not.
@Suite struct MemberLifeTests {
    @Test func `a member goes with the clock that has it in its queue`() {
        weak var seen: Member?
        do {
            let clock = MemberClock()
            let member = Member(node: NodeAddress(high: 1, middle: 2, low: 3), identity: nil, clock: clock)
            member.dials.begin(at: Instant(nanoseconds: 5))
            seen = member
            #expect(clock.next()?.node == member.node)
        }
        #expect(seen == nil)
    }
}
