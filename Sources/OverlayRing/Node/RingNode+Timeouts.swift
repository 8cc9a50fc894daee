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
            case .attempts: reviewAttempts(now: now, effects: &effects)
            case .joining: becomeRoutable(now: now, effects: &effects)
            case .stabilise: stabilise(now: now, effects: &effects)
            case .far: tendFarLinks(now: now, effects: &effects)
            case .trim: trim(now: now, effects: &effects)
            case .lostMembers: retryLost(now: now, effects: &effects)
            case .bootstrap: callBootstrap(now: now, effects: &effects)
            case .status: sendStatuses(now: now, effects: &effects)
            }
        }
    }

    /// Asks the ring who should be beside us: over a leaf link before we are in it, over any link afterwards, because a
    /// wrong neighbourhood does not know that it is wrong.
    private mutating func stabilise(now: Instant, effects: inout RingEffects) {
        let isAlone = left.isEmpty && right.isEmpty
        var ways: [NodeAddress] = []
        for index in links.indices where isAlone ? !links[index].purposes.isEmpty : links[index].isRoutable {
            ways.append(links[index].contact.node)
        }
        let limit = isAlone ? RingLimits.joinIntervalLimit : RingLimits.stabiliseIntervalLimit
        stabiliseInterval = min(stabiliseInterval * (isAlone ? 2 : 4), limit)
        guard !ways.isEmpty else { return }
        let way = ways[Int(random.below(UInt64(ways.count)))]
        // In the ring one side at a time: its answer names the neighbours on both.
        let side: DeliveryMode = random.chance(1, in: 2) ? .successor : .predecessor
        announce(isAlone ? [.successor, .predecessor] : [side], through: way, now: now, effects: &effects)
    }

    /// Gives up leaf links that have served and shortcuts without traffic; closes what has been without purpose for
    /// long.
    private mutating func trim(now: Instant, effects: inout RingEffects) {
        var hasClosed = false
        for index in links.indices.reversed() {
            let purposes = links[index].purposes
            if purposes.contains(.leaf), isRoutable, links[index].since + RingLimits.leafLifetime <= now {
                setPurpose(.leaf, false, at: index, now: now)
            }
            if purposes.contains(.shortcut), links[index].lastTraffic + RingLimits.shortcutIdle <= now {
                setPurpose(.shortcut, false, at: index, now: now)
            }
            guard let since = links[index].purposelessSince, since + RingLimits.trimInterval <= now else { continue }
            effects.append(.disconnect(links[index].node))
            removeLink(at: index)
            hasClosed = true
        }
        if hasClosed {
            giveBackRoom(now: now)
            updateNear(now: now, effects: &effects)
        }
        scheduleTrim(now: now)
    }

    /// What a time of much change has left behind.
    private mutating func giveBackRoom(now: Instant) {
        if links.capacity > links.count + links.count / 2 + 4 {
            var fewer: [RingLink] = []
            fewer.reserveCapacity(links.count + 2)
            fewer.append(contentsOf: links)
            links = fewer
        }
        if hints.allSatisfy({ $0.expires <= now }) { hints = [] }
        if requests.allSatisfy({ $0.expires <= now }) { requests = [] }
    }

    /// Sets the timer to the next link that may have to go.
    mutating func scheduleTrim(now: Instant) {
        var next: Instant?
        func consider(_ deadline: Instant) { next = min(next ?? deadline, deadline) }
        for index in links.indices {
            if let since = links[index].purposelessSince { consider(since + RingLimits.trimInterval) }
            let purposes = links[index].purposes
            if purposes.contains(.leaf), isRoutable { consider(links[index].since + RingLimits.leafLifetime) }
            if purposes.contains(.shortcut) { consider(links[index].lastTraffic + RingLimits.shortcutIdle) }
        }
        timers.set(.trim, next)
    }
}
