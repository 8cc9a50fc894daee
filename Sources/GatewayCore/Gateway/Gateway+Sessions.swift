import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayStore
import WireFormat

extension Gateway {
    /// A handshake has ended well: opens with its keys at once, seals with them once the peer has shown that it has
    /// them.
    mutating func installKeys(
        _ result: HandshakeResult, from run: HandshakeRun, at endpoint: Endpoint, now: Instant,
        effects: inout GatewayEffects
    ) {
        let member = self.member(for: result.peer, effects: &effects)
        let keys = KeyGeneration(
            localIndex: run.localIndex, remoteIndex: result.remoteIndex, epoch: member.nextEpoch,
            sealing: result.sealing, opening: result.opening)
        member.nextEpoch &+= 1
        member.generations.append(
            Member.Generation(
                keys: keys, established: now, endpoint: endpoint, isPeersWish: run.role == .server,
                nextConfirmation: now))
        if member.generations.count > SessionLimits.generationCount {
            dropOldestGeneration(of: member, now: now, effects: &effects)
        }
        effects.append(.install(keys, for: result.peer.node))
        confirmGenerations(of: member, now: now, effects: &effects)
    }

    /// The first authentic datagram under a generation has come: the peer has the keys, so this side seals with them.
    package mutating func generationConfirmed(
        _ node: NodeAddress, localIndex: UInt32, now: Instant, effects: inout GatewayEffects
    ) {
        guard let member = members[node],
            let at = member.generations.firstIndex(where: { $0.keys.localIndex == localIndex }),
            !member.generations[at].isConfirmed
        else { return }
        member.generations[at].isConfirmed = true
        let generation = member.generations[at]
        let isRekey = member.active != nil && member.path != nil
        // Keys that were superseded meanwhile stay so.
        let active = member.generations.first { $0.keys.localIndex == member.active }
        if let active, supersedes(active, generation) { return }
        for other in member.generations.indices
        where supersedes(generation, member.generations[other]) {
            member.generations[other].retires = now + SessionLimits.generationLinger
        }
        member.active = localIndex
        // Both ends would start at the same instant; the lower node address goes first.
        let interval = node < self.node ? settings.rekeyInterval * 11 / 10 : settings.rekeyInterval
        member.rekeyAt = now + interval
        effects.append(.activate(localIndex: localIndex, for: node))
        if member.path == nil {
            // An idle session that was closed says nothing of a restart.
            let mayBeNew = member.reason != .onDemand
            pathUp(to: member, endpoint: generation.endpoint, now: now, effects: &effects)
            if mayBeNew { store.memberReturned(node, now: now) }
            return
        }
        // Keys that the peer asked for out of turn: it may have started anew, and have lost what it kept for us.
        if generation.isPeersWish { store.memberReturned(node, now: now) }
        if isRekey { effects.append(.notice(.rekeyed(site: member.site, node: node))) }
        if let current = member.endpoint?.medium, generation.endpoint.medium < current {
            // The handshake went by something better than the path.
            sendProbe(to: member, purpose: .candidate(generation.endpoint), now: now, effects: &effects)
        } else if member.needs.isLinked {
            // The peer may have started anew, and its part of the ring with it.
            linkUp(with: member, now: now, effects: &effects)
        }
    }

    /// Whether `new` replaces `old`, which then stops opening. Of handshakes that crossed, the two ends may see the
    /// ends in either order and seal with different ones, so those stay side by side until a later one replaces them
    /// all.
    private func supersedes(_ new: Member.Generation, _ old: Member.Generation) -> Bool {
        new.established - old.established > HandshakeLimits.timeout
    }

    /// The kernel refused a datagram to `endpoint` as larger than its interface or path takes.
    package mutating func datagramTooBig(
        to endpoint: Endpoint, payload: Int, now: Instant, effects: inout GatewayEffects
    ) {
        for member in members.values where member.path?.endpoint == endpoint {
            if member.path?.mtuSearch.tooBig(payload, now: now) == true {
                pathChanged(to: member, effects: &effects)
            }
        }
    }

