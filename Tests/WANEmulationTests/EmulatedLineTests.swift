import NetworkTypes
import Testing

@testable import WANEmulation

@Suite struct EmulatedLineTests {
    @Test func `a line as made lets every packet through at once and in order`() {
        var line = EmulatedLine(LineSettings(), seed: 1)

        let arrivals = line.pass(100)

        #expect(arrivals.map(\.slot) == Array(0..<100))
        #expect(arrivals.allSatisfy { $0.instant == enters($0.slot) })
        #expect(line.nextDeparture == nil && line.packetCount == 0)
    }

    @Test func `a packet leaves after the delay and not before`() {
        var line = EmulatedLine(settings { $0.delay = .milliseconds(20) }, seed: 1)

        _ = line.enter(slot: 7, byteCount: 100, isTraffic: true, now: at(0))

        #expect(line.nextDeparture == at(20_000))
        #expect(line.leave(now: at(19_999)) == nil)
        #expect(line.leave(now: at(20_000)) == LineDeparture(slot: 7, copies: 1))
    }

    @Test func `jitter keeps within its bounds and keeps the order`() {
        var line = EmulatedLine(
            settings {
                $0.delay = .milliseconds(20)
                $0.jitter = .milliseconds(2)
            }, seed: 3)

        let arrivals = line.pass(5_000)

        #expect(arrivals.map(\.slot) == Array(0..<5_000))
        let delays = arrivals.map { ($0.instant - enters($0.slot)).wholeMicroseconds }
        #expect(delays.allSatisfy { (18_000...22_000).contains($0) })
        #expect(Set(delays).count > 100)
    }

    @Test func `losses are as many as asked for, the same for the same seed and others for another`() {
        func survivors(seed: UInt64) -> [Int32] {
            var line = EmulatedLine(settings { $0.loss = Share(millionths: 10_000) }, seed: seed)
            return line.pass(100_000).map(\.slot)
        }

        let first = survivors(seed: 7)

        // 1,000 expected, with a standard deviation of 31.
        #expect((840...1_160).contains(100_000 - first.count))
        #expect(survivors(seed: 7) == first)
        #expect(survivors(seed: 8) != first)
    }

    @Test func `a change of one share leaves the luck of the others as it was`() {
        func lost(_ change: (inout LineSettings) -> Void) -> Set<Int32> {
            var line = EmulatedLine(
                settings {
                    $0.loss = Share(millionths: 20_000)
                    change(&$0)
                }, seed: 5)
            return Set(0..<1_000).subtracting(line.pass(1_000).map(\.slot))
        }

        let alone = lost { _ in }

        #expect(!alone.isEmpty)
        #expect(lost { $0.duplicate = Share(millionths: 500_000) } == alone)
        #expect(lost { $0.jitter = .milliseconds(1) } == alone)
    }

    @Test func `a duplicate leaves with its original`() {
        var line = EmulatedLine(settings { $0.duplicate = Share(millionths: 100_000) }, seed: 2)

        let arrivals = line.pass(10_000)

        let twice = arrivals.filter { $0.copies == 2 }.count
        #expect((880...1_120).contains(twice))
        #expect(line.counters.duplicated == UInt64(twice) && line.counters.left == UInt64(10_000 + twice))
        #expect(arrivals.map(\.slot) == Array(0..<10_000))
    }

    @Test func `a reordered packet is overtaken by three, whenever they come`() {
        func order(gap: Int) -> [Int32] {
            var line = EmulatedLine(
                settings {
                    $0.reorder = Share(millionths: 20_000)
                    $0.delay = .milliseconds(10)
                }, seed: 11)
            return line.pass(2_000, gap: gap).map(\.slot)
        }

        let dense = order(gap: 1)

        let late = dense.indices.filter { index in dense[..<index].contains { $0 > dense[index] } }
        #expect((15...70).contains(late.count))
        #expect(late.allSatisfy { index in dense[..<index].filter { $0 > dense[index] }.count >= 3 })
        #expect(order(gap: 100) == dense)
    }

    @Test func `a reordered packet that nobody overtakes goes after a while`() {
        var line = EmulatedLine(settings { $0.reorder = Share(millionths: 1_000_000) }, seed: 1)

        _ = line.enter(slot: 0, byteCount: 100, isTraffic: true, now: at(0))

        #expect(line.nextDeparture == at(5_000))
        #expect(line.leave(now: at(4_999)) == nil)
        #expect(line.leave(now: at(5_000))?.slot == 0)
    }

