import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayRing
import OverlayStore

extension Gateway {
    /// When to call `handleTimeout` next, and what for. Ask again after every input.
    package var nextWakeup: Wakeup? {
        guard !isStopping else { return nil }
        var earliest = Wakeup(deadline: publishAt, reason: .publish)
        func consider(_ candidate: Wakeup?) {
            guard let candidate, candidate.deadline < earliest.deadline else { return }
            earliest = candidate
        }
        consider(memberClock.next()?.wakeup)
        consider(runDeadlines.running.map { Wakeup(deadline: $0, reason: .handshake) })
        for target in bootstrap where callsBootstrapItself && needsDial(target) {
            consider(target.dials.next.map { Wakeup(deadline: $0, reason: .bootstrap) })
        }
        consider(directory.nextExpiry.map { Wakeup(deadline: $0, reason: .expiry) })
        consider(shelf.deadline.map { Wakeup(deadline: $0, reason: .publication) })
        consider(queryDeadline.map { Wakeup(deadline: $0, reason: .echoTimeout) })
        consider(selectAt.map { Wakeup(deadline: $0, reason: .routes) })
        consider(Wakeup(deadline: reviewAt, reason: .review))
        consider(store.nextWakeup.map { Wakeup(deadline: $0.deadline, reason: .store) })
        consider(claimAt.map { Wakeup(deadline: $0, reason: .store) })
        consider(hosts.deadline.map { Wakeup(deadline: $0, reason: .hosts) })
        consider(recheckAt.map { Wakeup(deadline: $0, reason: .store) })
        if store.isReady { consider(proofs.deadline.map { Wakeup(deadline: $0, reason: .store) }) }
        consider(ring.nextWakeup.map { Wakeup(deadline: $0.deadline, reason: .ring) })
        return earliest
    }

    /// Does everything that is due at `now`. Early and repeated calls do nothing.
    package mutating func handleTimeout(now: Instant, unixSeconds: Int64, effects: inout GatewayEffects) {
        self.unixSeconds = unixSeconds
        guard !isStopping else { return }
        handshakeTimeouts(now: now, effects: &effects)
        expireDirectory(now: now, effects: &effects)
        memberTimeouts(now: now, effects: &effects)
        queryTimeouts(now: now, effects: &effects)
        publicationTimeouts(now: now, effects: &effects)
        if let due = ring.nextWakeup, due.deadline <= now {
            inRing(now: now, effects: &effects) { $0.handleTimeout(now: now, effects: &$1) }
        }
        storeTimeouts(now: now, effects: &effects)
        hostTimeouts(now: now, effects: &effects)
        // Whom a lease or a host waits for since just now is dialled now.
        memberTimeouts(now: now, effects: &effects)
        reviewSessions(now: now, effects: &effects)
        // Last of those that open and close sessions: a bootstrap member whose session has just gone is dialled now.
        if callsBootstrapItself { dialBootstrap(now: now, effects: &effects) }
        if publishAt <= now { publish(now: now, effects: &effects) }
        if selectAt.map({ $0 <= now }) ?? false { selectRoutes(now: now, effects: &effects) }
    }

    private mutating func memberTimeouts(now: Instant, effects: inout GatewayEffects) {
        // Each once at most for each that is due: what is due again at once has its turn at the next call.
        for _ in 0..<members.count {
            guard let due = memberClock.next(), due.wakeup.deadline <= now, let member = members[due.node] else {
                break
            }
            memberTimeouts(member, now: now, effects: &effects)
        }
    }

    private mutating func storeTimeouts(now: Instant, effects: inout GatewayEffects) {
        storeMayBeReady(now: now, effects: &effects)
        if let due = recheckAt, due <= now {
            recheckAt = nil
            store.recheckAll(now: now)
        }
        if let due = store.nextWakeup, due.deadline <= now {
            inStore(now: now, effects: &effects) { $0.handleTimeout(now: now, members: $1, effects: &$2) }
        }
        proveLeases(now: now, effects: &effects)
        if let due = claimAt, due <= now { reviewClaims(now: now, effects: &effects) }
        publishClaims(now: now, effects: &effects)
    }

