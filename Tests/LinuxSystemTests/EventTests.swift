import Glibc
import LinuxSystem
import NetworkTypes
import Testing

@Suite struct EventTests {
    @Test func `the poller tells who is ready for what, and forgets who was removed`() throws {
        let poller = try Poller()
        let first = try EventDescriptor()
        let second = try EventDescriptor()
        try poller.add(first.rawDescriptor, interest: .readable, token: 11)
        try poller.add(second.rawDescriptor, interest: [.readable, .writable], token: .max)
        first.signal()

        #expect(Self.ready(poller) == [11: .readable, .max: .writable])
        try poller.modify(second.rawDescriptor, interest: [], token: 22)
        #expect(Self.ready(poller) == [11: .readable])
        #expect(first.drain() == 1)
        #expect(Self.ready(poller) == [:])
        try poller.modify(second.rawDescriptor, interest: .writable, token: 22)
        #expect(Self.ready(poller) == [22: .writable])
        try poller.remove(second.rawDescriptor)
        #expect(Self.ready(poller) == [:])
        #expect(throws: SystemError.self) { try poller.remove(second.rawDescriptor) }
    }

    @Test func `a body's error ends the round`() throws {
        struct Stop: Error {}
        let poller = try Poller()
        let event = try EventDescriptor()
        try poller.add(event.rawDescriptor, interest: .readable, token: 1)
        event.signal()
        #expect(throws: Stop.self) {
            try poller.wait(until: nil) { (_, _) throws(Stop) in throw Stop() }
        }
    }

    @Test func `signals of another thread add up and wake the poller`() throws {
        let event = try EventDescriptor()
        #expect(event.drain() == 0)
        for _ in 0..<3 { event.signal() }
        try Laboratory.awaitReadable(event.rawDescriptor)
        #expect(event.drain() == 3)
        #expect(event.drain() == 0)
    }

    @Test func `the timer fires at its deadline and not before`() throws {
        let timer = try TimerDescriptor()
        let start = MonotonicClock.now()
        try timer.set(start + .milliseconds(20))
        #expect(!timer.acknowledge() || MonotonicClock.now() - start >= .milliseconds(20))

        try timer.set(start + .milliseconds(30))
        try Laboratory.awaitReadable(timer.rawDescriptor)

        #expect(MonotonicClock.now() - start >= .milliseconds(30))
        #expect(timer.acknowledge())
        #expect(!timer.acknowledge())
    }

    @Test func `a timer whose deadline has passed fires, a disarmed one does not`() throws {
        let timer = try TimerDescriptor()
        try timer.set(Instant(nanoseconds: 0))
        try Laboratory.awaitReadable(timer.rawDescriptor)
        #expect(timer.acknowledge())
        try timer.set(Instant(nanoseconds: 5))
        try timer.set(nil)
        #expect(!timer.acknowledge())
        try timer.set(Instant(nanoseconds: .max))
        #expect(!timer.acknowledge())
    }

    @Test func `signals are read instead of ending the process`() throws {
        // A thread of its own, because the signals stay blocked in it.
        var outcome: Result<[Signal], any Error>?
        FreshThread.run {
            outcome = Result {
                let signals = try SignalDescriptor()
                for number in [SIGHUP, SIGTERM, SIGINT] { raise(number) }
                try Laboratory.awaitReadable(signals.rawDescriptor)
                var received: [Signal] = []
                while let signal = try signals.next() { received.append(signal) }
                return received
            }
        }
        let received = try #require(outcome).get()
        #expect(Set(received) == [.hangUp, .terminate, .interrupt])
        #expect(received.count == 3)
    }

    @Test func `the clocks run forwards and agree with the calendar`() {
        let first = MonotonicClock.now()
        #expect(MonotonicClock.now() >= first)
        #expect(UTCTime(unixSeconds: WallClock.unixSeconds()).year >= 2_025)
    }

    @Test func `random bytes are as many as asked for and differ`() {
        #expect(SystemRandom.bytes(0) == [])
        #expect(SystemRandom.bytes(1_000).count == 1_000)
        #expect(SystemRandom.bytes(32) != SystemRandom.bytes(32))
        #expect(SystemRandom.seed() != SystemRandom.seed())
    }

    private static func ready(_ poller: Poller) -> [UInt64: Readiness] {
        var found: [UInt64: Readiness] = [:]
        poller.wait(timeout: .zero) { token, ready in found[token] = ready }
        return found
    }
}

/// Runs a body on a POSIX thread of its own and waits for it.
private final class FreshThread {
    private let body: () -> Void

    private init(_ body: @escaping () -> Void) { self.body = body }

    static func run(_ body: @escaping () -> Void) {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(FreshThread(body))
        pthread_create(
            &thread, nil,
            { raw in
                Unmanaged<FreshThread>.fromOpaque(raw!).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        pthread_join(thread, nil)
    }
}
