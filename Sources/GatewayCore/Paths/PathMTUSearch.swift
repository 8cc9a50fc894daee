package import NetworkTypes

/// Finds the largest datagram that a path carries, by padded probes: RFC 8899 (DPLPMTUD).
///
///     searching --window closed--> complete --raise timer--> searching
///         ^                            |
///         +----- confirmation lost ----+   (falls back to the base size)
///
/// All sizes are payloads: the bytes inside one sealed datagram.
package struct PathMTUSearch: Equatable {
    /// The largest size that has been answered; what traffic may use.
    package private(set) var confirmed: Int
    /// The size that the interface allows.
    private var upper: Int
    /// The smallest size known not to pass; `upper + 1` before any failed.
    private var failed: Int
    private var attempts = 0
    private var nextProbe: Instant
    private var raiseAt: Instant

    /// Begins at the base size, with `upper` as what the interface allows.
    package init(upper: Int, now: Instant) {
        confirmed = min(SessionLimits.basePayload, upper)
        self.upper = upper
        failed = upper + 1
        nextProbe = now
        raiseAt = now + SessionLimits.mtuRaiseInterval
    }

    /// A size that needs no search.
    package init(fixed size: Int, now: Instant) {
        self.init(upper: size, now: now)
        confirmed = size
    }

    /// Whether the size is known to within the granularity.
    package var isComplete: Bool { failed - confirmed <= SessionLimits.mtuGranularity || confirmed == upper }

    /// When `probe(now:)` wants to be asked next.
    package var deadline: Instant { nextProbe }

    /// The size to probe now, if one is due. The caller says later what became of it.
    package mutating func probe(now: Instant, timeout: Duration) -> Int? {
        guard now >= nextProbe else { return nil }
        if isComplete, now >= raiseAt {
            failed = upper + 1
            raiseAt = now + SessionLimits.mtuRaiseInterval
        }
        nextProbe = now + timeout
        if isComplete { return confirmed }
        // The whole interface size first: most paths carry it. Then halves of what is open.
        return failed > upper ? upper : (confirmed + failed) / 2
    }

    /// A probe of `size` was answered. Returns whether traffic may now use more.
    package mutating func answered(_ size: Int, now: Instant, busy: Bool) -> Bool {
        attempts = 0
        let grew = size > confirmed
        if grew { confirmed = min(size, upper) }
        if failed <= confirmed { failed = upper + 1 }
        let pause = busy ? SessionLimits.mtuConfirmInterval : SessionLimits.mtuIdleConfirmInterval
        nextProbe = isComplete ? now + pause : now
        return grew
    }

    /// A probe of `size` was lost. Returns whether traffic must now use less.
    package mutating func lost(_ size: Int, now: Instant) -> Bool {
        nextProbe = min(nextProbe, now)
        attempts += 1
        guard attempts >= SessionLimits.mtuProbeAttempts else { return false }
        attempts = 0
        if size > confirmed {
            failed = min(failed, size)
            return false
        }
        return fallBack(below: size, now: now)
    }

    /// The kernel or the path says that `size` does not pass.
    package mutating func tooBig(_ size: Int, now: Instant) -> Bool {
        attempts = 0
        if size > confirmed {
            failed = min(failed, size)
            return false
        }
        return fallBack(below: size, now: now)
    }

    /// Another interface size: begins anew when it is smaller, raises when it is larger.
    package mutating func setUpper(_ size: Int, now: Instant) {
        guard size != upper else { return }
        self = PathMTUSearch(upper: size, now: now)
    }

    /// Nothing is probed before `instant`.
    package mutating func wait(until instant: Instant) { nextProbe = max(nextProbe, instant) }

    /// Traffic flows: a confirmation is due soon.
    package mutating func trafficFlows(now: Instant) {
        if isComplete { nextProbe = min(nextProbe, now + SessionLimits.mtuConfirmInterval) }
    }

    private mutating func fallBack(below size: Int, now: Instant) -> Bool {
        let before = confirmed
        confirmed = min(SessionLimits.basePayload, upper)
        failed = size > confirmed ? size : upper + 1
        nextProbe = now
        return confirmed < before
    }
}
