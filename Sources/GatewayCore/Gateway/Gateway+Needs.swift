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
        let index = member(for: entry.identity, effects: &effects)
        members.values[index].needs.trafficUntil = now + OverlayLimits.trafficIdle
        guard members.values[index].path == nil else { return }
        if members.values[index].overlayDial == nil {
            let hasFailed = members.values[index].dialAttempts > 0
            members.values[index].overlayDial = hasFailed ? now : now + OverlayLimits.overlayDelay
        }
        let planned = members.values[index].nextDial
        members.values[index].nextDial = planned.map { min($0, now + SessionLimits.dialInterval) } ?? now
    }

    /// What has gone to and come from a member so far: tells whether traffic flows, and whether the peer is heard.
    package mutating func trafficObserved(
        _ node: NodeAddress, byteCount: UInt64, lastHeard: Instant?, now: Instant, effects: inout GatewayEffects
    ) {
        guard let index = members.index(forKey: node) else { return }
        let moved = byteCount &- members.values[index].trafficMark
        members.values[index].trafficMark = byteCount
        if let lastHeard, let known = members.values[index].path?.lastHeard, known < lastHeard {
            members.values[index].path?.lastHeard = lastHeard
        }
        // Probes alone move under 4 kB between two looks, even at full size.
        members.values[index].isBusy = moved > 16_384
        guard moved > 0 else { return }
        members.values[index].needs.trafficUntil = now + OverlayLimits.trafficIdle
        if members.values[index].isBusy { members.values[index].path?.mtuSearch.trafficFlows(now: now) }
        members.values[index].path?.used(now: now)
        guard members.values[index].needs.isLinked else { return }
        inRing(now: now, effects: &effects) {
            $0.trafficObserved(node, byteCount: moved, now: now, effects: &$1)
        }
    }

    /// Members with whom there is, or is to be, a session.
    package var sessionNodes: [NodeAddress] { members.keys.elements }

    /// In a small grid everybody keeps a session with everybody; called when the directory has changed.
    mutating func reviewAcquaintances(now: Instant, effects: inout GatewayEffects) {
        let limit = settings.acquaintances
        if directory.nodes.count > limit * 5 / 4 {
            guard hasAcquaintances else { return }
            hasAcquaintances = false
            for index in members.values.indices { members.values[index].needs.isAcquaintance = false }
            return
        }
        guard directory.nodes.count <= limit else { return }
        hasAcquaintances = true
        for entry in directory.entries where entry.node != node {
            if entry.announcement.isWithdrawn {
                members[entry.node]?.needs.isAcquaintance = false
                continue
            }
            let index = member(for: entry.identity, effects: &effects)
            guard !members.values[index].needs.isAcquaintance else { continue }
            members.values[index].needs.isAcquaintance = true
            if members.values[index].path == nil, members.values[index].nextDial == nil {
                members.values[index].nextDial = now
            }
        }
    }

    /// Closes sessions that nobody needs, and forgets members that nothing is known of any more.
    mutating func reviewSessions(now: Instant, effects: inout GatewayEffects) {
        guard reviewAt <= now else { return }
        reviewAt = now + random.jitter(around: OverlayLimits.reviewInterval)
        for node in members.keys.elements {
            guard let index = members.index(forKey: node), !members.values[index].needs.hold(at: now) else { continue }
            let member = members.values[index]
            if member.path != nil {
                guard now - member.since > OverlayLimits.leastSessionAge else { continue }
                effects.append(
                    .sendControl(.release, to: node, endpoint: nil, paddedTo: nil, localIndex: nil))
                closeSession(at: index, reason: .onDemand, now: now, effects: &effects)
                members.values[index].nextDial = nil
            } else if member.generations.isEmpty, !runs.values.contains(where: { $0.target == node }) {
                members.removeValue(forKey: node)
                if directory[node] == nil { effects.append(.removePeer(node)) }
            } else {
                members.values[index].nextDial = nil
            }
        }
        forgetOverlayPeers()
    }
}
