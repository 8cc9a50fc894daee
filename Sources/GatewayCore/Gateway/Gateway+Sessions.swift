import LinkSecurity
package import NetworkTypes
import OrderedCollections

extension Gateway {
    /// A handshake has ended well: opens with its keys at once, seals with them once the peer has shown that it has
    /// them.
    mutating func installKeys(
        _ result: HandshakeResult, from run: HandshakeRun, at endpoint: Endpoint, now: Instant,
        effects: inout GatewayEffects
    ) {
        let index = member(for: result.peer, effects: &effects)
        let keys = KeyGeneration(
            localIndex: run.localIndex, remoteIndex: result.remoteIndex, epoch: members.values[index].nextEpoch,
            sealing: result.sealing, opening: result.opening)
        members.values[index].nextEpoch &+= 1
        members.values[index].generations.append(
            Member.Generation(keys: keys, established: now, endpoint: endpoint, nextConfirmation: now))
        if members.values[index].generations.count > SessionLimits.generationCount {
            dropOldestGeneration(at: index, effects: &effects)
        }
        effects.append(.install(keys, for: result.peer.node))
        confirmGenerations(at: index, now: now, effects: &effects)
    }

    /// The first authentic datagram under a generation has come: the peer has the keys, so this side seals with them.
    package mutating func generationConfirmed(
        _ node: NodeAddress, localIndex: UInt32, now: Instant, effects: inout GatewayEffects
    ) {
        guard let index = members.index(forKey: node),
            let at = members.values[index].generations.firstIndex(where: { $0.keys.localIndex == localIndex }),
            !members.values[index].generations[at].isConfirmed
        else { return }
        members.values[index].generations[at].isConfirmed = true
        let generation = members.values[index].generations[at]
        let isRekey = members.values[index].active != nil && members.values[index].path != nil
        // Keys that were superseded meanwhile stay so.
        let active = members.values[index].generations.first { $0.keys.localIndex == members.values[index].active }
        if let active, supersedes(active, generation) { return }
        for other in members.values[index].generations.indices
        where supersedes(generation, members.values[index].generations[other]) {
            members.values[index].generations[other].retires = now + SessionLimits.generationLinger
        }
        members.values[index].active = localIndex
        // Both ends would start at the same instant; the lower node address goes first.
        let interval = node < self.node ? settings.rekeyInterval * 11 / 10 : settings.rekeyInterval
        members.values[index].rekeyAt = now + interval
        effects.append(.activate(localIndex: localIndex, for: node))
        if members.values[index].path == nil {
            pathUp(at: index, endpoint: generation.endpoint, now: now, effects: &effects)
            return
        }
        if isRekey { effects.append(.notice(.rekeyed(site: members.values[index].site, node: node))) }
        if !members.values[index].isDirect, !generation.endpoint.isOverlay {
            movePath(to: generation.endpoint, at: index, now: now, effects: &effects)
        } else if members.values[index].needs.isLinked {
            // The peer may have started anew, and its part of the ring with it.
            linkUp(at: index, now: now, effects: &effects)
        }
    }

    /// Whether `new` replaces `old`, which then stops opening. Of handshakes that crossed, the two ends may see the
    /// ends in either order and seal with different ones, so those stay side by side until a later one replaces them
    /// all.
    private func supersedes(_ new: Member.Generation, _ old: Member.Generation) -> Bool {
        new.established - old.established > HandshakeLimits.timeout
    }

