package import NetworkTypes

/// When to apply which step of a plan, so that another program that keeps undoing our work is not fought at full speed.
///
///     wanted --review: step--> due --applied--> standing --review: step again--> vanished
///                               ^                  |                                |
///                               |                  +-- stood for `steadyTime`: forget the count
///                               +--------- delay: 0, 1 s, 2 s, 4 s ... 60 s --------+
///
/// An item that vanishes for the first time is restored at once. A step that fails waits like one that was undone.
package struct RestoreSchedule: Sendable {
    private var records: [HostNetworkItem: RestoreRecord] = [:]
    /// Removals that were due lately; they are not among a plan's targets.
    private var removals: [HostNetworkItem] = []
    /// Pins that should stand and do not.
    private var waitingPins: [IPPrefix] = []

    package init() {}

    /// When `review` has to be called again although nothing happened; `nil` when nothing waits.
    package private(set) var nextDeadline: Instant?

    /// The steps of `plan` to apply now, in its order. Call it with every new plan, then tell the outcome of each step
    /// by `applied` or `failed`.
    package mutating func review(_ plan: HostNetworkPlan, now: Instant) -> [HostNetworkStep] {
        forgetUnwanted(plan, now: now)
        var missing: Set<HostNetworkItem> = []
        for step in plan.steps { missing.insert(step.item) }
        for target in plan.targets where !missing.contains(target.item) {
            records[target.item]?.stands(since: now)
        }
        var due: [HostNetworkStep] = []
        nextDeadline = nil
        waitingPins = []
        for step in plan.steps {
            guard var record = records[step.item] else { preconditionFailure("every step got a record above") }
            if record.isStanding { record.vanished(now: now) }
            if record.notBefore <= now {
                record.history.nextAttempt = nil
                due.append(step)
            } else {
                wait(for: step, until: record.notBefore)
                record.history.nextAttempt = record.notBefore
            }
            records[step.item] = record
        }
        return due.filter(mayApply)
    }

    /// Whether a due step may be applied now. Ask before each one: a pin that failed a moment ago keeps the routes that
    /// cover its address from being added until it stands.
    package func mayApply(_ step: HostNetworkStep) -> Bool {
        guard case .addRoute(let route, _, .overlay) = step else { return true }
        return !waitingPins.contains { route.prefix.covers($0) }
    }

    /// The kernel took the step.
    package mutating func applied(_ step: HostNetworkStep, now: Instant) {
        guard var record = records[step.item] else { return }
        record.stands(since: now)
        if record.history.vanishCount > 0 { record.history.lastRestored = now }
        record.history.failure = nil
        records[step.item] = record
    }

    /// The kernel refused the step, for the reason `text`; it is tried again later, see `nextDeadline`.
    package mutating func failed(_ step: HostNetworkStep, because text: String, now: Instant) {
        guard var record = records[step.item] else { return }
        record.setBack(now: now, firstDelay: RestoreLimits.firstDelay)
        record.history.failure = text
        record.history.nextAttempt = record.notBefore
        records[step.item] = record
        wait(for: step, until: record.notBefore)
    }

    /// The kernel told that somebody took `item` away; `program` is who, when it told that too.
    package mutating func noteRemoval(of item: HostNetworkItem, by program: String?, now: Instant) {
        guard records[item]?.isStanding == true else { return }
        records[item]?.history.lastRemover = program
    }

    /// What happened to an item so far; `nil` when it is not wanted.
    package func history(of item: HostNetworkItem) -> RestoreHistory? {
        records[item]?.history
    }

    /// The verdict with what is known from the past: why it is missing, or that it was missing a moment ago.
    package func enrich(_ verdict: RouteVerdict, key: RouteKey) -> RouteVerdict {
        guard verdict.state == .missing, let history = history(of: .route(key)) else { return verdict }
        if let failure = history.failure {
            return RouteVerdict(wanted: verdict.wanted, state: .missing, reason: .kernelRefused(failure))
        }
        guard history.vanishCount > 0 else { return verdict }
        return RouteVerdict(
            wanted: verdict.wanted, state: .missing, reason: .removedByAnotherProgram(history.lastRemover))
    }

    private mutating func wait(for step: HostNetworkStep, until deadline: Instant) {
        nextDeadline = min(nextDeadline ?? deadline, deadline)
        if case .pin(let key) = step.item { waitingPins.append(key.prefix) }
    }

    /// Drops records of what is no longer wanted, and gives one to what is newly wanted.
    private mutating func forgetUnwanted(_ plan: HostNetworkPlan, now: Instant) {
        var kept: [HostNetworkItem: RestoreRecord] = [:]
        kept.reserveCapacity(plan.targets.count)
        for target in plan.targets {
            if let record = records[target.item], record.target == target {
                kept[target.item] = record
            } else {
                kept[target.item] = RestoreRecord(target: target)
            }
        }
        var removals: [HostNetworkItem] = []
        for item in self.removals {
            guard let record = records[item], let since = record.standsSince, now - since < RestoreLimits.steadyTime
            else { continue }
            // Wanted again, so that it is there is our own doing.
            if case .unwantedRoute(let key) = item, kept[.route(key)] != nil || kept[.pin(key)] != nil { continue }
            kept[item] = record
            removals.append(item)
        }
        for step in plan.steps where step.isRemoval && kept[step.item] == nil {
            kept[step.item] = records[step.item] ?? RestoreRecord(target: step)
            removals.append(step.item)
        }
        self.removals = removals
        records = kept
    }
}

