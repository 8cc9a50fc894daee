/// When a flight is repeated, counted in calls of `HandshakeEngine.retransmit` since it was sent: after 1, 2, 4, 8,
/// 12, ...
///
/// At 250 ms a call that is 0.25, 0.5, 1 and 2 s and then once a second: fast on a lossy path, and on a slow one (a
/// round trip over half a second) three needless copies.
struct RetransmissionSchedule {
    private var callCount = 0
    private var next = 1

    /// A new flight has been sent.
    mutating func restart() {
        self = RetransmissionSchedule()
    }

    /// Counts a call; whether the flight is to be repeated now.
    mutating func isDue() -> Bool {
        callCount += 1
        guard callCount >= next else { return false }
        next += min(next, 4)
        return true
    }
}