    /// An authentic, newest datagram came from another endpoint than the path's: the peer may have moved. The path
    /// follows once the endpoint has answered a probe.
    package mutating func peerMoved(
        _ node: NodeAddress, to endpoint: Endpoint, now: Instant, effects: inout GatewayEffects
    ) {
        // What comes over the overlay says nothing of where the peer is.
        guard !endpoint.isOverlay, let index = members.index(forKey: node), let path = members.values[index].path,
            path.endpoint != endpoint,
            !members.values[index].outstanding.contains(where: { $0.purpose == .endpoint(endpoint) })
        else { return }
        let isAnnounced = directory[node]?.announcement.endpoints.contains(endpoint) ?? false
        if isAnnounced, path.unanswered == 0, self.node < node {
            // Each end has chosen another of the other's addresses. If both followed they would change places for ever,
            // so the higher node address does, unless our path turns out to be dead.
            members.values[index].path?.nextProbe = now
            return
        }
        sendProbe(at: index, purpose: .endpoint(endpoint), now: now, effects: &effects)
    }

    /// The kernel refused a datagram to `endpoint` as larger than its interface or path takes.
    package mutating func datagramTooBig(
        to endpoint: Endpoint, payload: Int, now: Instant, effects: inout GatewayEffects
    ) {
        for index in members.values.indices where members.values[index].path?.endpoint == endpoint {
            if members.values[index].path?.mtuSearch.tooBig(payload, now: now) == true {
                pathChanged(at: index, effects: &effects)
            }
        }
    }

    /// Brings a path up and gets the directories even.
    mutating func pathUp(at index: Int, endpoint: Endpoint, now: Instant, effects: inout GatewayEffects) {
        let node = members.values[index].node
        hasJoined = true
        members.values[index].path = newPath(endpoint, now: now)
        if members.values[index].reason == .noAnswer {
            // Back from a silence, perhaps with its whole side of the network: what it knows of leases may differ.
            recheckAt = recheckAt ?? now + OverlayLimits.recheckDelay
        }
        members.values[index].since = now
        if !endpoint.isOverlay {
            members.values[index].lastEndpoint = endpoint
            members.values[index].reason = .ok
            members.values[index].nextDial = nil
            members.values[index].dialAttempts = 0
        }
        members.values[index].overlayDial = nil
        members.values[index].digestMismatches = 0
        members.values[index].isEven = false
        members.values[index].settlesBy = now + SessionLimits.settleTime
        pathChanged(at: index, effects: &effects)
        effects.append(.notice(.memberUp(site: members.values[index].site, node: node, endpoint: endpoint)))
        effects.append(.membersChanged)
        // Whoever knows us not yet tells everybody.
        if let own = directory[self.node] { sendAnnouncement(own, to: node, until: node, now: now, effects: &effects) }
        if isSmall || !members.values.contains(where: { $0.copy != nil || $0.isEven }) {
            startCopy(at: index, now: now, effects: &effects)
        }
        sendEchoes(to: node, now: now, effects: &effects)
        linkUp(at: index, now: now, effects: &effects)
    }

    func newPath(_ endpoint: Endpoint, now: Instant) -> PathState {
        let upper = endpoint.isOverlay ? OverlayLimits.payload : underlay.payload(toward: endpoint.address)
        return PathState(endpoint: endpoint, upperPayload: upper, now: now)
    }

    /// Takes a path down and begins to look for another, if anything needs one.
    mutating func pathDown(at index: Int, reason: LinkReason, now: Instant, effects: inout GatewayEffects) {
        guard members.values[index].path != nil else { return }
        let wasDirect = members.values[index].isDirect
        let node = members.values[index].node
        members.values[index].path = nil
        members.values[index].reason = reason
        members.values[index].copy = nil
        members.values[index].outstanding = []
        members.values[index].dialAttempts = 0
        pathChanged(at: index, effects: &effects)
        effects.append(.notice(.memberDown(site: members.values[index].site, node: node, reason: reason)))
        if wasDirect { linkDown(at: index, now: now, effects: &effects) }
        guard members.values[index].needs.hold(at: now) else { return }
        members.values[index].nextDial = now
        // The session goes on over the ring's hops until there is a direct path again.
        members.values[index].overlayDial = wasDirect ? now : now + SessionLimits.dialInterval
    }

