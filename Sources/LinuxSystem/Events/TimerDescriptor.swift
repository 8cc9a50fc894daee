import CLinuxShims
import Glibc
package import NetworkTypes

/// A timer that a poller can watch (timerfd), on the clock of `MonotonicClock`: it also fires, late, after a
/// suspension.
package final class TimerDescriptor {
    private let descriptor: FileDescriptor
    /// What is armed, so that setting the same deadline again costs no system call.
    private var armed: Instant?

    /// What the poller watches for `.readable`.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    package init() throws(SystemError) {
        descriptor = FileDescriptor(adopting: try SystemCall.shim("timerfd_create") { ipop_timer_open() })
    }

    /// Arms the timer for `deadline` in place of any earlier one; `nil` disarms it. A deadline that has passed fires at
    /// once.
    package func set(_ deadline: Instant?) throws(SystemError) {
        if deadline == armed { return }
        // Zero means "disarmed" to the kernel; the first nanosecond after the start of the machine has passed as well.
        let nanoseconds = deadline.map { max(1, min($0.nanoseconds, UInt64(Int64.max))) } ?? 0
        try SystemCall.shim("timerfd_settime") { ipop_timer_set(descriptor.rawValue, nanoseconds) }
        armed = deadline
    }

    /// Takes note that the timer fired, after which it is disarmed. Returns whether it had.
    @discardableResult
    package func acknowledge() -> Bool {
        var count: UInt64 = 0
        while read(descriptor.rawValue, &count, 8) < 0 {
            if errno != EINTR { return false }
        }
        armed = nil
        return true
    }
}