    private mutating func memberTimeouts(_ member: Member, now: Instant, effects: inout GatewayEffects) {
        guard let due = member.nextWakeup, due.deadline <= now else { return }
        probeTimeouts(of: member, now: now, effects: &effects)
        confirmGenerations(of: member, now: now, effects: &effects)
        retireGenerations(of: member, now: now, effects: &effects)
        if let copy = member.copy, copy.deadline <= now {
            let step = member.copy!.timedOut(now: now)
            carryOut(step, with: member, now: now, effects: &effects)
        }
        if let path = member.path {
            if path.nextProbe <= now {
                member.path?.probeInterval = probeInterval(of: member, now: now)
                member.path?.probed(now: now)
                sendProbe(to: member, purpose: .liveness, now: now, effects: &effects)
            }
            probeMTU(of: member, now: now, effects: &effects)
            rekeyIfDue(of: member, now: now, effects: &effects)
            probeStandbys(of: member, now: now, effects: &effects)
            if let at = member.pathReviewAt, at <= now { reviewPath(of: member, now: now, effects: &effects) }
        }
        if let at = member.dials.next, at <= now { dialMember(member, now: now, effects: &effects) }
        if let at = member.overlayDial, at <= now {
            dialOverlay(to: member, now: now, effects: &effects)
        }
        if let until = member.needs.soughtUntil, until <= now {
            seekFailed(with: member, now: now, effects: &effects)
        }
    }

    /// Asks whether a larger datagram, or still the largest, gets through, if that is due.
    mutating func probeMTU(of member: Member, now: Instant, effects: inout GatewayEffects) {
        guard let path = member.path, path.medium.hasMTU, path.mtuSearch.deadline <= now,
            let size = member.path?.mtuSearch.probe(now: now, timeout: path.answerTimeout)
        else { return }
        sendProbe(to: member, purpose: .mtu(payload: size), now: now, effects: &effects)
    }

    /// How often a path is probed when nothing is wrong: what only serves as a far link is probed when it is used.
    func probeInterval(of member: Member, now: Instant) -> Duration {
        if let at = member.trafficAt, now - at < PathLimits.trafficProbeInterval * 2 {
            return PathLimits.trafficProbeInterval
        }
        guard member.needs.isLinked, !member.needs.isAcquaintance, !member.needs.hasTraffic(at: now),
            ring.isDistantLink(member.node)
        else { return SessionLimits.probeInterval }
        return SessionLimits.farProbeInterval
    }

    private mutating func probeTimeouts(of member: Member, now: Instant, effects: inout GatewayEffects) {
        guard member.outstanding.contains(where: { $0.expires <= now }) else { return }
        member.outstanding.removeAll { $0.isOverdue && $0.expires <= now }
        let expired = member.outstanding.filter { $0.expires <= now }
        for index in member.outstanding.indices where member.outstanding[index].expires <= now {
            member.outstanding[index].isOverdue = true
            member.outstanding[index].expires = max(
                member.outstanding[index].sent + SessionLimits.lateAnswerLimit, now + SessionLimits.answerTimeout)
        }
        for probe in expired {
            switch probe.purpose {
            case .liveness:
                if member.path?.lost(sentAt: probe.sent, now: now) == true {
                    pathDown(to: member, reason: .noAnswer, now: now, effects: &effects)
                } else {
                    // Until it answers, packets go by other links if they can.
                    if member.needs.isLinked { ring.linkSuspected(member.node) }
                    pathSuspected(member, now: now, effects: &effects)
                }
            case .mtu(let payload):
                if member.path?.mtuSearch.lost(payload, now: now) == true {
                    pathChanged(to: member, effects: &effects)
                }
            case .candidate(let endpoint):
                candidateLost(endpoint, sentAt: probe.sent, of: member, now: now, effects: &effects)
            case .follow, .confirmation:
                break
            }
        }
    }

