import CLinuxShims
import Glibc

/// A wake-up that another thread may send to a poller's loop (eventfd).
package final class EventDescriptor: Sendable {
    private let descriptor: FileDescriptor

    /// What the poller watches for `.readable`.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    package convenience init() throws(SystemError) {
        try self.init(waiting: false)
    }

    /// With `waiting`, `drain()` waits for a signal instead of returning 0.
    init(waiting: Bool) throws(SystemError) {
        descriptor = FileDescriptor(
            adopting: try SystemCall.shim("eventfd") { ipop_event_open(waiting ? 1 : 0) })
    }

    /// Makes the descriptor readable. Any thread may call it, any number of times.
    package func signal() {
        var one: UInt64 = 1
        // The only failure is a counter near 2^64, and then it is readable anyway.
        while write(descriptor.rawValue, &one, 8) < 0, errno == EINTR {}
    }

    /// Makes the descriptor unreadable again; returns how many signals there were.
    @discardableResult
    package func drain() -> UInt64 {
        var count: UInt64 = 0
        while read(descriptor.rawValue, &count, 8) < 0 {
            if errno != EINTR { return 0 }
        }
        return count
    }
}
