import CAllocationCount
import NATTraversal
import NetworkTypes
import Testing

/// How many answers strangers get.
@Suite struct AnswerPaceTests {
    private let start = Instant(nanoseconds: 5_000_000_000)

    @Test func `one network gets a burst, then its pace`() {
        var pace = AnswerPace(seed: 7)
        let source = IPAddress("198.51.100.7")!

        let burst = (0..<100).count { _ in pace.allows(source, now: start) }
        let neighbour = pace.allows(IPAddress("198.51.100.8")!, now: start)
        let later = (1...100).count { pace.allows(source, now: start + .milliseconds(10 * $0)) }

        #expect(burst == STUNLimits.groupBurst)
        #expect(!neighbour, "a network has one budget")
        #expect(later == 10)
    }

    @Test func `another network is not starved by it`() {
        var pace = AnswerPace(seed: 7)
        for _ in 0..<100 { _ = pace.allows(IPAddress("198.51.100.7")!, now: start) }

        let served = (0..<100).count { pace.allows(IPAddress(203, 0, UInt8($0), 9), now: start) }

        // One or two of a hundred fall into the same group.
        #expect(served >= 95)
    }

    @Test func `all networks together have a pace too`() {
        var pace = AnswerPace(seed: 7)

        let served = (0..<60_000).count {
            pace.allows(IPAddress(v4: UInt32($0) << 12), now: start + .microseconds($0 * 100))
        }

        // 6 s: the burst, and 200 a second.
        #expect((1_500...1_600).contains(served))
    }

    @Test func `what is no request costs nobody an answer`() {
        var responder = BindingResponder(seed: 7)
        let source = Endpoint("198.51.100.7:4000")!
        for _ in 0..<1_000 { _ = responder.answer(to: [0, 1, 0, 0], from: source, now: start) }

        #expect(responder.answer(to: Messages.request(), from: source, now: start) != nil)
        #expect(responder.malformed == 1_000)
        for _ in 0..<100 { _ = responder.answer(to: Messages.request(), from: source, now: start) }
        #expect(responder.answered == UInt64(STUNLimits.groupBurst))
        #expect(responder.paced == 101 - UInt64(STUNLimits.groupBurst))
    }

    @Test func `answering allocates nothing, whatever comes`() {
        var responder = BindingResponder(seed: 7)
        let sources = [Endpoint("198.51.100.7:4000")!, Endpoint("[2001:db8::7]:4000")!]
        let requests = [
            Messages.request(), Messages.request([0x7f, 1, 0, 0], fingerprint: true), Messages.sample, [0, 1, 0, 0],
        ]
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: BindingAnswer.byteCountLimit, alignment: 8)
        defer { buffer.deallocate() }
        func ask(_ second: Int) {
            for index in 0..<8 {
                let request = requests[index / 2]
                _ = responder.answer(
                    request.span.bytes, from: sources[index % 2], now: start + .seconds(second), into: buffer)
            }
        }
        ask(0)
        let before = allocation_count()

        for second in 1...50 { ask(second) }

        #expect(allocation_count() - before == 0)
        #expect(responder.answered == 51 * 6 && responder.malformed == 51 * 2)
        // The counter counts.
        let probe = allocation_count()
        #expect([UInt8](repeating: 0, count: Int(responder.answered)).count == 306)
        #expect(allocation_count_works() == 0 || allocation_count() > probe)
    }
}
