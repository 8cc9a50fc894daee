package import NetworkTypes

/// One way to a peer that datagrams travel now, and how well it does.
package struct PathState: Equatable {
    package var endpoint: Endpoint
    package var mtuSearch: PathMTUSearch
    /// Smoothed by 1/8 (RFC 6298 §2); `nil` before the first answer.
    package private(set) var roundTrip: Duration?
    /// By how much round trips differ from the smoothed one, smoothed by 1/4 (RFC 6298 §2).
    private var roundTripVariation: Duration = .zero
    /// What a round trip takes by the path alone: falls at once and rises by 1/8, because what a busy machine adds to
    /// single answers says nothing of the path.
    private var leastRoundTrip: Duration?
    /// Answers there have been, up to as many as a new way is measured by.
    private var measurements = 0
    /// One bit for each of the last liveness probes, newest lowest; 1 is lost.
    private var losses: UInt32 = 0
    private var lossCount = 0
    /// Unanswered liveness probes in a row, those of them after which nothing else came either, and when the first of
    /// them was sent.
    package private(set) var unanswered = 0
    private var silences = 0
    private var suspectSince: Instant?
    /// Answered ones in a row.
    private var answers = 0
    /// It has been left because it failed, and must be steady before it is trusted again.
    private var hasFailed = false
    package var nextProbe: Instant
    /// Between liveness probes while nothing is wrong.
    package var probeInterval = SessionLimits.probeInterval
    /// When an authentic datagram last came from the peer.
    package var lastHeard: Instant
    /// When the last liveness probe went out.
    private var lastProbed: Instant

    package init(endpoint: Endpoint, upperPayload: Int, now: Instant) {
        self.endpoint = endpoint
        mtuSearch = PathMTUSearch(upper: upperPayload, now: now)
        nextProbe = now
        lastHeard = now
        lastProbed = now
    }

    /// A path whose datagrams have one size, which is not searched for.
    package init(endpoint: Endpoint, fixedPayload: Int, now: Instant) {
        self.init(endpoint: endpoint, upperPayload: fixedPayload, now: now)
        mtuSearch = PathMTUSearch(fixed: fixedPayload, now: now)
    }

    /// How long an answer may take before its probe counts as lost: RFC 6298 §2, and at least two round trips. An
    /// answer that comes later still counts, so this may err on the short side, which notices the dead sooner.
    package var answerTimeout: Duration {
        guard let roundTrip else { return SessionLimits.firstAnswerTimeout }
        let usual = max(roundTrip * 2, roundTrip + roundTripVariation * 4)
        let isUrgent = silences > 0 || probeInterval <= PathLimits.trafficProbeInterval
        let least = isUrgent ? PathLimits.suspectTimeout : SessionLimits.answerTimeout
        return max(least, min(usual, SessionLimits.answerTimeoutLimit))
    }

    /// What its datagrams travel by.
    package var medium: PathMedium { endpoint.medium }
    /// It answers, and may become the path.
    package var isUsable: Bool { unanswered == 0 && roundTrip != nil }
    /// It has not failed, or has answered often enough since.
    package var isSteady: Bool { !hasFailed || answers >= PathLimits.steadyAnswers }
    /// It has answered often enough to be compared.
    package var isMeasured: Bool { measurements >= PathLimits.measurements }
    /// As the path: another way takes over if there is one.
    package var isFailing: Bool { silences >= PathLimits.failingProbes }

    /// Lost liveness probes of the last 32, in percent; `nil` before any ended.
    package var lossPercent: Double? {
        lossCount == 0 ? nil : Double(losses.nonzeroBitCount) * 100 / Double(lossCount)
    }

    /// A liveness probe was answered after `sample`.
    package mutating func answered(after sample: Duration, now: Instant) {
        record(lost: false)
        heardAnswer(after: sample, now: now)
    }

    /// A liveness probe that had been given up was answered after `sample`: it was not lost, the peer is slow.
    package mutating func answeredLate(after sample: Duration, now: Instant) {
        // The newest loss was none.
        losses &= losses &- 1
        heardAnswer(after: sample, now: now)
    }

    private mutating func heardAnswer(after sample: Duration, now: Instant) {
        let least = leastRoundTrip ?? sample
        leastRoundTrip = min(sample, least + (sample - least) / 8)
        measurements = min(measurements + 1, PathLimits.measurements)
        if let known = roundTrip {
            let difference = known > sample ? known - sample : sample - known
            roundTripVariation = (roundTripVariation * 3 + difference) / 4
            // Far below, it shows what the path can do: what was measured before was a busy start.
            roundTrip = sample * 2 < known ? sample : (known * 7 + sample) / 8
            nextProbe = max(nextProbe, now + probeInterval + SessionLimits.probeTurn)
        } else {
            roundTripVariation = sample / 2
            roundTrip = sample
            // Measured while two gateways meet, it is soon measured again.
            nextProbe = max(now, min(nextProbe, now + SessionLimits.secondProbe + SessionLimits.probeTurn))
        }
        unanswered = 0
        silences = 0
        suspectSince = nil
        answers += 1
        lastHeard = now
    }

    /// A liveness probe, sent at `sent`, was lost. Returns whether the path is down: what else has come from the peer
    /// meanwhile shows that it lives, so a probe that drowned in a flood of traffic weighs less.
    package mutating func lost(sentAt sent: Instant, now: Instant) -> Bool {
        record(lost: true)
        unanswered += 1
        answers = 0
        let begin = suspectSince ?? sent
        suspectSince = begin
        if lastHeard <= sent || unanswered % SessionLimits.lostProbes == 0 { silences += 1 }
        nextProbe = now
        return now - begin >= SessionLimits.leastOutage
            && unanswered >= SessionLimits.lostProbes * (lastHeard > sent ? SessionLimits.lostProbes : 1)
    }

    /// The peer has probed us, so it lives: it is our turn a little after the interval, and then its own again. So one
    /// probe and one answer serve both ends.
    package mutating func heardProbe(now: Instant) {
        lastHeard = now
        guard unanswered == 0, roundTrip != nil else { return }
        nextProbe = max(nextProbe, now + probeInterval)
    }

    /// Something is sent over the path. After a silence it is probed at once (what is sent may well be answered), so
    /// that its end is noticed in a second or two.
    package mutating func used(now: Instant, silence: Duration = OverlayLimits.silence) {
        guard unanswered == 0, now - max(lastHeard, lastProbed) > silence else { return }
        nextProbe = min(nextProbe, now + SessionLimits.useDelay)
    }

    /// It becomes the path.
    package mutating func taken(now: Instant) {
        // Not at once: it may be taken because something was due just now.
        nextProbe = now + SessionLimits.useDelay
        mtuSearch.wait(until: nextProbe)
        lastHeard = now
    }

    /// It is not the path any more, and stays as another way.
    package func leaving(now: Instant) -> PathState {
        var left = self
        left.hasFailed = isFailing
        left.answers = 0
        left.measurements = 0
        left.nextProbe = now + PathLimits.failingStandbyInterval
        return left
    }

    /// A probe goes out now: when the next one is due.
    package mutating func probed(now: Instant) {
        lastProbed = now
        nextProbe = now + (unanswered > 0 ? SessionLimits.suspectInterval : probeInterval)
    }

    private mutating func record(lost: Bool) {
        losses = losses << 1 | (lost ? 1 : 0)
        lossCount = min(lossCount + 1, SessionLimits.lossWindow)
    }
}