    /// Brings a path up and gets the directories even.
    mutating func pathUp(to member: Member, endpoint: Endpoint, now: Instant, effects: inout GatewayEffects) {
        let node = member.node
        hasJoined = true
        member.path = newPath(endpoint, now: now)
        // What has confirmed the keys there is its first probe; of the ends one makes the second, unless it is lost.
        if member.isConfirming(at: endpoint) {
            let turn: Duration = self.node < node ? .zero : SessionLimits.probeTurn
            member.path?.nextProbe = now + SessionLimits.secondProbe + turn
        }
        member.standbys.removeAll { $0.endpoint == endpoint }
        member.pathSince = now
        member.pathChange = .medium
        planReview(of: member, now: now)
        if member.reason == .noAnswer || member.reason == .handshakeTimeout, member.lastEndpoint != nil {
            // Back from a silence, perhaps with its whole side of the network: what it knows of leases may differ.
            recheckAt = recheckAt ?? now + OverlayLimits.recheckDelay
            dialOthers(now: now)
        }
        member.since = now
        member.isUnwillingUntil = nil
        if endpoint.isUnderlay {
            member.lastEndpoint = endpoint.place
            member.reason = .ok
        }
        if endpoint.medium == .udp {
            reachedDirectly(member, now: now)
        } else if endpoint.isStream {
            reachedOverStream(member, endpoint, now: now)
        }
        member.overlayDial = nil
        member.digestMismatches = 0
        member.isEven = false
        member.settlesBy = now + SessionLimits.settleTime
        pathChanged(to: member, effects: &effects)
        probeMTU(of: member, now: now, effects: &effects)
        relaysMoved(with: member, now: now, effects: &effects)
        effects.append(.notice(.memberUp(site: member.site, node: node, endpoint: shown(endpoint))))
        effects.append(.membersChanged)
        // Whoever knows us not yet tells everybody.
        if let own = directory[self.node] { sendAnnouncement(own, to: node, until: node, now: now, effects: &effects) }
        tellPublications(to: node, effects: &effects)
        tellHosts(to: member, now: now, effects: &effects)
        if mayCopyBeside || !(copyCount > 0 || members.values.contains(where: \.isEven)) {
            startCopy(from: member, now: now, effects: &effects)
        }
        sendEchoes(to: node, now: now, effects: &effects)
        sendQuestions(to: node, effects: &effects)
        sendNameQuestions(to: node, effects: &effects)
        linkUp(with: member, now: now, effects: &effects)
    }

    func newPath(_ endpoint: Endpoint, now: Instant) -> PathState {
        if endpoint.isStream {
            return PathState(endpoint: endpoint, fixedPayload: StreamLimits.payload, now: now)
        }
        return PathState(endpoint: endpoint, upperPayload: payloadLimit(of: endpoint), now: now)
    }

    /// The most that one datagram to an endpoint can have inside its seal.
    func payloadLimit(of endpoint: Endpoint) -> Int {
        switch endpoint.medium {
        case .udp:
            return underlay.payload(toward: endpoint.address)
        case .tcp:
            return StreamLimits.payload
        case .relay:
            guard let via = relayUses[endpoint]?.via, via.medium == .udp else { return SessionLimits.basePayload }
            return underlay.payload(toward: via.address) - RelayFrame.headerByteCount
        case .overlay:
            return OverlayLimits.payload
        }
    }

    /// Takes a path down and begins to look for another, if anything needs one.
    mutating func pathDown(to member: Member, reason: LinkReason, now: Instant, effects: inout GatewayEffects) {
        guard member.path != nil else { return }
        let wasOverOverlay = member.endpoint?.medium == .overlay
        let wasLinked = member.hasDirectWay
        let node = member.node
        member.path = nil
        member.standbys = []
        member.pathReviewAt = nil
        member.reason = reason
        endCopy(from: member)
        member.outstanding = []
        member.dials.forgetFailures()
        pathChanged(to: member, effects: &effects)
        effects.append(.notice(.memberDown(site: member.site, node: node, reason: reason)))
        observations.forget(node)
        hostsUncertain(of: node, now: now)
        relaysMoved(with: member, now: now, effects: &effects)
        releaseRelays(to: member, now: now, effects: &effects)
        if wasLinked { linkDown(with: member, now: now, effects: &effects) }
        guard member.needs.hold(at: now) else { return }
        // Not at once: others may have gone down with it, and this may be the end of what was due now.
        member.dials.restart(at: now + SessionLimits.useDelay)
        // The session goes on over the ring's hops until there is a direct path again.
        member.overlayDial = wasOverOverlay ? now + DialLimits.firstInterval : now + SessionLimits.useDelay
    }

