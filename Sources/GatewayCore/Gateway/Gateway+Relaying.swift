import NetworkTypes
import OrderedCollections

// Being a relay: this gateway passes sealed datagrams on between two members that it has direct paths with.
extension Gateway {
    /// A member asks to be connected with `target`.
    mutating func relayRequested(
        target: NodeAddress, by member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        let answer = relay(member, with: target, now: now, effects: &effects)
        effects.append(
            .sendControl(
                .relay(.answer(target: target, answer)), to: member.node, endpoint: nil, paddedTo: nil, localIndex: nil)
        )
    }

    private mutating func relay(
        _ member: Member, with target: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) -> RelayAnswer {
        guard settings.isRelay else { return RelayAnswer(.unwilling) }
        guard target != node, target != member.node, let asking = member.endpoint, member.isDirect,
            let entry = directory[target], !entry.announcement.isWithdrawn
        else { return RelayAnswer(.refused) }
        guard let far = members[target], far.isDirect, let asked = far.endpoint else {
            return RelayAnswer(reach(entry, now: now, effects: &effects) ? .connecting : .refused)
        }
        let known = relayedPairs.first { $0.value.joins(member.node, target) }?.key
        if known == nil {
            guard relayedPairs.count < PathLimits.relayedPairs,
                relayedPairs.values.count(where: { $0.has(member.node) }) < PathLimits.relayedPairsPerMember
            else { return RelayAnswer(.refused) }
        }
        let channel = known ?? newChannel()
        relayedPairs[channel] = RelayedPair(
            first: relayedPairs[channel]?.first ?? member.node, second: relayedPairs[channel]?.second ?? target,
            expires: now + PathLimits.relayLifetime)
        effects.append(.relay(.pass(channel: channel, asking, asked)))
        effects.send(.relay(.offer(peer: member.node, channel: channel)), to: target)
        let roundTrip = far.path?.roundTrip.map { UInt32(clamping: $0.wholeMicroseconds) } ?? 0
        return RelayAnswer(.open, channel: channel, roundTripMicroseconds: roundTrip)
    }

    /// Looks for a direct path to a member on behalf of another; it may be there by the time that it is asked again.
    /// `false` for one that does not answer: whoever cannot be reached must not keep all the others busy.
    private mutating func reach(_ entry: Directory.Entry, now: Instant, effects: inout GatewayEffects) -> Bool {
        let member = self.member(for: entry.identity, effects: &effects)
        if member.path == nil, member.dials.attempts > 1 { return false }
        guard !member.needs.isOwn(at: now) else { return true }
        member.needs.relayedUntil = now + PathLimits.relayRenewal
        member.dials.begin(at: now + SessionLimits.useDelay)
        return true
    }

    private mutating func newChannel() -> UInt32 {
        while true {
            let channel = UInt32(truncatingIfNeeded: random.nextWord())
            if channel != 0, relayedPairs[channel] == nil { return channel }
        }
    }

    /// An end of relayed pairs is somewhere else now, or not reached directly any more.
    mutating func pairsMoved(with member: Member, effects: inout GatewayEffects) {
        for (channel, pair) in relayedPairs where pair.has(member.node) {
            guard let first = members[pair.first], let second = members[pair.second], first.isDirect, second.isDirect,
                let one = first.endpoint, let other = second.endpoint
            else {
                stopPair(channel, pair, effects: &effects)
                continue
            }
            effects.append(.relay(.pass(channel: channel, one, other)))
        }
    }

    /// The configuration says whether this gateway is a relay. When it is none any more, those that it was one for are
    /// told, and look for another.
    mutating func relayingChanged(effects: inout GatewayEffects) {
        guard !settings.isRelay else { return }
        for (channel, pair) in relayedPairs { stopPair(channel, pair, effects: &effects) }
    }

    /// Ends what nobody has asked for again.
    mutating func expirePairs(now: Instant, effects: inout GatewayEffects) {
        for (channel, pair) in relayedPairs where pair.expires <= now { stopPair(channel, pair, effects: &effects) }
    }

    /// Passes on no more between a pair: both ends are told.
    mutating func stopPair(_ channel: UInt32, _ pair: RelayedPair, effects: inout GatewayEffects) {
        relayedPairs.removeValue(forKey: channel)
        effects.append(.relay(.stop(channel: channel)))
        for end in [pair.first, pair.second] where members[end]?.isDirect == true {
            effects.send(.relay(.closed(channel: channel)), to: end)
        }
    }
}
