import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayRing
import WireFormat

extension Gateway {
    /// An authentic control message of `node` has come from `source`.
    package mutating func receiveControl(
        _ bytes: RawSpan, from node: NodeAddress, source: Endpoint, now: Instant, effects: inout GatewayEffects
    ) {
        guard !isStopping, let member = members[node] else { return }
        member.path?.lastHeard = now
        streamUsed(source, now: now)
        let message: ControlMessage
        do {
            message = try ControlMessage(reading: bytes)
        } catch {
            effects.append(.notice(.malformedControl(from: node)))
            return
        }
        switch message {
        case .probe(let identifier, let digest):
            if source == member.endpoint {
                member.path?.probeInterval = probeInterval(of: member, now: now)
                member.path?.heardProbe(now: now)
            }
            let answer = ControlMessage.probeAnswer(
                identifier: identifier, directoryDigest: directory.digest, observed: shown(source))
            effects.append(.sendControl(answer, to: node, endpoint: source, paddedTo: nil, localIndex: nil))
            compareDigest(digest, of: member, now: now, effects: &effects)
        case .probeAnswer(let identifier, let digest, let observed):
            probeAnswered(identifier, observed: observed, from: source, of: member, now: now, effects: &effects)
            compareDigest(digest, of: member, now: now, effects: &effects)
        case .echo(let token):
            reply(.echoAnswer(token: token), to: node, effects: &effects)
        case .echoAnswer(let token):
            echoAnswered(token, by: node, now: now, effects: &effects)
        case .announcement(let age, let until, let encoded):
            receiveAnnouncement(
                encoded, age: .seconds(Int64(age)), until: until, from: node, now: now, effects: &effects)
        case .summaryRequest(let start):
            let summary = directory.summary(from: start)
            reply(.summary(summary.page, isLast: summary.isLast), to: node, effects: &effects)
        case .summary(let page, let isLast):
            receiveSummary(page, isLast: isLast, from: member, now: now, effects: &effects)
        case .announcementRequest(let nodes):
            for wanted in nodes {
                guard let entry = directory[wanted] else { continue }
                sendAnnouncement(entry, to: node, until: nil, now: now, effects: &effects)
            }
        case .digestsRequest:
            reply(.digests(directory.buckets), to: node, effects: &effects)
        case .digests(let digests):
            guard let step = member.copy?.received(digests: digests, own: directory.buckets, now: now)
            else { return }
            carryOut(step, with: member, now: now, effects: &effects)
        case .goodbye:
            closeSession(with: member, reason: .stopped, now: now, effects: &effects)
        case .release:
            closeSession(with: member, reason: .onDemand, now: now, effects: &effects)
        case .ring(let bytes):
            receiveRing(bytes, from: member, now: now, effects: &effects)
        case .store(let bytes):
            receiveStore(bytes, now: now, effects: &effects)
        case .question(let token, let question):
            questionAsked(question, token: token, by: node, now: now, effects: &effects)
        case .answer(let token, let answer):
            questionAnswered(answer, token: token, by: node, effects: &effects)
        case .publications(let notices, let until):
            receivePublications(notices, until: until, from: member, now: now, effects: &effects)
        case .publicationRequest(let notice, let first, let count):
            sendPages(of: notice, first: Int(first), count: Int(count), to: node, effects: &effects)
        case .publicationPage(let notice, let page, let bytes):
            receivePage(of: notice, Int(page), bytes, from: node, now: now, effects: &effects)
        }
    }

    private func reply(_ message: ControlMessage, to node: NodeAddress, effects: inout GatewayEffects) {
        effects.append(.sendControl(message, to: node, endpoint: nil, paddedTo: nil, localIndex: nil))
    }

