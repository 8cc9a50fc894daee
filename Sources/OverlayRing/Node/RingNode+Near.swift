import NetworkTypes
import OrderedCollections

/// A member that may be a near neighbour on one side: linked, listed by a neighbour, or told by an answer.
struct NearCandidate {
    var distance: RingDistance
    /// Index of the link with it; -1 when there is none.
    var link: Int
    /// Index of the link whose status lists it; -1 for a hint.
    var lister: Int
    /// Where in the lister's lists (left, then right), or in the hints.
    var position: Int
}

/// What one side needs.
private struct SidePlan {
    var linked: [Int] = []
    /// Members to be linked, and over which link a request reaches them.
    var seeks: [(contact: RingContact, through: NodeAddress?)] = []
    var isSettled = true
    /// Members from here to the farthest linked one, and how far that one is.
    var count = 0
    var span: UInt64 = 0
}

// Near neighbours: chosen anew, from all that is known, whenever something changes.
extension RingNode {
    /// Chooses the near links, asks for those that are missing, tells the neighbours when the choice has changed.
    mutating func updateNear(now: Instant, effects: inout RingEffects) {
        guard !isLeaving else { return }
        var rightSide: [NearCandidate] = []
        var leftSide: [NearCandidate] = []
        gatherCandidates(right: &rightSide, left: &leftSide, now: now)
        let right = plan(rightSide, now: now)
        let left = plan(leftSide, now: now)
        let newRight = right.linked.map { links[$0].node }
        let newLeft = left.linked.map { links[$0].node }
        for index in links.indices {
            let isWanted = right.linked.contains(index) || left.linked.contains(index)
            setPurpose(.near, isWanted, at: index, now: now)
        }
        estimateSize(right: right, left: left, rightSide: rightSide, leftSide: leftSide)
        if newRight != self.right || newLeft != self.left {
            neighboursChanged(right: newRight, left: newLeft, now: now, effects: &effects)
        }
        if !isRoutable, !newRight.isEmpty, right.isSettled, left.isSettled {
            becomeRoutable(now: now, effects: &effects)
        }
        // Both sides may name the same member in a small ring: the second call finds the attempt of the first.
        for (contact, through) in right.seeks + left.seeks {
            seek(contact, for: .near, through: through, now: now, effects: &effects)
        }
        updateFarTarget(now: now)
    }

    /// A newcomer has found its place: others may route through it.
    mutating func becomeRoutable(now: Instant, effects: inout RingEffects) {
        guard !isRoutable, !right.isEmpty || !left.isEmpty else { return }
        isRoutable = true
        timers.set(.joining, nil)
        effects.append(.notice(.joined))
        for index in links.indices { links[index].owesStatus = true }
        timers.advance(.status, to: now)
        bootstrapInterval = RingLimits.bootstrapRingInterval
        timers.set(.bootstrap, now + random.jitter(around: bootstrapInterval + bootstrapShare))
        scheduleTrim(now: now)
    }

    /// What the ring's size adds to the interval between calls to the bootstrap members.
    var bootstrapShare: Duration {
        RingLimits.bootstrapShare * Int(min(estimatedSize, 1 << 20))
    }

    private mutating func neighboursChanged(
        right: [NodeAddress], left: [NodeAddress], now: Instant, effects: inout RingEffects
    ) {
        let wasAlone = self.right.isEmpty && self.left.isEmpty
        self.right = right
        self.left = left
        oweStatusToNeighbours(now: now)
        effects.append(.notice(right.isEmpty && left.isEmpty ? .isolated : .neighboursChanged))
        if right.isEmpty && left.isEmpty {
            isRoutable = false
            stabiliseInterval = RingLimits.joinInterval
            bootstrapInterval = RingLimits.bootstrapInterval
            timers.advance(.bootstrap, to: now + bootstrapInterval)
        } else {
            if wasAlone { timers.set(.joining, now + RingLimits.joiningLimit) }
            stabiliseInterval = RingLimits.stabiliseInterval
        }
        timers.advance(.stabilise, to: now + random.jitter(around: stabiliseInterval))
    }

