import CLinuxShims
import Glibc
package import NetworkTypes

/// The gateway's clock for deadlines and ages: CLOCK_BOOTTIME.
///
/// It never jumps and goes on while the machine is suspended, so that a gateway that wakes up knows that its peers have
/// long given it up. `TimerDescriptor` runs on the same clock.
package enum MonotonicClock {
    /// The time since the machine was started, suspension included.
    package static func now() -> Instant {
        Instant(nanoseconds: read(CLOCK_BOOTTIME))
    }

    /// A clock in nanoseconds. The clocks read here always exist.
    static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        let result = clock_gettime(clock, &time)
        precondition(result == 0, "every Linux has this clock")
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// The time of day, for certificates, logs and people. It may jump; nothing is scheduled by it.
package enum WallClock {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    package static func unixSeconds() -> Int64 {
        Int64(MonotonicClock.read(CLOCK_REALTIME) / 1_000_000_000)
    }

    /// Whether something keeps the clock right (STA_UNSYNC of adjtimex(2)); `nil` when the kernel does not say.
    package static var isSynchronised: Bool? {
        let answer = ipop_clock_is_synchronised()
        return answer < 0 ? nil : answer == 1
    }
}
