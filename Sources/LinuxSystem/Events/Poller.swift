import CLinuxShims
import Glibc
package import NetworkTypes

/// What a descriptor is ready for, or what somebody wants to know about it.
package struct Readiness: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes, a datagram, a connection or the end of a stream can be read.
    package static let readable = Readiness(rawValue: UInt32(IPOP_READABLE))
    /// There is room to write.
    package static let writable = Readiness(rawValue: UInt32(IPOP_WRITABLE))
    /// The other side has gone, at least for reading. Reported without being asked for.
    package static let hangUp = Readiness(rawValue: UInt32(IPOP_HANG_UP))
    /// The descriptor has an error to be fetched by the next call on it. Reported without being asked for.
    package static let fault = Readiness(rawValue: UInt32(IPOP_FAULT))
}

/// Waits for many descriptors at once (epoll, level-triggered).
package final class Poller {
    private let descriptor: FileDescriptor
    private let events: UnsafeMutablePointer<ipop_event>

    package init() throws(SystemError) {
        descriptor = FileDescriptor(adopting: try SystemCall.shim("epoll_create1") { ipop_poller_open() })
        events = .allocate(capacity: Int(IPOP_EVENT_LIMIT))
        events.initialize(repeating: ipop_event(), count: Int(IPOP_EVENT_LIMIT))
    }

    deinit { events.deallocate() }

    /// Begins to watch `fd`, which must not be watched yet. Its events carry `token`.
    package func add(_ fd: Int32, interest: Readiness, token: UInt64) throws(SystemError) {
        try SystemCall.shim("epoll_ctl add") {
            ipop_poller_add(descriptor.rawValue, fd, interest.rawValue, token)
        }
    }

    /// Changes what is wanted of a watched descriptor.
    package func modify(_ fd: Int32, interest: Readiness, token: UInt64) throws(SystemError) {
        try SystemCall.shim("epoll_ctl modify") {
            ipop_poller_modify(descriptor.rawValue, fd, interest.rawValue, token)
        }
    }

    /// Ends the watch; call it before the descriptor is closed. Events of the running `wait` may still bring its token.
    package func remove(_ fd: Int32) throws(SystemError) {
        try SystemCall.shim("epoll_ctl remove") { ipop_poller_remove(descriptor.rawValue, fd) }
    }

    /// Waits until something is ready or `timeout` has passed (`nil`: for ever; zero: not at all), then calls `body`
    /// once for each ready descriptor. Allocates nothing. May return early with nothing, as after a signal.
    ///
    /// A timeout counts in milliseconds, rounded up, and stands still while the machine is suspended; watch a
    /// `TimerDescriptor` for deadlines that must not.
    /// - Returns: how many descriptors were ready.
    @discardableResult
    package func wait<Failure: Error>(
        timeout: Duration?, _ body: (_ token: UInt64, _ ready: Readiness) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        let count = ipop_poller_wait(descriptor.rawValue, events, Self.milliseconds(timeout))
        if count < 0 {
            precondition(count == -EINTR, "epoll_wait on an epoll descriptor can only be interrupted")
            return 0
        }
        for index in 0..<Int(count) {
            try body(events[index].token, Readiness(rawValue: events[index].ready))
        }
        return Int(count)
    }

    /// Like `wait(timeout:_:)`, until an instant of `MonotonicClock`.
    @discardableResult
    package func wait<Failure: Error>(
        until deadline: Instant?, _ body: (_ token: UInt64, _ ready: Readiness) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        try wait(timeout: deadline.map { max(.zero, $0 - MonotonicClock.now()) }, body)
    }

    /// Whole milliseconds, rounded up so that nothing is woken before its time; -1 for no limit.
    static func milliseconds(_ timeout: Duration?) -> Int32 {
        guard let timeout else { return -1 }
        if timeout <= .zero { return 0 }
        if timeout >= .seconds(Int64(Int32.max) / 1_000) { return Int32.max }
        return Int32((timeout.wholeNanoseconds + 999_999) / 1_000_000)
    }
}
