import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayRing

// Who there are sessions with, and why.
extension Gateway {
    /// Packets wait for a member without a path: it is tried now, whatever its back-off says, and over the ring's hops
    /// beside it.
    package mutating func trafficWaits(for node: NodeAddress, now: Instant, effects: inout GatewayEffects) {
        guard node != self.node, let entry = directory[node], !entry.announcement.isWithdrawn else { return }
        let member = self.member(for: entry.identity, effects: &effects)
        member.needs.trafficUntil = now + OverlayLimits.trafficIdle
        guard member.path == nil else { return }
        if member.overlayDial == nil {
            let hasFailed = member.dials.attempts > 0
            member.overlayDial = hasFailed ? now : now + OverlayLimits.overlayDelay
        }
        member.dials.hasten(to: member.dials.next == nil ? now : now + DialLimits.firstInterval)
    }

    /// What has gone to and come from a member so far: tells whether traffic flows, and whether the peer is heard.
    /// Returns whether anything has moved since the last call.
    @discardableResult
    package mutating func trafficObserved(
        _ node: NodeAddress, byteCount: UInt64, lastHeard: Instant?, now: Instant, effects: inout GatewayEffects
    ) -> Bool {
        guard let member = members[node] else { return false }
        let moved = byteCount &- member.trafficMark
        member.trafficMark = byteCount
        if let lastHeard, let known = member.path?.lastHeard, known < lastHeard {
            member.path?.lastHeard = lastHeard
        }
        // Probes alone move under 4 kB between two looks, even at full size.
        member.isBusy = moved > 16_384
        guard moved > 0 else { return false }
        member.trafficAt = now
        member.needs.trafficUntil = now + OverlayLimits.trafficIdle
        if member.isBusy { member.path?.mtuSearch.trafficFlows(now: now) }
        member.path?.used(now: now, silence: PathLimits.trafficSilence)
        planReview(of: member, now: now)
        if member.needs.isLinked {
            inRing(now: now, effects: &effects) {
                $0.trafficObserved(node, byteCount: moved, now: now, effects: &$1)
            }
        }
        return true
    }

    /// Members with whom there is, or is to be, a session.
    package var sessionNodes: [NodeAddress] { members.keys.elements }

    /// In a small grid everybody keeps a session with everybody; called when the directory has changed.
    mutating func reviewAcquaintances(now: Instant, effects: inout GatewayEffects) {
        let limit = settings.acquaintances
        if joinsLargeGrid || directory.nodes.count > limit * 5 / 4 {
            guard hasAcquaintances else { return }
            hasAcquaintances = false
            for member in members.values { member.needs.isAcquaintance = false }
            return
        }
        guard directory.nodes.count <= limit else { return }
        hasAcquaintances = true
        for entry in directory.entries where entry.node != node {
            if entry.announcement.isWithdrawn {
                members[entry.node]?.needs.isAcquaintance = false
                continue
            }
            let member = self.member(for: entry.identity, effects: &effects)
            guard !member.needs.isAcquaintance else { continue }
            member.needs.isAcquaintance = true
            if member.path == nil { member.dials.begin(at: now) }
        }
    }

    /// The member passes datagrams on for this gateway, or this gateway for it.
    private func isRelaying(_ node: NodeAddress) -> Bool {
        relayUses.values.contains { $0.relay == node } || relayedPairs.values.contains { $0.has(node) }
    }

    /// Closes sessions that nobody needs, and forgets members that nothing is known of any more.
    mutating func reviewSessions(now: Instant, effects: inout GatewayEffects) {
        guard reviewAt <= now else { return }
        reviewAt = now + random.jitter(around: OverlayLimits.reviewInterval)
        for node in members.keys.elements {
            guard let member = members[node], !member.needs.hold(at: now) else { continue }
            member.needs.trafficUntil = nil
            guard !isRelaying(node) else { continue }
            if member.path != nil {
                guard now - member.since > OverlayLimits.leastSessionAge else { continue }
                effects.send(.release, to: node)
                closeSession(with: member, reason: .onDemand, now: now, effects: &effects)
                member.dials.suspend()
            } else if member.generations.isEmpty, !runs.values.contains(where: { $0.target == node }) {
                members.removeValue(forKey: node)
                memberClock.forget(member)
                if directory[node] == nil { effects.append(.removePeer(node)) }
            } else {
                member.dials.suspend()
            }
        }
        reviewMapping(isNewPlace: false, now: now)
        forgetOverlayPeers()
        closeIdleStreams(now: now, effects: &effects)
        renewRelays(now: now, effects: &effects)
        expirePairs(now: now, effects: &effects)
    }
}