    /// The members known on each side, nearest first, each once.
    private func gatherCandidates(
        right: inout [NearCandidate], left: inout [NearCandidate], now: Instant
    ) {
        right.reserveCapacity(RingLimits.sideWindow + 1)
        left.reserveCapacity(RingLimits.sideWindow + 1)
        func add(_ node: NodeAddress, link: Int, lister: Int, position: Int) {
            guard node != own.node else { return }
            let ahead = own.node.clockwiseDistance(to: node)
            insert(NearCandidate(distance: ahead, link: link, lister: lister, position: position), into: &right)
            insert(
                NearCandidate(distance: ahead.opposite, link: link, lister: lister, position: position), into: &left)
        }
        for index in links.indices { add(links[index].node, link: index, lister: -1, position: 0) }
        for index in links.indices {
            guard let lists = links[index].neighbours else { continue }
            var position = 0
            for listed in lists.left {
                add(listed.contact.node, link: -1, lister: index, position: position)
                position += 1
            }
            for listed in lists.right {
                add(listed.contact.node, link: -1, lister: index, position: position)
                position += 1
            }
        }
        for index in hints.indices where hints[index].expires > now {
            add(hints[index].contact.node, link: -1, lister: -1, position: index)
        }
    }

    private func insert(_ candidate: NearCandidate, into side: inout [NearCandidate]) {
        var index = side.count
        while index > 0, candidate.distance < side[index - 1].distance { index -= 1 }
        // Links are added first, so the entry that knows of the link stays.
        if index > 0, side[index - 1].distance == candidate.distance { return }
        guard index < RingLimits.sideWindow else { return }
        side.insert(candidate, at: index)
        if side.count > RingLimits.sideWindow { side.removeLast() }
    }

    /// Two linked members, and one more for each that cannot be talked to.
    private func plan(_ side: [NearCandidate], now: Instant) -> SidePlan {
        var plan = SidePlan()
        var quota = RingLimits.nearPerSide
        var pending = 0
        for (position, candidate) in side.enumerated() where plan.linked.count < quota {
            if candidate.link >= 0 {
                plan.linked.append(candidate.link)
                plan.count = position + 1
                plan.span = candidate.distance.high
                continue
            }
            let (contact, through) = contact(of: candidate)
            let attempt = attempts[contact.node]
            let isBlocked = attempt.map { !$0.isConnecting && $0.until > now } ?? false
            if let attempt, attempt.failures > 0 || isBlocked {
                // Out of reach: one more is needed in its place, while it is tried again now and then.
                quota = min(quota + 1, RingLimits.listedPerSide)
                if !isBlocked, !attempt.isConnecting { plan.seeks.append((contact, through)) }
            } else if plan.linked.count + pending < quota {
                pending += 1
                plan.isSettled = false
                plan.seeks.append((contact, through))
            }
        }
        return plan
    }

    private func contact(of candidate: NearCandidate) -> (contact: RingContact, through: NodeAddress?) {
        if candidate.link >= 0 { return (links[candidate.link].contact, nil) }
        guard candidate.lister >= 0 else {
            return (hints[candidate.position].contact, hints[candidate.position].through)
        }
        let link = links[candidate.lister]
        guard let lists = link.neighbours else { preconditionFailure("a candidate was taken from these lists") }
        let leftCount = lists.left.count
        let listed =
            candidate.position < leftCount
            ? lists.left[candidate.position] : lists.right[candidate.position - leftCount]
        return (listed.contact, link.node)
    }

    /// Members per span on both sides; where the spans meet behind us, all members are known.
    private mutating func estimateSize(
        right: SidePlan, left: SidePlan, rightSide: [NearCandidate], leftSide: [NearCandidate]
    ) {
        let (countRight, spanRight) = extended(right, clockwise: true)
        let (countLeft, spanLeft) = extended(left, clockwise: false)
        let (span, overflow) = spanRight.addingReportingOverflow(spanLeft)
        let count = countRight + countLeft
        if overflow || rightSide.count < RingLimits.nearPerSide * 2 {
            // Each side has at most `sideWindow`: enough for all of a ring that the spans go round.
            let fresh = leftSide.filter { candidate in
                !rightSide.contains { $0.distance == candidate.distance.opposite }
            }
            estimatedSize = UInt64(rightSide.count + fresh.count + 1)
        } else {
            estimatedSize = count == 0 ? 1 : HarmonicDistance.size(count: count, in: span)
        }
    }

    /// A side's count and span, carried on by the lists of its farthest link.
    private func extended(_ plan: SidePlan, clockwise: Bool) -> (Int, UInt64) {
        guard let last = plan.linked.last, let lists = links[last].neighbours else { return (plan.count, plan.span) }
        let beyond = clockwise ? lists.right : lists.left
        guard let end = beyond.last?.contact.node else { return (plan.count, plan.span) }
        let node = links[last].node
        let more = clockwise ? node.clockwiseDistance(to: end) : end.clockwiseDistance(to: node)
        let (span, overflow) = plan.span.addingReportingOverflow(more.high)
        return overflow ? (plan.count + beyond.count, .max) : (plan.count + beyond.count, span)
    }
}
