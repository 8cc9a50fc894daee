/// Lets `rate` events a second through, and `burst` at once.
public struct TokenBucket: Equatable, Sendable {
    private let nanosecondsPerToken: UInt64
    private let burst: UInt64
    private var tokens: UInt64
    private var refilled = Instant(nanoseconds: 0)

    /// Full at first; `rate` is at least one.
    public init(rate: Int, burst: Int) {
        nanosecondsPerToken = 1_000_000_000 / UInt64(max(1, rate))
        self.burst = UInt64(max(0, burst))
        tokens = self.burst
    }

    /// Takes a token, if there is one at `now`.
    public mutating func take(now: Instant) -> Bool {
        if now > refilled {
            let earned = (now.nanoseconds - refilled.nanoseconds) / nanosecondsPerToken
            if tokens + min(earned, burst) >= burst {
                tokens = burst
                refilled = now
            } else {
                tokens += earned
                refilled = Instant(nanoseconds: refilled.nanoseconds + earned * nanosecondsPerToken)
            }
        }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }
}