/// What is known of one item.
private struct RestoreRecord {
    /// The step that makes the item from nothing; another one means that something else is wanted now.
    var target: HostNetworkStep
    var history = RestoreHistory()
    var isStanding = false
    /// Since when it stands without a break.
    var standsSince: Instant?
    /// Disappearances and failures in a row.
    var setbacks = 0
    var notBefore = Instant(nanoseconds: 0)

    /// A pin's absence sends peers' datagrams into the overlay, so it never waits long.
    private var longestDelay: Duration {
        if case .pin = target.item { RestoreLimits.longestPinDelay } else { RestoreLimits.longestDelay }
    }

    mutating func stands(since now: Instant) {
        if !isStanding { standsSince = now }
        isStanding = true
        history.nextAttempt = nil
        if let standsSince, now - standsSince >= RestoreLimits.steadyTime { setbacks = 0 }
    }

    mutating func vanished(now: Instant) {
        if let standsSince, now - standsSince >= RestoreLimits.steadyTime { setbacks = 0 }
        history.vanishCount += 1
        history.lastVanished = now
        setBack(now: now, firstDelay: .zero)
    }

    /// Waits twice as long as the last time; `firstDelay` the first time.
    mutating func setBack(now: Instant, firstDelay: Duration) {
        isStanding = false
        standsSince = nil
        setbacks += 1
        guard setbacks > 1 else {
            notBefore = now + firstDelay
            return
        }
        let doublings = min(setbacks - 2, RestoreLimits.mostDoublings)
        notBefore = now + min(RestoreLimits.firstDelay * (1 << doublings), longestDelay)
    }
}

/// The pace of restoring.
package enum RestoreLimits {
    /// The delay before the second restore in a row.
    package static let firstDelay = Duration.seconds(1)
    package static let longestDelay = Duration.seconds(60)
    package static let longestPinDelay = Duration.seconds(1)
    /// What stood this long counts as never having vanished.
    package static let steadyTime = Duration.seconds(60)
    /// 1 s doubled six times is over `longestDelay`.
    static let mostDoublings = 6
}

/// How often, when and by whom an item was taken away.
package struct RestoreHistory: Equatable, Sendable {
    package var vanishCount = 0
    package var lastVanished: Instant?
    /// When it was put back after it had vanished.
    package var lastRestored: Instant?
    /// The program that removed it last, where the kernel told.
    package var lastRemover: String?
    /// Why the last attempt failed; `nil` when it did not.
    package var failure: String?
    /// When it is tried again; `nil` when nothing waits.
    package var nextAttempt: Instant?

    package init() {}
}
