import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayRing

// Which of the ways to a member its datagrams take.
//
//     probe answered -> known way -> better than the path, or the path fails -> the path
//
// Both ends leave a path that fails, and take a better medium as soon as it answers. Of two good ways the end with the
// lower node address chooses, and the other follows what it sends: so they do not change places for ever.
extension Gateway {
    /// A way to the member has answered a probe after `sample`.
    mutating func candidateAnswered(
        _ endpoint: Endpoint, after sample: Duration, of member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        guard let path = member.path else {
            guard member.active != nil else { return }
            pathUp(to: member, endpoint: endpoint, now: now, effects: &effects)
            member.path?.answered(after: sample, now: now)
            return
        }
        if path.endpoint == endpoint {
            member.path?.answered(after: sample, now: now)
            return
        }
        if let index = member.standbys.firstIndex(where: { $0.endpoint == endpoint }) {
            member.standbys[index].answered(after: sample, now: now)
        } else {
            if member.standbys.count >= PathLimits.standbys {
                // The worst gives way, if the newcomer travels by something better.
                guard let worst = member.standbys.indices.max(by: { member.standbys[$0] < member.standbys[$1] }),
                    endpoint.medium < member.standbys[worst].medium
                else { return }
                member.standbys.remove(at: worst)
            }
            var standby = newPath(endpoint, now: now)
            standby.answered(after: sample, now: now)
            member.standbys.append(standby)
        }
        planReview(of: member, now: now)
        choosePath(of: member, now: now, effects: &effects)
    }

    /// Takes another path if there is reason to.
    mutating func choosePath(of member: Member, now: Instant, effects: inout GatewayEffects) {
        guard let path = member.path else { return }
        let usable = member.standbys.filter(\.isUsable)
        guard let best = usable.min(by: <) else { return }
        if path.isFailing {
            takePath(best.endpoint, of: member, because: .failure, now: now, effects: &effects)
            return
        }
        // The best medium that works, unless what is used is clearly better in spite of it.
        if let upgrade = usable.filter({ $0.medium < path.medium && $0.isSteady }).min(by: <),
            !(member.pathChange == .quality ? path.isStillBetter(than: upgrade) : path.isClearlyBetter(than: upgrade))
        {
            takePath(upgrade.endpoint, of: member, because: .medium, now: now, effects: &effects)
        }
    }

    /// Compares what is used with what might be, by what has been measured: RON's choice, with one member in between.
    private mutating func comparePaths(of member: Member, now: Instant, effects: inout GatewayEffects) {
        guard node < member.node, let path = member.path, !path.isFailing, now - member.pathSince > PathLimits.dwell,
            let best = member.standbys.filter({ $0.isUsable && $0.isSteady }).min(by: <),
            best.isClearlyBetter(than: path)
        else {
            member.betterCount = 0
            return
        }
        member.betterCount += 1
        guard member.betterCount >= PathLimits.betterReviews else { return }
        takePath(best.endpoint, of: member, because: .quality, now: now, effects: &effects)
    }

    /// Makes a way that has answered the path. What was the path stays as a way, unless it is the ring's.
    private mutating func takePath(
        _ endpoint: Endpoint, of member: Member, because cause: PathChange, now: Instant,
        effects: inout GatewayEffects
    ) {
        guard let old = member.path, let index = member.standbys.firstIndex(where: { $0.endpoint == endpoint })
        else { return }
        let next = member.standbys.remove(at: index)
        if old.medium != .overlay { member.standbys.append(old.leaving(now: now)) }
        changePath(of: member, to: next, because: cause, now: now, effects: &effects)
    }

    /// The member's datagrams take another path from now on; the session knows nothing of it.
    mutating func changePath(
        of member: Member, to next: PathState, because cause: PathChange, now: Instant, effects: inout GatewayEffects
    ) {
        guard let old = member.path else { return }
        // What the old path still answers says nothing of the new one.
        member.outstanding.removeAll { $0.isOverdue || $0.purpose == .liveness }
        member.path = next
        member.path?.taken(now: now)
        member.pathSince = now
        member.betterCount = 0
        member.pathChange = cause
        // What is left to fall back on is soon looked for.
        if cause == .failure { member.candidatesAt = nil }
        switch next.medium {
        case .udp:
            member.lastEndpoint = next.endpoint.place
            member.reason = .ok
            reachedDirectly(member, now: now)
        case .tcp:
            reachedOverStream(member, next.endpoint, now: now)
        case .relay, .overlay:
            if member.reason == .ok { member.reason = cause == .failure ? .noAnswer : .connecting }
            member.dials.begin(at: now + DialLimits.firstInterval)
        }
        pathChanged(to: member, effects: &effects)
        relaysMoved(with: member, now: now, effects: &effects)
        effects.append(
            .notice(
                .pathMoved(
                    site: member.site, node: member.node, from: shown(old.endpoint), to: shown(next.endpoint),
                    cause: cause)))
        effects.append(.membersChanged)
        if next.medium.isDirect {
            linkUp(with: member, now: now, effects: &effects)
        } else if !member.hasDirectWay {
            linkDown(with: member, now: now, effects: &effects)
        }
    }

