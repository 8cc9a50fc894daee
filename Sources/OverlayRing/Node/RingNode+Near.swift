import NetworkTypes
import OrderedCollections

/// A member that may be a near neighbour on one side: linked, listed by a neighbour, or told by an answer.
struct NearCandidate {
    var distance: RingDistance
    /// Index of the link with it; -1 when there is none.
    var link: Int16
    /// Index of the link whose status lists it; -1 for a hint.
    var lister: Int16
    /// Where in the lister's lists (left, then right), or in the hints.
    var position: Int16
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
        heardReach = gatherCandidates(right: &rightSide, left: &leftSide, now: now)
        let right = plan(rightSide, now: now)
        let left = plan(leftSide, now: now)
        for index in links.indices {
            let isWanted = right.linked.contains(index) || left.linked.contains(index)
            if links[index].purposes.contains(.near) != isWanted {
                setPurpose(.near, isWanted, at: index, now: now)
            }
        }
        estimateSize(right: right, left: left, rightSide: rightSide, leftSide: leftSide)
        if !isSide(self.right, right.linked) || !isSide(self.left, left.linked) {
            neighboursChanged(
                right: right.linked.map { links[$0].node }, left: left.linked.map { links[$0].node }, now: now,
                effects: &effects)
        }
        if !isRoutable, !right.linked.isEmpty, right.isSettled, left.isSettled {
            becomeRoutable(now: now, effects: &effects)
        }
        // Both sides may name the same member in a small ring: the second call finds the attempt of the first.
        for (contact, through) in right.seeks {
            seek(contact, for: .near, through: through, now: now, effects: &effects)
        }
        for (contact, through) in left.seeks {
            seek(contact, for: .near, through: through, now: now, effects: &effects)
        }
        updateFarTarget(now: now)
    }

    /// Whether a member could be among the near ones: `false` when both sides have all they need and it is farther
    /// away.
    func mayBeNear(_ node: NodeAddress) -> Bool {
        guard isRoutable, left.count >= RingLimits.nearPerSide, right.count >= RingLimits.nearPerSide,
            let farthestLeft = left.last, let farthestRight = right.last
        else { return true }
        let ahead = own.node.clockwiseDistance(to: node)
        return ahead <= own.node.clockwiseDistance(to: farthestRight)
            || ahead.opposite <= farthestLeft.clockwiseDistance(to: own.node)
    }

    /// Whether a side's near links are those at these places.
    private func isSide(_ side: [NodeAddress], _ indices: [Int]) -> Bool {
        guard side.count == indices.count else { return false }
        for position in side.indices where links[indices[position]].contact.node != side[position] { return false }
        return true
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

    /// The members known on each side, nearest first, each once. Returns how far the farthest listed one is.
    private func gatherCandidates(
        right: inout [NearCandidate], left: inout [NearCandidate], now: Instant
    ) -> UInt64 {
        right.reserveCapacity(RingLimits.sideWindow + 1)
        left.reserveCapacity(RingLimits.sideWindow + 1)
        let center = own.node
        var reach: UInt64 = 0
        func add(_ node: NodeAddress, link: Int = -1, lister: Int = -1, position: Int = 0) {
            guard node != center else { return }
            var candidate = NearCandidate(
                distance: center.clockwiseDistance(to: node), link: Int16(truncatingIfNeeded: link),
                lister: Int16(truncatingIfNeeded: lister), position: Int16(truncatingIfNeeded: position))
            insert(candidate, into: &right)
            let behind = candidate.distance.opposite
            if lister >= 0 { reach = max(reach, min(candidate.distance.high, behind.high)) }
            candidate.distance = behind
            insert(candidate, into: &left)
        }
        for index in links.indices { add(links[index].contact.node, link: index) }
        for index in links.indices {
            guard let members = links[index].heard?.members else { continue }
            for position in members.indices { add(members[position].node, lister: index, position: position) }
        }
        for index in hints.indices where hints[index].expires > now {
            add(hints[index].contact.node, position: index)
        }
        return reach
    }

    private func insert(_ candidate: NearCandidate, into side: inout [NearCandidate]) {
        var index = side.count
        // Most of what a member knows is too far away.
        if index == RingLimits.sideWindow, !(candidate.distance < side[index - 1].distance) { return }
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
                plan.linked.append(Int(candidate.link))
                plan.count = position + 1
                plan.span = candidate.distance.high
                continue
            }
            let attempt = attempts.isEmpty ? nil : attempts[node(of: candidate)]
            let isBlocked = attempt.map { !$0.isConnecting && $0.until > now } ?? false
            if let attempt, attempt.failures > 0 || isBlocked {
                // Out of reach: one more is needed in its place, while it is tried again now and then.
                quota = min(quota + 1, RingLimits.listedPerSide)
                if !isBlocked, !attempt.isConnecting { plan.seeks.append(contact(of: candidate)) }
            } else if plan.linked.count + pending < quota {
                pending += 1
                plan.isSettled = false
                // An attempt that is under way for this needs no word.
                if !(attempt?.purposes.contains(.near) ?? false) { plan.seeks.append(contact(of: candidate)) }
            }
        }
        return plan
    }

    private func node(of candidate: NearCandidate) -> NodeAddress {
        let position = Int(candidate.position)
        guard candidate.lister >= 0, let heard = links[Int(candidate.lister)].heard else {
            return hints[position].contact.node
        }
        return heard.members[position].node
    }

    /// The contact of a member without a link, and over which link a request reaches it.
    private func contact(of candidate: NearCandidate) -> (contact: RingContact, through: NodeAddress?) {
        let position = Int(candidate.position)
        guard candidate.lister >= 0 else { return (hints[position].contact, hints[position].through) }
        let lister = Int(candidate.lister)
        guard let heard = links[lister].heard else {
            preconditionFailure("a candidate was taken from these lists")
        }
        return (heard.contact(at: position), links[lister].contact.node)
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
        guard let last = plan.linked.last, let heard = links[last].heard,
            let farthest = heard.farthest(clockwise: clockwise)
        else { return (plan.count, plan.span) }
        let node = links[last].node
        let end = heard.members[farthest].node
        let more = clockwise ? node.clockwiseDistance(to: end) : end.clockwiseDistance(to: node)
        let (span, overflow) = plan.span.addingReportingOverflow(more.high)
        let count = plan.count + (clockwise ? heard.members.count - Int(heard.leftCount) : Int(heard.leftCount))
        return (count, overflow ? .max : span)
    }
}