// Comparing ways to one member.
extension PathState: Comparable {
    /// What it costs, as a round trip; `nil` before the first answer.
    package var cost: Duration? {
        guard let leastRoundTrip else { return nil }
        let lost =
            lossCount == 0 ? .zero : leastRoundTrip * (PathLimits.lossWeight * losses.nonzeroBitCount) / lossCount
        return leastRoundTrip + lost + mediumCost
    }

    private var mediumCost: Duration {
        switch medium {
        case .udp: .zero
        case .tcp: PathLimits.tcpCost
        case .relay: PathLimits.relayCost
        case .overlay: PathLimits.overlayCost
        }
    }

    /// Whether it is worth leaving `other` for.
    package func isClearlyBetter(than other: PathState) -> Bool {
        guard let cost, let theirs = other.cost else { return false }
        let share = PathLimits.betterShare
        return cost < theirs * share.numerator / share.denominator - PathLimits.betterMargin
    }

    /// Whether it is worth staying on, once `other` was left for it.
    package func isStillBetter(than other: PathState) -> Bool {
        guard let cost, let theirs = other.cost else { return false }
        return cost < theirs - PathLimits.betterMargin
    }

    /// The better one first: by cost, those without a measurement last.
    package static func < (lhs: PathState, rhs: PathState) -> Bool {
        switch (lhs.cost, rhs.cost) {
        case (let left?, let right?): left != right ? left < right : lhs.endpoint < rhs.endpoint
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): lhs.endpoint < rhs.endpoint
        }
    }
}
