import NetworkTypes
import OrderedCollections

// Far links: Symphony's harmonic draw decides where, the round trip decides which of two.
extension RingNode {
    /// Whether this member carries another far link of somebody else's.
    var acceptsFar: Bool {
        let incoming = links.reduce(0) { $0 + ($1.theirPurposes.contains(.far) ? 1 : 0) }
        return incoming < RingLimits.incomingFar(own: max(farTarget, 2))
    }

    /// The ring's size has been reckoned anew: more slots at once, fewer only when the size has clearly shrunk.
    mutating func updateFarTarget(now: Instant) {
        let isSmall = estimatedSize < RingLimits.farFromSize
        let count = isSmall || !isRoutable ? 0 : HarmonicDistance.farLinkCount(for: estimatedSize)
        if count > farTarget || count == 0 || count + 1 < farTarget { farTarget = count }
        while farSlots.count > farTarget {
            let slot = farSlots.removeLast()
            if let node = slot.node { dropFar(node, now: now) }
            if let rival = slot.rival { dropFar(rival, now: now) }
        }
        while farSlots.count < farTarget {
            let begin = now + .milliseconds(250) * farSlots.count
            farSlots.append(FarSlot(nextAction: begin))
            timers.advance(.far, to: begin)
        }
    }

    /// Fills empty slots, ends comparisons, begins new ones.
    mutating func tendFarLinks(now: Instant, effects: inout RingEffects) {
        for index in farSlots.indices where farSlots[index].nextAction <= now {
            if farSlots[index].rival != nil {
                endComparison(at: index, now: now)
            } else {
                searchFar(at: index, now: now, effects: &effects)
            }
        }
        timers.set(.far, farSlots.map(\.nextAction).min())
    }

    private mutating func searchFar(at index: Int, now: Instant, effects: inout RingEffects) {
        let isEmpty = farSlots[index].node == nil
        let interval = isEmpty ? farSlots[index].retryInterval : farSlots[index].rivalInterval
        if isEmpty { farSlots[index].retryInterval = min(interval * 2, RingLimits.farIntervalLimit) }
        farSlots[index].nextAction = now + random.jitter(around: interval)
        // Half of the drawn distance on either side: links work both ways, so nothing is farther than half the ring.
        let drawn = HarmonicDistance.draw(size: estimatedSize, random: &random)
        let half = RingDistance(high: drawn.high >> 1, middle: drawn.middle, low: drawn.low)
        let way = random.chance(1, in: 2) ? half : half.opposite
        let target = own.node.advanced(by: way)
        request(target, mode: .nearest, purposes: .far, through: nil, now: now, effects: &effects)
        farSlots[index].token = requests.last?.token
    }

    /// Somebody near the drawn place takes us, and names its neighbours. One of those is asked to be its rival, so that
    /// no side is preferred, or to be there in its place when it is linked already. Who carries enough far links of
    /// others answers nothing, and is not dialled.
    mutating func farAnswered(
        _ response: ConnectResponse, token: UInt32, now: Instant, effects: inout RingEffects
    ) {
        guard let index = farSlots.firstIndex(where: { $0.token == token }) else { return }
        farSlots[index].token = nil
        let isTaken = mayBecomeFar(response.contact)
        let needsRival = !isTaken || farSlots[index].node == nil
        if isTaken { take(response.contact, at: index, now: now, effects: &effects) }
        guard needsRival else { return }
        let others = response.neighbours.filter(mayBecomeFar)
        guard !others.isEmpty else { return }
        let asked = others[Int(random.below(UInt64(others.count)))]
        request(asked.node, mode: .exact, purposes: .far, through: nil, now: now, effects: &effects)
        farSlots[index].token = requests.last?.token
    }

    private func mayBecomeFar(_ contact: RingContact) -> Bool {
        guard contact.node != own.node, attempts[contact.node] == nil else { return false }
        return !(linkIndex(of: contact.node).map { links[$0].isNear || links[$0].purposes.contains(.far) } ?? false)
    }

    /// Links with who has agreed: as the slot's holder, or as the rival of that.
    private mutating func take(
        _ contact: RingContact, at index: Int, now: Instant, effects: inout RingEffects
    ) {
        if farSlots[index].node == nil {
            farSlots[index].node = contact.node
            farSlots[index].nextAction = now + random.jitter(around: RingLimits.rivalInterval)
        } else {
            farSlots[index].rival = contact.node
            farSlots[index].nextAction = now + RingLimits.rivalLimit
        }
        timers.advance(.far, to: farSlots[index].nextAction)
        if let link = linkIndex(of: contact.node) {
            setPurpose(.far, true, at: link, now: now)
        } else {
            // It is dialling too.
            dial(contact, for: .far, now: now, effects: &effects)
        }
    }

    /// A far link or a rival has broken, or could not be linked.
    mutating func farMemberLost(_ node: NodeAddress, now: Instant) {
        for index in farSlots.indices {
            if farSlots[index].rival == node { farSlots[index].rival = nil }
            guard farSlots[index].node == node else { continue }
            farSlots[index].node = farSlots[index].rival
            farSlots[index].rival = nil
            farSlots[index].retryInterval = RingLimits.farInterval
            if farSlots[index].node == nil {
                farSlots[index].nextAction = now + random.jitter(around: RingLimits.farInterval)
                timers.advance(.far, to: farSlots[index].nextAction)
            }
        }
    }

    /// The quicker one stays. Where one has no round trip, the other stays; the holder wins a draw.
    private mutating func endComparison(at index: Int, now: Instant) {
        guard let rival = farSlots[index].rival else { return }
        let holder = farSlots[index].node
        farSlots[index].rival = nil
        let rivalWins: Bool
        switch (holder.flatMap { roundTrip($0) }, roundTrip(rival)) {
        case (let old?, let new?): rivalWins = new < old
        case (nil, .some): rivalWins = true
        case (.some, nil), (nil, nil): rivalWins = false
        }
        if rivalWins {
            farSlots[index].node = rival
            farSlots[index].rivalInterval = RingLimits.rivalInterval
        } else {
            farSlots[index].rivalInterval = min(
                farSlots[index].rivalInterval * 2, RingLimits.rivalIntervalLimit)
        }
        if let loser = rivalWins ? holder : rival { dropFar(loser, now: now) }
        farSlots[index].nextAction = now + random.jitter(around: farSlots[index].rivalInterval)
    }

    private mutating func dropFar(_ node: NodeAddress, now: Instant) {
        attempts[node]?.purposes.remove(.far)
        if let index = linkIndex(of: node) { setPurpose(.far, false, at: index, now: now) }
    }

    private func roundTrip(_ node: NodeAddress) -> Duration? {
        linkIndex(of: node).flatMap { links[$0].roundTrip }
    }
}