    /// Sends a probe for `purpose` and remembers it.
    mutating func sendProbe(
        to member: Member, purpose: Member.Outstanding.Purpose, now: Instant, effects: inout GatewayEffects
    ) {
        if member.outstanding.count >= SessionLimits.outstandingProbes {
            guard let overdue = member.outstanding.firstIndex(where: \.isOverdue) else { return }
            member.outstanding.remove(at: overdue)
        }
        let identifier = nextIdentifier()
        let timeout = member.path?.answerTimeout ?? SessionLimits.firstAnswerTimeout
        member.outstanding.append(
            Member.Outstanding(identifier: identifier, purpose: purpose, sent: now, expires: now + timeout))
        var endpoint: Endpoint?
        var padding: Int?
        switch purpose {
        case .liveness: break
        case .mtu(let payload): padding = payload
        case .endpoint(let candidate): endpoint = candidate
        }
        let probe = ControlMessage.probe(identifier: identifier, directoryDigest: directory.digest)
        effects.append(
            .sendControl(
                probe, to: member.node, endpoint: endpoint, paddedTo: padding, localIndex: nil))
    }

    private mutating func probeAnswered(
        _ identifier: UInt32, observed: Endpoint, from source: Endpoint, of member: Member, now: Instant,
        effects: inout GatewayEffects
    ) {
        guard let at = member.outstanding.firstIndex(where: { $0.identifier == identifier }) else {
            return
        }
        let probe = member.outstanding.remove(at: at)
        if source.isUnderlay { noteObserved(observed, by: member.node, now: now) }
        switch probe.purpose {
        case .liveness:
            if probe.isOverdue {
                member.path?.answeredLate(after: now - probe.sent, now: now)
            } else {
                member.path?.answered(after: now - probe.sent, now: now)
            }
            if member.needs.isLinked, let roundTrip = member.path?.roundTrip {
                ring.linkTrusted(member.node)
                ring.roundTripMeasured(member.node, roundTrip)
            }
        case .mtu(let payload):
            let isBusy = member.isBusy
            guard member.path?.mtuSearch.answered(payload, now: now, busy: isBusy) == true else {
                return
            }
            pathChanged(to: member, effects: &effects)
            effects.append(.notice(.pathMTU(site: member.site, node: member.node, payload: payload)))
        case .endpoint(let candidate):
            guard source == candidate else { return }
            movePath(to: candidate, of: member, now: now, effects: &effects)
        }
    }

    /// The candidate endpoint has answered: the path goes there, unless it is direct already and the candidate is not.
    mutating func movePath(
        to endpoint: Endpoint, of member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        guard let old = member.path else {
            if member.active != nil {
                pathUp(to: member, endpoint: endpoint, now: now, effects: &effects)
            }
            return
        }
        guard old.endpoint != endpoint, !endpoint.isOverlay, endpoint.pathRank <= old.endpoint.pathRank else { return }
        // What the old path still answers says nothing of the new one.
        member.outstanding.removeAll(where: \.isOverdue)
        member.path = newPath(endpoint, now: now)
        if endpoint.isStream {
            reachedOverStream(member, endpoint, now: now)
        } else {
            member.lastEndpoint = endpoint
            member.reason = .ok
            member.nextDial = nil
            member.dialAttempts = 0
        }
        pathChanged(to: member, effects: &effects)
        effects.append(
            .notice(
                .pathMoved(
                    site: member.site, node: member.node, from: shown(old.endpoint), to: shown(endpoint))))
        effects.append(.membersChanged)
        if old.endpoint.isOverlay { linkUp(with: member, now: now, effects: &effects) }
    }

    /// A member reports from where it sees us. What is not an own address is announced too: others may reach us there.
    private mutating func noteObserved(_ endpoint: Endpoint, by reporter: NodeAddress, now: Instant) {
        guard !underlay.endpoints.contains(endpoint), !endpoint.address.isLoopback, !endpoint.address.isUnspecified,
            endpoint.isUnderlay, !settings.pools.contains(where: { $0.contains(endpoint.address) })
        else { return }
        let isNew = !observed.contains { $0.endpoint == endpoint }
        observed.removeAll { $0.reporter == reporter }
        observed.append((endpoint, reporter))
        if observed.count > SessionLimits.observedEndpoints { observed.removeFirst() }
        if isNew { publishAt = min(publishAt, now + .seconds(1)) }
    }
}
