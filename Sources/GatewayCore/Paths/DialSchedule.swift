package import NetworkTypes

/// When it is next tried to reach somebody, directly or at all: at first soon, then more and more rarely, for ever.
///
///     idle --begin--> planned --attempted--> planned, later each time
///       ^              |   ^--- restart: something has changed
///       +-- succeeded -+
///
/// Whoever is tried in vain costs traffic, so the intervals double; whatever may have made a way makes them begin anew.
package struct DialSchedule: Equatable {
    /// How rare the attempts become.
    package enum Pace {
        /// Nobody has answered: rarer still once it has been tried `DialLimits.silentAttempts` times.
        case unreached
        /// It must not take long: an address that an operator has named, or a detour that packets take.
        case steady
        /// There is another path, which nobody uses just now.
        case served
    }

    /// When the next attempt is due; `nil` while none is to be.
    package private(set) var next: Instant?
    /// Attempts in a row without success.
    package private(set) var attempts = 0

    /// Nothing is planned unless there is a time for the first attempt.
    package init(first: Instant? = nil) { next = first }

    /// Hardly anybody is there: an attempt is to cost little.
    package var isSparing: Bool { attempts > DialLimits.eagerAttempts }

    /// Plans an attempt if none is planned.
    package mutating func begin(at first: Instant) { next = next ?? first }

    /// An attempt is due by then, and the next ones at the intervals that have been reached.
    package mutating func hasten(to time: Instant) { next = min(next ?? time, time) }

    /// An attempt that is planned is due then, be that sooner or later.
    package mutating func postpone(to time: Instant) { next = next.map { _ in time } }

    /// Something has changed that may have made a way: the intervals begin anew.
    package mutating func restart(at first: Instant) {
        attempts = 0
        next = first
    }

    /// The same when it says little of this one: while the intervals are still short all stays as it is. So changes
    /// that do not end make no more of it than `DialLimits.eagerAttempts` and one attempts each time.
    package mutating func refresh(at first: Instant) {
        guard isSparing, let next else { return }
        restart(at: min(first, next))
    }

    /// The intervals begin anew with the next attempt, whenever it comes.
    package mutating func forgetFailures() { attempts = 0 }

    /// An attempt begins now: plans the one after it.
    package mutating func attempted(pace: Pace, now: Instant, random: inout SeededRandom) {
        let limit =
            switch pace {
            case .unreached: attempts >= DialLimits.silentAttempts ? DialLimits.rareInterval : DialLimits.interval
            case .steady: DialLimits.interval
            case .served: DialLimits.rareInterval
            }
        let doubled = DialLimits.firstInterval * (1 << min(attempts, DialLimits.doublings))
        attempts += 1
        next = now + random.jitter(around: min(doubled, limit))
    }

    /// It is reached, as well as it can be.
    package mutating func succeeded() { self = DialSchedule() }

    /// It is not wanted for the time being.
    package mutating func suspend() { next = nil }
}
