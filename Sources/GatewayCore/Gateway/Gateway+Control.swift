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
        if source != member.endpoint, message.isOnPath {
            peerMoved(node, to: source, now: now, effects: &effects)
        }
        switch message {
        case .probe(let identifier, let digest, _):
            answerProbe(identifier, from: source, of: member, now: now, effects: &effects)
            compareDigest(digest, of: member, now: now, effects: &effects)
        case .probeAnswer(let identifier, let digest, let observed):
            probeAnswered(identifier, observed: observed, from: source, of: member, now: now, effects: &effects)
            compareDigest(digest, of: member, now: now, effects: &effects)
        case .echo(let token):
            // To where it came from: this end may have no path yet.
            effects.send(.echoAnswer(token: token), to: node, by: source)
        case .echoAnswer(let token):
            echoAnswered(token, by: node, now: now, effects: &effects)
        case .announcement(let age, let until, let encoded):
            receiveAnnouncement(
                encoded, age: .seconds(Int64(age)), until: until, from: node, now: now, effects: &effects)
        case .summaryRequest(let start):
            let summary = directory.summary(from: start)
            effects.send(.summary(summary.page, isLast: summary.isLast), to: node)
        case .summary(let page, let isLast):
            receiveSummary(page, isLast: isLast, from: member, now: now, effects: &effects)
        case .announcementRequest(let nodes):
            for wanted in nodes {
                guard let entry = directory[wanted] else { continue }
                sendAnnouncement(entry, to: node, until: nil, now: now, effects: &effects)
            }
        case .digestsRequest:
            effects.send(.digests(directory.buckets), to: node)
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
        case .publications, .publicationRequest, .publicationPage:
            receivePublication(message, from: member, now: now, effects: &effects)
        case .relay(let message):
            receiveRelay(message, from: member, now: now, effects: &effects)
        case .hosts(let message):
            receiveHosts(message, from: member, now: now, effects: &effects)
        case .names(let message):
            receiveName(message, from: member, now: now, effects: &effects)
        }
    }

    private mutating func receivePublication(
        _ message: ControlMessage, from member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        switch message {
        case .publications(let notices, let until):
            receivePublications(notices, until: until, from: member, now: now, effects: &effects)
        case .publicationRequest(let notice, let first, let count):
            sendPages(of: notice, first: Int(first), count: Int(count), to: member.node, effects: &effects)
        case .publicationPage(let notice, let page, let bytes):
            receivePage(of: notice, Int(page), bytes, from: member.node, now: now, effects: &effects)
        default:
            break
        }
    }

    private func answerProbe(
        _ identifier: UInt32, from source: Endpoint, of member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        if source == member.endpoint {
            member.path?.probeInterval = probeInterval(of: member, now: now)
            member.path?.heardProbe(now: now)
        }
        let answer = ControlMessage.probeAnswer(
            identifier: identifier, directoryDigest: directory.digest, observed: shown(source))
        effects.send(answer, to: member.node, by: source)
    }

    /// Sends a probe for `purpose` and remembers it. `sealedBy`: by other keys than the active ones.
    mutating func sendProbe(
        to member: Member, purpose: Member.Outstanding.Purpose, sealedBy localIndex: UInt32? = nil, now: Instant,
        effects: inout GatewayEffects
    ) {
        if member.outstanding.count >= SessionLimits.outstandingProbes {
            guard let overdue = member.outstanding.firstIndex(where: \.isOverdue) else { return }
            member.outstanding.remove(at: overdue)
        }
        let identifier = nextIdentifier()
        var timeout = member.path?.answerTimeout ?? SessionLimits.firstAnswerTimeout
        var endpoint: Endpoint?
        var padding: Int?
        switch purpose {
        case .liveness:
            break
        case .mtu(let payload):
            padding = payload
        case .follow(let candidate), .candidate(let candidate), .confirmation(let candidate):
            endpoint = candidate
            let standby = member.standbys.first { $0.endpoint == candidate }
            timeout = standby?.answerTimeout ?? SessionLimits.firstAnswerTimeout
        }
        member.outstanding.append(
            Member.Outstanding(identifier: identifier, purpose: purpose, sent: now, expires: now + timeout))
        let probe = ControlMessage.probe(
            identifier: identifier, directoryDigest: directory.digest,
            isPath: endpoint == nil || endpoint == member.endpoint)
        effects.append(
            .sendControl(
                probe, to: member.node, endpoint: endpoint, paddedTo: padding, localIndex: localIndex))
    }

    private mutating func probeAnswered(
        _ identifier: UInt32, observed: Endpoint, from source: Endpoint, of member: Member, now: Instant,
        effects: inout GatewayEffects
    ) {
        guard let at = member.outstanding.firstIndex(where: { $0.identifier == identifier }) else {
            return
        }
        let probe = member.outstanding.remove(at: at)
        noteObserved(observed, by: member.node, at: source, now: now)
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
        case .follow(let endpoint):
            guard source == endpoint else { return }
            followPeer(to: endpoint, after: now - probe.sent, of: member, now: now, effects: &effects)
        case .confirmation(let endpoint):
            // What is no better than the path was only needed for the handshake.
            let isOfUse = member.endpoint.map { endpoint == $0 || endpoint.medium < $0.medium } ?? true
            guard source == endpoint, isOfUse else { return }
            candidateAnswered(endpoint, after: now - probe.sent, of: member, now: now, effects: &effects)
        case .candidate(let endpoint):
            guard source == endpoint else { return }
            candidateAnswered(endpoint, after: now - probe.sent, of: member, now: now, effects: &effects)
        }
    }
}
