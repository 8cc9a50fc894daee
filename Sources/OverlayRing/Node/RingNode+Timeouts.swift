package import NetworkTypes

// What is due.
extension RingNode {
    /// Handles everything that is due at `now`. Early and repeated calls do nothing.
    package mutating func handleTimeout(now: Instant, effects: inout RingEffects) {
        guard !isLeaving else { return }
        // Each reason once at most: whatever comes due again by being handled has its turn at the next call.
        for reason in RingTimers.reasons {
            guard let deadline = timers.deadline(reason), deadline <= now else { continue }
            timers.set(reason, nil)
            switch reason {
            case .status: sendStatuses(now: now, effects: &effects)
            case .attempts: reviewAttempts(now: now, effects: &effects)
            case .joining: becomeRoutable(now: now, effects: &effects)
            case .stabilise: stabilise(now: now, effects: &effects)
            case .far: tendFarLinks(now: now, effects: &effects)
            case .trim: trim(now: now, effects: &effects)
            case .lostMembers: retryLost(now: now, effects: &effects)
            case .bootstrap: callBootstrap(now: now, effects: &effects)
            }
        }
    }

    /// Asks the ring who should be beside us: over a leaf link before we are in it, over any link afterwards, because a
    /// wrong neighbourhood does not know that it is wrong.
    private mutating func stabilise(now: Instant, effects: inout RingEffects) {
        let isAlone = left.isEmpty && right.isEmpty
        let ways = isAlone ? links.filter { !$0.purposes.isEmpty } : links.filter(\.isRoutable)
        let limit = isAlone ? RingLimits.joinIntervalLimit : RingLimits.stabiliseIntervalLimit
        stabiliseInterval = min(stabiliseInterval * 2, limit)
        guard !ways.isEmpty else { return }
        announce(
            through: ways[Int(random.below(UInt64(ways.count)))].node, now: now, effects: &effects)
    }

    /// Gives up leaf links that have served and shortcuts without traffic; closes what has been without purpose for
    /// long.
    private mutating func trim(now: Instant, effects: inout RingEffects) {
        for index in links.indices.reversed() {
            let link = links[index]
            if link.purposes.contains(.leaf), isRoutable, link.since + RingLimits.leafLifetime <= now {
                setPurpose(.leaf, false, at: index, now: now)
            }
            if link.purposes.contains(.shortcut), link.lastTraffic + RingLimits.shortcutIdle <= now {
                setPurpose(.shortcut, false, at: index, now: now)
            }
            guard let since = links[index].purposelessSince, since + RingLimits.trimInterval <= now else { continue }
            effects.append(.disconnect(links[index].node))
            links.remove(at: index)
        }
        updateNear(now: now, effects: &effects)
        scheduleTrim(now: now)
    }

    /// Sets the timer to the next link that may have to go.
    mutating func scheduleTrim(now: Instant) {
        var next: Instant?
        for link in links {
            var deadlines: [Instant] = []
            if let since = link.purposelessSince { deadlines.append(since + RingLimits.trimInterval) }
            if link.purposes.contains(.leaf), isRoutable { deadlines.append(link.since + RingLimits.leafLifetime) }
            if link.purposes.contains(.shortcut) { deadlines.append(link.lastTraffic + RingLimits.shortcutIdle) }
            for deadline in deadlines { next = next.map { min($0, deadline) } ?? deadline }
        }
        timers.set(.trim, next)
    }
}
