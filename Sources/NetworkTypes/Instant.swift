/// A point on the monotonic clock of one gateway, in nanoseconds since an arbitrary epoch.
///
/// Pure code never reads a clock: every input carries the instant at which it happened.
public struct Instant: Comparable, Hashable, Sendable {
    /// Nanoseconds since the clock's own epoch.
    public let nanoseconds: UInt64

    /// The instant `nanoseconds` after the clock's epoch.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (lhs: Instant, rhs: Instant) -> Bool {
        lhs.nanoseconds < rhs.nanoseconds
    }

    /// The instant `delay` later; a negative delay stops at the epoch.
    public static func + (instant: Instant, delay: Duration) -> Instant {
        let delta = delay.wholeNanoseconds
        if delta >= 0 { return Instant(nanoseconds: instant.nanoseconds &+ UInt64(delta)) }
        let back = UInt64(-delta)
        return Instant(nanoseconds: back > instant.nanoseconds ? 0 : instant.nanoseconds - back)
    }

    /// How much later `lhs` is than `rhs`; negative when it is earlier.
    public static func - (lhs: Instant, rhs: Instant) -> Duration {
        .nanoseconds(Int64(bitPattern: lhs.nanoseconds &- rhs.nanoseconds))
    }
}

extension Duration {
    /// The duration in nanoseconds, fractions dropped. Holds for durations under 292 years.
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// The duration in microseconds, fractions dropped.
    public var wholeMicroseconds: Int64 { wholeNanoseconds / 1_000 }

    /// The duration in seconds, for display only.
    public var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
