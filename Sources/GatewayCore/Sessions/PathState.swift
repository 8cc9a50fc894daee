package import NetworkTypes

/// One way to a peer that datagrams travel now, and how well it does.
package struct PathState: Equatable {
    package var endpoint: Endpoint
    package var mtuSearch: PathMTUSearch
    /// Smoothed by 1/8 (RFC 6298 §2); `nil` before the first answer.
    package private(set) var roundTrip: Duration?
    /// One bit for each of the last liveness probes, newest lowest; 1 is lost.
    private var losses: UInt32 = 0
    private var lossCount = 0
    /// Unanswered liveness probes in a row.
    package private(set) var unanswered = 0
    package var nextProbe: Instant

    package init(endpoint: Endpoint, upperPayload: Int, now: Instant) {
        self.endpoint = endpoint
        mtuSearch = PathMTUSearch(upper: upperPayload, now: now)
        nextProbe = now
    }

    /// How long an answer may take.
    package var answerTimeout: Duration {
        guard let roundTrip else { return .milliseconds(500) }
        return max(SessionLimits.answerTimeout, roundTrip * 3)
    }

    /// Lost liveness probes of the last 32, in percent; `nil` before any ended.
    package var lossPercent: Double? {
        lossCount == 0 ? nil : Double(losses.nonzeroBitCount) * 100 / Double(lossCount)
    }

    /// A liveness probe was answered after `sample`.
    package mutating func answered(after sample: Duration, now: Instant) {
        roundTrip = roundTrip.map { ($0 * 7 + sample) / 8 } ?? sample
        record(lost: false)
        unanswered = 0
        nextProbe = max(nextProbe, now + SessionLimits.suspectInterval)
    }

    /// A liveness probe was lost. Returns whether the path is down.
    package mutating func lost(now: Instant) -> Bool {
        record(lost: true)
        unanswered += 1
        nextProbe = now
        return unanswered >= SessionLimits.lostProbes
    }

    /// A probe goes out now: when the next one is due.
    package mutating func probed(now: Instant) {
        nextProbe = now + (unanswered > 0 ? SessionLimits.suspectInterval : SessionLimits.probeInterval)
    }

    private mutating func record(lost: Bool) {
        losses = losses << 1 | (lost ? 1 : 0)
        lossCount = min(lossCount + 1, SessionLimits.lossWindow)
    }
}
