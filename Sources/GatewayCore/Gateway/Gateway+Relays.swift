import NetworkTypes
import OrderedCollections

// Ways through relays: members that both ends have a direct path with pass sealed datagrams on.
extension Gateway {
    mutating func receiveRelay(
        _ message: RelayMessage, from member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        switch message {
        case .request(let target):
            relayRequested(target: target, by: member, now: now, effects: &effects)
        case .answer(let target, let answer):
            relayAnswered(answer, target: target, by: member, now: now, effects: &effects)
        case .offer(let peer, let channel):
            relayOffered(peer: peer, channel: channel, by: member, now: now, effects: &effects)
        case .closed(let channel):
            relayClosed(channel: channel, by: member, now: now, effects: &effects)
        }
    }

    /// Asks the nearest members to pass datagrams on to one that is not reached directly, or whose direct path might
    /// break.
    mutating func seekRelay(to member: Member, now: Instant, effects: inout GatewayEffects) {
        let isUrgent = member.endpoint.map { $0.medium == .overlay } ?? true
        let pause = isUrgent ? PathLimits.relayRetryInterval : PathLimits.relayReviewInterval
        guard member.relaySoughtAt.map({ now - $0 >= pause }) ?? true else { return }
        let candidates = relayCandidates(to: member, now: now)
        guard !candidates.isEmpty else { return }
        member.relaySoughtAt = now
        // Who is about to reach it is asked again, otherwise the next ones are.
        if !member.isRelayComing { member.relayAttempts += 1 }
        member.isRelayComing = false
        let first = member.relayAttempts - 1
        member.relaysAsked = []
        for offset in 0..<min(PathLimits.relaysAsked, candidates.count) {
            let relay = candidates[(first * PathLimits.relaysAsked + offset) % candidates.count]
            member.relaysAsked.append(relay)
            effects.send(.relay(.request(target: member.node)), to: relay)
        }
    }

    /// Members with a direct path that answers, the nearest first.
    private func relayCandidates(to member: Member, now: Instant) -> [NodeAddress] {
        var found: [(node: NodeAddress, roundTrip: Duration)] = []
        for other in members.values where other.node != member.node && other.isDirect {
            guard let path = other.path, path.unanswered == 0, let roundTrip = path.roundTrip,
                other.isUnwillingUntil.map({ $0 <= now }) ?? true,
                !relayUses.values.contains(where: { $0.peer == member.node && $0.relay == other.node })
            else { continue }
            found.append((other.node, roundTrip))
        }
        found.sort { $0.roundTrip != $1.roundTrip ? $0.roundTrip < $1.roundTrip : $0.node < $1.node }
        return found.map(\.node)
    }

