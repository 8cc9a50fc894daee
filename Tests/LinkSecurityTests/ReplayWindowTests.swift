import LinkSecurity
import NetworkTypes
import Testing

@Suite struct ReplayWindowTests {
    @Test func `a counter is taken once`() {
        let window = Window()
        for counter in UInt64(0)..<20_000 {
            #expect(window.accepts(counter))
            #expect(window.record(counter))
            #expect(!window.accepts(counter))
        }
        #expect(window.next == 20_000)
    }

    @Test func `the window reaches back 8,192 counters`() {
        for newest: UInt64 in [8_191, 8_192, 100_000, 100_031, 100_063, 1 << 40] {
            let window = Window()
            window.record(newest)
            #expect(window.accepts(newest - 8_191))
            if newest >= 8_192 { #expect(!window.accepts(newest - 8_192)) }
            #expect(window.accepts(newest + 1))
        }
    }

    @Test func `a jump forgets what it leaves behind`() {
        let window = Window()
        for counter in UInt64(0)..<9_000 { window.record(counter) }
        window.record(1_000_000)
        for counter in UInt64(1_000_000 - 8_191)..<1_000_000 { #expect(window.accepts(counter)) }
        #expect(!window.accepts(8_999))
    }

    @Test func `the end of the counters is refused`() {
        let window = Window()
        #expect(!window.accepts(.max))
        window.record(.max - 1)
        #expect(!window.accepts(.max))
        #expect(window.accepts(.max - 2))
    }

    @Test(arguments: 0..<10)
    func `any order agrees with a set of what was seen`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let window = Window()
        var seen: Set<UInt64> = []
        var newest: UInt64 = 0
        for _ in 0..<20_000 {
            let jump = random.chance(1, in: 500) ? random.below(20_000) : random.below(40)
            let base = newest + jump
            let counter = base - min(base, random.below(random.chance(1, in: 50) ? 12_000 : 100))
            let isExpected = !seen.contains(counter) && (seen.isEmpty || counter + 8_192 > newest)
            #expect(window.accepts(counter) == isExpected)
            guard isExpected else { continue }
            #expect(window.record(counter) == (seen.isEmpty || counter > newest))
            seen.insert(counter)
            newest = max(newest, counter)
        }
    }
}

/// The window in a class: macros cannot hold what cannot be copied.
private final class Window {
    private var window = ReplayWindow()

    var next: UInt64 { window.next }

    func accepts(_ counter: UInt64) -> Bool { window.accepts(counter) }

    @discardableResult
    func record(_ counter: UInt64) -> Bool { window.record(counter) }
}