    /// A way is gone for good: a closed connection, a relay that stopped.
    mutating func pathEnded(
        _ endpoint: Endpoint, of member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        member.standbys.removeAll { $0.endpoint == endpoint }
        guard let path = member.path, path.endpoint == endpoint else { return }
        if let best = member.standbys.filter(\.isUsable).min(by: <) {
            takePath(best.endpoint, of: member, because: .failure, now: now, effects: &effects)
            member.standbys.removeAll { $0.endpoint == endpoint }
        } else {
            pathDown(to: member, reason: .noAnswer, now: now, effects: &effects)
        }
    }

    /// A probe of the path was lost: the other ways are asked at once, so that one of them can take over.
    mutating func pathSuspected(_ member: Member, now: Instant, effects: inout GatewayEffects) {
        for index in member.standbys.indices {
            member.standbys[index].nextProbe = min(member.standbys[index].nextProbe, now)
        }
        choosePath(of: member, now: now, effects: &effects)
        // Without any other the ring's hops may do: a probe there needs no handshake.
        guard let path = member.path, path.isFailing, path.medium != .overlay, ring.isRoutable,
            let endpoint = overlayEndpoint(of: member.node), member.active != nil,
            !member.outstanding.contains(where: { $0.purpose == .candidate(endpoint) })
        else { return }
        sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects)
    }

    /// Probes the ways that are not used, those with a turn.
    mutating func probeStandbys(of member: Member, now: Instant, effects: inout GatewayEffects) {
        for index in member.standbys.indices where member.standbys[index].nextProbe <= now {
            member.standbys[index].probeInterval = standbyInterval(of: member.standbys[index], to: member, now: now)
            member.standbys[index].probed(now: now)
            sendProbe(
                to: member, purpose: .candidate(member.standbys[index].endpoint), now: now, effects: &effects)
        }
    }

    /// How often a way that is not used is probed: one by a better medium than the path is taken as soon as it is good
    /// enough, which must not take long to tell.
    private func standbyInterval(of standby: PathState, to member: Member, now: Instant) -> Duration {
        let isBetter = member.path.map { standby.medium < $0.medium } ?? false
        if isBetter, !standby.isMeasured { return PathLimits.measureInterval }
        let isQuick = isBetter || member.needs.hasTraffic(at: now) || member.path?.unanswered ?? 0 > 0
        return isQuick ? PathLimits.standbyInterval : PathLimits.idleStandbyInterval
    }

    /// A probe of a way that is not the path was lost.
    mutating func candidateLost(
        _ endpoint: Endpoint, sentAt sent: Instant, of member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        guard let index = member.standbys.firstIndex(where: { $0.endpoint == endpoint }) else {
            // A relay whose other end does not answer: perhaps it does not know us yet. Another is asked.
            if endpoint != member.endpoint { releaseRelay(endpoint, effects: &effects) }
            return
        }
        let isGone = member.standbys[index].lost(sentAt: sent, now: now)
        if isGone { member.standbys.remove(at: index) }
        // As long as it answered there was no better to look for.
        if member.wantsBetterPath, member.needs.hold(at: now) {
            member.dials.begin(at: now + DialLimits.firstInterval)
        }
        // Over the ring's hops a link's messages cannot go.
        if isGone || member.endpoint?.medium == .overlay, member.needs.isLinked, !member.hasDirectWay {
            linkDown(with: member, now: now, effects: &effects)
        }
        if isGone, endpoint.isRelay { relayEnded(endpoint, now: now, effects: &effects) }
    }

    /// Plans a first look at a member's ways, unless all it has and needs is its path.
    mutating func planReview(of member: Member, now: Instant) {
        guard let path = member.path, member.pathReviewAt == nil else { return }
        let isAllThereIs = path.medium == .udp && member.standbys.isEmpty && !member.needs.hasTraffic(at: now)
        if !isAllThereIs { member.pathReviewAt = now + PathLimits.reviewDelay }
    }

    /// Looks whether a member has ways enough, and the best of them.
    mutating func reviewPath(of member: Member, now: Instant, effects: inout GatewayEffects) {
        member.pathReviewAt = nil
        guard let path = member.path, member.needs.hold(at: now) else { return }
        let hasTraffic = member.needs.hasTraffic(at: now)
        if path.medium == .udp, !hasTraffic {
            // Good enough for what is not used.
            releaseRelays(to: member, now: now, effects: &effects)
            member.standbys.removeAll()
            return
        }
        member.pathReviewAt =
            now
            + (path.medium == .overlay
                ? PathLimits.relayRetryInterval
                : hasTraffic ? PathLimits.reviewInterval : PathLimits.relayReviewInterval)
        comparePaths(of: member, now: now, effects: &effects)
        // One to fall back on while packets flow, also from another relay.
        if !member.standbys.contains(where: { $0.medium == .relay }), member.standbys.count < PathLimits.standbys,
            hasTraffic || member.endpoint?.isRelay != true
        {
            seekRelay(to: member, now: now, effects: &effects)
        }
        guard hasTraffic, member.active != nil,
            member.candidatesAt.map({ now - $0 >= PathLimits.candidateInterval }) ?? true
        else { return }
        member.candidatesAt = now
        for endpoint in underlay.uplinks.ways(to: directCandidates(of: member)).prefix(PathLimits.punchDials)
        where endpoint != member.endpoint && !member.standbys.contains(where: { $0.endpoint == endpoint }) {
            sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects)
        }
    }
}