    @Test func `the rate spaces packets out, and a queue that is full drops the last`() {
        // 1,250 bytes take 100 microseconds at 100 Mbit/s.
        var line = EmulatedLine(
            settings {
                $0.rate = BitRate("100mbit")
                $0.queue = 10
            }, seed: 1)

        let entries = (0..<Int32(15)).map { line.enter(slot: $0, byteCount: 1_250, isTraffic: true, now: at(0)) }

        #expect(entries.filter { $0 == .taken }.count == 10 && entries.suffix(5).allSatisfy { $0 == .full })
        #expect(line.counters.full == 5)
        #expect(line.drain().map(\.instant) == (1...10).map { at($0 * 100) })
        // The rate has let two through by then.
        var later = EmulatedLine(line.settings, seed: 1)
        for slot in 0..<Int32(10) { _ = later.enter(slot: slot, byteCount: 1_250, isTraffic: true, now: at(0)) }
        #expect(later.enter(slot: 10, byteCount: 1_250, isTraffic: true, now: at(200)) == .taken)
    }

    @Test func `the delay holds back no more than the line's room`() {
        var line = EmulatedLine(settings { $0.delay = .seconds(1) }, seed: 1)

        let entries = (0..<Int32(LineLimits.packets + 1)).map {
            line.enter(slot: $0, byteCount: 100, isTraffic: true, now: at(0))
        }

        #expect(entries.last == .full && entries.filter { $0 == .full }.count == 1)
        #expect(line.packetCount == LineLimits.packets)
    }

    @Test func `what keeps the link going is delayed and never lost, copied or reordered`() {
        var line = EmulatedLine(
            settings {
                $0.delay = .milliseconds(1)
                $0.loss = Share(millionths: 1_000_000)
            }, seed: 1)

        #expect(line.enter(slot: 0, byteCount: 60, isTraffic: true, now: at(0)) == .lost)
        #expect(line.enter(slot: 1, byteCount: 60, isTraffic: false, now: at(0)) == .taken)
        #expect(line.drain() == [Arrival(slot: 1, copies: 1, instant: at(1_000))])
    }

    @Test func `it changes nothing of the luck of traffic`() {
        func survivors(upkeep: Bool) -> [Int32] {
            var line = EmulatedLine(settings { $0.loss = Share(millionths: 100_000) }, seed: 9)
            for slot in 0..<Int32(500) {
                if upkeep { _ = line.enter(slot: 9_999, byteCount: 60, isTraffic: false, now: at(0)) }
                _ = line.enter(slot: slot, byteCount: 60, isTraffic: true, now: at(0))
            }
            return line.drain().map(\.slot).filter { $0 != 9_999 }
        }

        #expect(survivors(upkeep: true) == survivors(upkeep: false))
    }

    @Test func `a change holds from the next packet on, and a seed begins the row of luck anew`() {
        var line = EmulatedLine(settings { $0.loss = Share(millionths: 300_000) }, seed: 4)
        let first = line.pass(200).map(\.slot)

        line.change(line.settings, seed: 4)
        let again = line.pass(200).map(\.slot)
        line.change(LineSettings(), seed: nil)

        #expect(first == again && first.count < 200)
        #expect(line.pass(200).count == 200)
    }

    private func settings(_ change: (inout LineSettings) -> Void) -> LineSettings {
        var settings = LineSettings()
        change(&settings)
        return settings
    }
}

private struct Arrival: Equatable {
    let slot: Int32
    let copies: Int
    let instant: Instant
}

/// Microseconds after the beginning.
private func at(_ microseconds: Int) -> Instant { Instant(nanoseconds: UInt64(microseconds) * 1_000) }

/// When `pass` puts a packet on the line.
private func enters(_ slot: Int32) -> Instant { at(Int(slot) * 10) }

extension EmulatedLine {
    /// Puts packets on the line, one every `gap` microseconds, takes out what is due each time, and then the rest.
    fileprivate mutating func pass(_ count: Int, gap: Int = 10) -> [Arrival] {
        var arrivals: [Arrival] = []
        for slot in 0..<Int32(count) {
            let now = at(Int(slot) * gap)
            while let next = nextDeparture, next <= now { take(next, &arrivals) }
            _ = enter(slot: slot, byteCount: 1_000, isTraffic: true, now: now)
        }
        return arrivals + drain()
    }

    /// Takes out what is on the line, each packet when it is due.
    fileprivate mutating func drain() -> [Arrival] {
        var arrivals: [Arrival] = []
        while let next = nextDeparture { take(next, &arrivals) }
        return arrivals
    }

    private mutating func take(_ instant: Instant, _ arrivals: inout [Arrival]) {
        while let departure = leave(now: instant) {
            arrivals.append(Arrival(slot: departure.slot, copies: departure.copies, instant: instant))
        }
    }
}