    /// Tells the data plane where a member is now.
    func pathChanged(at index: Int, effects: inout GatewayEffects) {
        let member = members.values[index]
        effects.append(
            .setPath(member.node, endpoint: member.path?.endpoint, payload: member.path?.mtuSearch.confirmed ?? 0))
    }

    /// The member of that identity, made if need be.
    mutating func member(for peer: PeerIdentity, effects: inout GatewayEffects) -> Int {
        let index = member(peer.node, effects: &effects)
        let known = members.values[index].identity?.notAfter
        if known.map({ peer.notAfter >= $0 }) ?? true { members.values[index].identity = peer }
        return index
    }

    /// The member with that address, made if need be.
    mutating func member(_ node: NodeAddress, effects: inout GatewayEffects) -> Int {
        if let index = members.index(forKey: node) { return index }
        members[node] = Member(node: node, identity: directory[node]?.identity)
        effects.append(.addPeer(node))
        return members.count - 1
    }

    /// Asks for a first authentic datagram under every new generation.
    mutating func confirmGenerations(at index: Int, now: Instant, effects: inout GatewayEffects) {
        for at in members.values[index].generations.indices {
            let generation = members.values[index].generations[at]
            guard !generation.isConfirmed, generation.nextConfirmation <= now else { continue }
            members.values[index].generations[at].confirmationAttempts += 1
            members.values[index].generations[at].nextConfirmation = now + SessionLimits.confirmationInterval
            let message = ControlMessage.probe(
                identifier: nextIdentifier(), directoryDigest: directory.digest)
            effects.append(
                .sendControl(
                    message, to: members.values[index].node, endpoint: generation.endpoint, paddedTo: nil,
                    localIndex: generation.keys.localIndex))
        }
    }

    /// Retires superseded generations, and new ones that the peer never confirmed.
    mutating func retireGenerations(at index: Int, now: Instant, effects: inout GatewayEffects) {
        for generation in members.values[index].generations {
            let isVoid =
                !generation.isConfirmed && generation.confirmationAttempts > SessionLimits.confirmationAttempts
            guard isVoid || generation.retires.map({ $0 <= now }) == true else { continue }
            removeGeneration(generation.keys.localIndex, at: index, effects: &effects)
        }
    }

    private mutating func dropOldestGeneration(at index: Int, effects: inout GatewayEffects) {
        let active = members.values[index].active
        guard let oldest = members.values[index].generations.first(where: { $0.keys.localIndex != active }) else {
            return
        }
        removeGeneration(oldest.keys.localIndex, at: index, effects: &effects)
    }

    private mutating func removeGeneration(_ localIndex: UInt32, at index: Int, effects: inout GatewayEffects) {
        members.values[index].generations.removeAll { $0.keys.localIndex == localIndex }
        if members.values[index].active == localIndex { members.values[index].active = nil }
        effects.append(.removeGeneration(localIndex: localIndex))
    }

    /// One end has no more use for the session: nothing goes there any more, but what was sent before may still come in
    /// behind.
    mutating func closeSession(
        at index: Int, reason: LinkReason, now: Instant, effects: inout GatewayEffects
    ) {
        pathDown(at: index, reason: reason, now: now, effects: &effects)
        members.values[index].overlayDial = nil
        if members.values[index].nextDial != nil {
            let pause = reason == .stopped ? SessionLimits.dialInterval : SessionLimits.dialIntervalLimit
            members.values[index].nextDial = now + pause
        }
        for generation in members.values[index].generations.indices {
            members.values[index].generations[generation].retires = now + SessionLimits.goodbyeLinger
        }
    }

    /// Ends a session for good: no keys, no path.
    mutating func endSession(at index: Int, reason: LinkReason, now: Instant, effects: inout GatewayEffects) {
        pathDown(at: index, reason: reason, now: now, effects: &effects)
        for generation in members.values[index].generations {
            removeGeneration(generation.keys.localIndex, at: index, effects: &effects)
        }
    }

    mutating func nextIdentifier() -> UInt32 { UInt32(truncatingIfNeeded: random.nextWord()) }
}