// A peer that sends from somewhere else: it has moved, its NAT has forgotten it, or it has chosen another way.
extension Gateway {
    /// An authentic, newest datagram came from another endpoint than the path's. The path follows once the endpoint has
    /// answered a probe.
    package mutating func peerMoved(
        _ node: NodeAddress, to endpoint: Endpoint, now: Instant, effects: inout GatewayEffects
    ) {
        // What comes over the overlay says nothing of where the peer is.
        guard endpoint.medium != .overlay, let member = members[node], member.endpoint != endpoint,
            !member.outstanding.contains(where: { $0.purpose == .follow(endpoint) && !$0.isOverdue })
        else { return }
        streamUsed(endpoint, now: now)
        guard let path = member.path else {
            // Given up, and heard again: a probe is quicker than a handshake.
            if member.active != nil, member.needs.hold(at: now) {
                sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects)
            }
            return
        }
        if nameUplink(of: member, endpoint, now: now, effects: &effects) { return }
        // What has just been taken for its better medium the peer will soon take as well.
        let isAhead = endpoint.medium > path.medium && now - member.pathSince < SessionLimits.settleTime
        if path.unanswered == 0, isKnownWay(endpoint, to: member), self.node < node || isAhead {
            // Each end has chosen another way. If both followed they would change places for ever, so the higher node
            // address does, unless our path turns out to be dead.
            if path.medium <= endpoint.medium { member.path?.nextProbe = now }
            guard !member.standbys.contains(where: { $0.endpoint == endpoint }) else { return }
            sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects)
            return
        }
        // Nor is it followed to where this end has just failed: it will notice too.
        if path.unanswered == 0, let known = member.standbys.first(where: { $0.endpoint == endpoint }),
            !(known.isUsable && known.isSteady)
        {
            return
        }
        sendProbe(to: member, purpose: .follow(endpoint), now: now, effects: &effects)
    }

    /// Whether it is one of several ways to the member, not a new place of it.
    private func isKnownWay(_ endpoint: Endpoint, to member: Member) -> Bool {
        endpoint.medium != .udp || member.standbys.contains { $0.endpoint == endpoint }
            || directory[member.node]?.announcement.endpoints.contains(endpoint.place) ?? false
    }

    /// Where the peer sends from has answered: the path goes there too.
    mutating func followPeer(
        to endpoint: Endpoint, after sample: Duration, of member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        guard let old = member.path else {
            return candidateAnswered(endpoint, after: sample, of: member, now: now, effects: &effects)
        }
        guard old.endpoint != endpoint else { return }
        var next = member.standbys.first { $0.endpoint == endpoint } ?? newPath(endpoint, now: now)
        member.standbys.removeAll { $0.endpoint == endpoint }
        next.answered(after: sample, now: now)
        // Another address of the same kind is where the peer is now; what it has left is no way any more, unless it is
        // one of several that it tells of.
        if old.medium != endpoint.medium || isKnownWay(old.endpoint, to: member), old.medium != .overlay,
            member.standbys.count < PathLimits.standbys
        {
            member.standbys.append(old.leaving(now: now))
        }
        changePath(of: member, to: next, because: .peer, now: now, effects: &effects)
    }
}