    /// Tells the data plane where a member is now.
    func pathChanged(to member: Member, effects: inout GatewayEffects) {
        effects.append(
            .setPath(member.node, endpoint: member.path?.endpoint, payload: member.path?.mtuSearch.confirmed ?? 0))
    }

    /// The member of that identity, made if need be.
    mutating func member(for peer: PeerIdentity, effects: inout GatewayEffects) -> Member {
        let member = self.member(peer.node, effects: &effects)
        let known = member.identity?.notAfter
        if known.map({ peer.notAfter >= $0 }) ?? true { member.identity = peer }
        return member
    }

    /// The member with that address, made if need be.
    mutating func member(_ node: NodeAddress, effects: inout GatewayEffects) -> Member {
        if let member = members[node] { return member }
        let member = Member(node: node, identity: directory[node]?.identity, clock: memberClock)
        members[node] = member
        effects.append(.addPeer(node))
        return member
    }

    /// Asks for a first authentic datagram under every new generation.
    mutating func confirmGenerations(of member: Member, now: Instant, effects: inout GatewayEffects) {
        for at in member.generations.indices {
            let generation = member.generations[at]
            guard !generation.isConfirmed, generation.nextConfirmation <= now else { continue }
            member.generations[at].confirmationAttempts += 1
            let pause = 1 + generation.confirmationAttempts / 5 * 4
            member.generations[at].nextConfirmation = now + SessionLimits.confirmationInterval * pause
            sendProbe(
                to: member, purpose: .confirmation(generation.endpoint), sealedBy: generation.keys.localIndex, now: now,
                effects: &effects)
        }
    }

    /// Retires superseded generations, and new ones that the peer never confirmed.
    mutating func retireGenerations(of member: Member, now: Instant, effects: inout GatewayEffects) {
        for generation in member.generations {
            let isVoid =
                !generation.isConfirmed && generation.confirmationAttempts > SessionLimits.confirmationAttempts
            guard isVoid || generation.retires.map({ $0 <= now }) == true else { continue }
            removeGeneration(generation.keys.localIndex, of: member, effects: &effects)
        }
    }

    private mutating func dropOldestGeneration(of member: Member, now: Instant, effects: inout GatewayEffects) {
        // With what it has shown to have the peer may seal, however many handshakes have ended since of which it knows
        // nothing. So what it should have shown by now goes first, then what has been replaced, then what it has not
        // shown yet.
        let others = member.generations.filter { $0.keys.localIndex != member.active }
        let void = others.first { !$0.isConfirmed && now - $0.established > SessionLimits.confirmationPatience }
        let replaced = void ?? others.first { $0.retires != nil }
        guard let oldest = replaced ?? others.first(where: { !$0.isConfirmed }) ?? others.first else { return }
        removeGeneration(oldest.keys.localIndex, of: member, effects: &effects)
    }

    private mutating func removeGeneration(_ localIndex: UInt32, of member: Member, effects: inout GatewayEffects) {
        member.generations.removeAll { $0.keys.localIndex == localIndex }
        if member.active == localIndex { member.active = nil }
        effects.append(.removeGeneration(localIndex: localIndex))
    }

    /// One end has no more use for the session: nothing goes there any more, but what was sent before may still come in
    /// behind.
    mutating func closeSession(
        with member: Member, reason: LinkReason, now: Instant, effects: inout GatewayEffects
    ) {
        pathDown(to: member, reason: reason, now: now, effects: &effects)
        member.overlayDial = nil
        member.dials.postpone(to: now + (reason == .stopped ? DialLimits.firstInterval : DialLimits.interval))
        for generation in member.generations.indices {
            member.generations[generation].retires = now + SessionLimits.goodbyeLinger
        }
    }

    /// Ends a session for good: no keys, no path.
    mutating func endSession(with member: Member, reason: LinkReason, now: Instant, effects: inout GatewayEffects) {
        pathDown(to: member, reason: reason, now: now, effects: &effects)
        for generation in member.generations {
            removeGeneration(generation.keys.localIndex, of: member, effects: &effects)
        }
    }

    mutating func nextIdentifier() -> UInt32 { UInt32(truncatingIfNeeded: random.nextWord()) }
}