    /// A member has been asked to be a relay and answers.
    mutating func relayAnswered(
        _ answer: RelayAnswer, target: NodeAddress, by relay: Member, now: Instant, effects: inout GatewayEffects
    ) {
        relay.isUnwillingUntil = answer.status == .unwilling ? now + PathLimits.unwillingTime : nil
        guard let member = members[target] else { return }
        let known = Endpoint(relay: relay.node, channel: answer.channel)
        if relayUses[known]?.peer == target {
            // Asked again so that it goes on.
            if answer.status != .open { relayEnded(known, now: now, effects: &effects) }
            return
        }
        guard member.relaysAsked.contains(relay.node) else { return }
        member.relaysAsked.removeAll { $0 == relay.node }
        switch answer.status {
        case .refused:
            break
        case .unwilling:
            // The next ones are asked at once.
            member.relaySoughtAt = nil
            member.pathReviewAt = min(member.pathReviewAt ?? now + .seconds(60), now + SessionLimits.useDelay)
        case .connecting:
            // It looks for a direct path now, which takes about as long as a handshake.
            member.pathReviewAt = min(member.pathReviewAt ?? now + .seconds(60), now + PathLimits.relayRetryInterval)
            member.isRelayComing = true
        case .open:
            let count = relayUses.values.count { $0.peer == target }
            guard count < PathLimits.relaysPerMember,
                let endpoint = useRelay(
                    relay, channel: answer.channel, peer: target, isOwn: true, now: now, effects: &effects)
            else {
                effects.send(.relay(.closed(channel: answer.channel)), to: relay.node)
                return
            }
            if member.active != nil {
                sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects)
            } else {
                dial(endpoint, target: target, now: now, effects: &effects)
            }
        }
    }

    /// A relay has opened a channel on behalf of a member.
    mutating func relayOffered(
        peer: NodeAddress, channel: UInt32, by relay: Member, now: Instant, effects: inout GatewayEffects
    ) {
        guard peer != node, let entry = directory[peer], !entry.announcement.isWithdrawn else { return }
        _ = useRelay(relay, channel: channel, peer: peer, isOwn: false, now: now, effects: &effects)
    }

    /// Opens the way through a relay; returns the endpoint that stands for it.
    private mutating func useRelay(
        _ relay: Member, channel: UInt32, peer: NodeAddress, isOwn: Bool, now: Instant,
        effects: inout GatewayEffects
    ) -> Endpoint? {
        let endpoint = Endpoint(relay: relay.node, channel: channel)
        guard relay.isDirect, let via = relay.endpoint, relayUses[endpoint].map({ $0.peer == peer }) ?? true,
            relayUses[endpoint] != nil || relayUses.count < PathLimits.relayUses
        else { return nil }
        // Both ends may have asked for it; then both keep it up.
        let known = relayUses[endpoint]
        relayUses[endpoint] = RelayUse(
            relay: relay.node, channel: channel, peer: peer, isOwn: isOwn || known?.isOwn ?? false, via: via,
            renewAt: known?.renewAt ?? now + PathLimits.relayRenewal)
        effects.append(.relay(.open(endpoint, channel: channel, via: via)))
        return endpoint
    }

    /// A member that has a part in relays is somewhere else now, or not reached directly any more.
    mutating func relaysMoved(with member: Member, now: Instant, effects: inout GatewayEffects) {
        let via = member.isDirect ? member.endpoint : nil
        for (endpoint, use) in relayUses where use.relay == member.node {
            guard let via else {
                relayEnded(endpoint, now: now, effects: &effects)
                continue
            }
            guard use.via != via else { continue }
            relayUses[endpoint]?.via = via
            effects.append(.relay(.open(endpoint, channel: use.channel, via: via)))
        }
        pairsMoved(with: member, effects: &effects)
    }

    /// A relay says that a channel is closed, or an end of one that this gateway passes on has no more use for it.
    mutating func relayClosed(
        channel: UInt32, by member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        relayEnded(Endpoint(relay: member.node, channel: channel), now: now, effects: &effects)
        if let pair = relayedPairs[channel], pair.has(member.node) {
            stopPair(channel, pair, effects: &effects)
        }
    }

    /// A way through a relay is gone: what went there takes another.
    mutating func relayEnded(_ endpoint: Endpoint, now: Instant, effects: inout GatewayEffects) {
        guard let use = relayUses.removeValue(forKey: endpoint) else { return }
        effects.append(.relay(.close(endpoint)))
        guard let member = members[use.peer] else { return }
        pathEnded(endpoint, of: member, now: now, effects: &effects)
    }

    /// Gives up ways through relays that a member does not need any more.
    mutating func releaseRelays(to member: Member, now: Instant, effects: inout GatewayEffects) {
        for (endpoint, use) in relayUses where use.peer == member.node && endpoint != member.endpoint {
            member.standbys.removeAll { $0.endpoint == endpoint }
            releaseRelay(endpoint, effects: &effects)
        }
    }

    /// Gives up a way through a relay that is nobody's path, and tells the relay if it was asked for.
    mutating func releaseRelay(_ endpoint: Endpoint, effects: inout GatewayEffects) {
        guard let use = relayUses.removeValue(forKey: endpoint) else { return }
        effects.append(.relay(.close(endpoint)))
        if use.isOwn { effects.send(.relay(.closed(channel: use.channel)), to: use.relay) }
    }

    /// Asks the relays of own uses to go on, and forgets offers that nobody has used.
    mutating func renewRelays(now: Instant, effects: inout GatewayEffects) {
        for (endpoint, use) in relayUses where use.renewAt <= now {
            let isUsed =
                members[use.peer].map { member in
                    member.endpoint == endpoint || member.standbys.contains { $0.endpoint == endpoint }
                } ?? false
            guard isUsed else {
                relayUses.removeValue(forKey: endpoint)
                effects.append(.relay(.close(endpoint)))
                continue
            }
            relayUses[endpoint]?.renewAt = now + PathLimits.relayRenewal
            guard use.isOwn else { continue }
            effects.send(.relay(.request(target: use.peer)), to: use.relay)
        }
    }
}