    private mutating func rekeyIfDue(of member: Member, now: Instant, effects: inout GatewayEffects) {
        guard let path = member.path else { return }
        let active = member.generations.first { $0.keys.localIndex == member.active }
        // Over the overlay keys are replaced as well, by a handshake that goes the same way.
        let isWorn = (active?.keys.sendCounter ?? 0) > SessionLimits.datagramsPerGeneration
        guard isWorn || member.rekeyAt.map({ $0 <= now }) == true else { return }
        member.rekeyAt = now + .seconds(10)
        dial(path.endpoint, target: member.node, now: now, effects: &effects)
    }

    /// One round of attempts to reach a member directly: its last endpoint, and what it and others announced.
    mutating func dialMember(_ member: Member, now: Instant, effects: inout GatewayEffects) {
        guard member.wantsBetterPath else {
            member.dials.suspend()
            return
        }
        // Who has withdrawn comes back by itself.
        guard directory[member.node]?.announcement.isWithdrawn != true || member.needs.soughtUntil != nil else {
            member.dials.suspend()
            member.reason = .stopped
            return
        }
        let candidates = directCandidates(of: member)
        let attempts = member.dials.attempts
        let pace: DialSchedule.Pace =
            member.path == nil ? .unreached : member.needs.hasTraffic(at: now) ? .steady : .served
        member.dials.attempted(pace: pace, now: now, random: &random)
        let isSparing = member.dials.isSparing
        // What goes to the dead over the ring goes all the way round it, so without traffic that is tried less often.
        let isTurn = candidates.isEmpty || attempts == 1 || attempts == 2 || attempts > 0 && attempts % 4 == 0
        let goesOver =
            member.needs.hasTraffic(at: now)
            ? candidates.isEmpty || attempts > 0 : member.needs.isAcquaintance && isTurn
        if member.path == nil, goesOver {
            dialOverlay(to: member, now: now, effects: &effects)
        }
        // The ring may have no way to it; a member that both reach is one.
        if member.path == nil, attempts > 0, member.needs.isOwn(at: now),
            goesOver || !isSparing
        {
            seekRelay(to: member, now: now, effects: &effects)
        }
        // A NAT before the member lets in what it has sent to, so it is asked to send here as well; the ring's own
        // request for a link does that first, if this gateway can be found by its own addresses.
        let isAsked = attempts == 0 && member.needs.soughtUntil != nil && mapping == .none
        if !isAsked, member.path != nil || goesOver || !isSparing {
            punch(to: member, now: now, effects: &effects)
        }
        guard !candidates.isEmpty else {
            if !member.isDirect { member.reason = .noEndpoint }
            seekFailed(with: member, now: now, effects: &effects)
            return
        }
        let ways = ways(to: candidates, isFirstAttempt: attempts == 0 && member.lastEndpoint == nil)
        if member.active != nil {
            // The peer may be back with the keys that it had: a probe is quicker than a handshake.
            for endpoint in ways.prefix(SessionLimits.parallelDials) {
                sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects)
            }
        }
        let first = attempts * SessionLimits.parallelDials
        let chosen = (0..<min(SessionLimits.parallelDials, ways.count)).map { ways[(first + $0) % ways.count] }
        for endpoint in chosen {
            dial(endpoint, target: member.node, isSparing: isSparing, now: now, effects: &effects)
        }
        if attempts > 0 || isUDPBlocked {
            dialStreams(to: member, at: chosen.map(\.place), isSparing: isSparing, now: now, effects: &effects)
        }
    }

    /// A member is reached by UDP, which is as good as it gets.
    mutating func reachedDirectly(_ member: Member, now: Instant) {
        let hadFailed = member.dials.attempts > 1
        member.dials.succeeded()
        if hadFailed { dialOthers(now: now) }
    }

    /// Something has changed that may have made a way to others too: a member is reached that was not, or this
    /// gateway's place in the network is another. Those that are not reached as well as they might be are dialled soon,
    /// whatever their intervals have grown to, and with `atOnce` also if these are short; of those that do not answer
    /// at all each once.
    mutating func dialOthers(atOnce: Bool = false, now: Instant) {
        for member in members.values where member.wantsBetterPath && member.dials.next != nil {
            let soon = now + random.jitter(around: DialLimits.returnInterval)
            if member.path != nil { member.dials.refresh(at: soon) }
            if member.path == nil || atOnce { member.dials.hasten(to: soon) }
        }
    }

    /// Whether datagrams to `address` would go into the overlay: a virtual address, or one that a route of the grid
    /// leads to.
    func isInOverlay(_ address: IPAddress) -> Bool {
        profile.pools.contains { $0.contains(address) }
            || selection.latest?.leads(to: address, besides: underlay.endpoints.map(\.address)) == true
    }

    /// Tries the bootstrap addresses, and the members remembered from last time, that lead to no live member now.
    mutating func dialBootstrap(now: Instant, effects: inout GatewayEffects) {
        for index in bootstrap.indices where needsDial(bootstrap[index]) {
            let target = bootstrap[index]
            guard let due = target.dials.next, due <= now else { continue }
            // A configured address is tried for ever: whoever comes back there may know of nobody.
            let isRemembered = target.name == nil && liveCount > 0
            bootstrap[index].dials.attempted(pace: isRemembered ? .unreached : .steady, now: now, random: &random)
            dialTarget(target, now: now, effects: &effects)
        }
    }

    /// A small grid keeps sessions with all its bootstrap members; in a grid beyond that they would be closed again,
    /// because nobody needs them.
    private var callsBootstrapItself: Bool {
        hasAcquaintances && directory.nodes.count <= settings.acquaintances
    }

    /// The ring asks for a way in: in a large grid it alone says when, so that the bootstrap members are no hub.
    mutating func callBootstrap(_ count: Int, now: Instant, effects: inout GatewayEffects) {
        guard !callsBootstrapItself else { return }
        var called = bootstrap.indices.filter { needsDial(bootstrap[$0]) }
        while called.count > count { called.remove(at: Int(random.below(UInt64(called.count)))) }
        for index in called { dialTarget(bootstrap[index], now: now, effects: &effects) }
    }

    private mutating func dialTarget(
        _ target: BootstrapTarget, now: Instant, effects: inout GatewayEffects
    ) {
        if let name = target.name { effects.append(.resolve(name)) }
        let isSparing = target.dials.attempts >= DialLimits.eagerAttempts
        let places = target.endpoints.filter(\.isUnderlay)
        let isFirst = target.dials.attempts == 0 && !hasJoined
        for endpoint in ways(to: places, isFirstAttempt: isFirst) {
            dial(endpoint, target: nil, isSparing: isSparing, now: now, effects: &effects)
        }
        guard target.dials.attempts > 0 || isUDPBlocked else { return }
        for endpoint in places {
            dialStream(at: endpoint, target: nil, isSparing: isSparing, now: now, effects: &effects)
        }
    }

    /// A bootstrap name has been resolved; an empty list means that it could not be.
    package mutating func bootstrapResolved(
        _ name: HostAndPort, _ endpoints: [Endpoint], now: Instant, effects: inout GatewayEffects
    ) {
        for index in bootstrap.indices where bootstrap[index].name == name {
            if endpoints.isEmpty {
                bootstrap[index].reason = .noEndpoint
                continue
            }
            let fresh = endpoints.filter { !bootstrap[index].endpoints.contains($0) }
            bootstrap[index].endpoints = endpoints
            guard needsDial(bootstrap[index]) else { continue }
            for endpoint in fresh where endpoint.isUnderlay {
                dial(endpoint, target: nil, now: now, effects: &effects)
            }
        }
    }

    private func needsDial(_ target: BootstrapTarget) -> Bool {
        if !target.endpoints.isEmpty, target.endpoints.allSatisfy(underlay.endpoints.contains) { return false }
        guard let found = target.node else { return true }
        return found != node && members[found]?.path == nil
    }
}
