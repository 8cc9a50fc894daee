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
        guard !isStopping, let index = members.index(forKey: node) else { return }
        members.values[index].path?.lastHeard = now
        let message: ControlMessage
        do {
            message = try ControlMessage(reading: bytes)
        } catch {
            effects.append(.notice(.malformedControl(from: node)))
            return
        }
        switch message {
        case .probe(let identifier, let digest):
            if source == members.values[index].path?.endpoint { members.values[index].path?.heardProbe(now: now) }
            let answer = ControlMessage.probeAnswer(
                identifier: identifier, directoryDigest: directory.digest, observed: source)
            effects.append(.sendControl(answer, to: node, endpoint: source, paddedTo: nil, localIndex: nil))
            compareDigest(digest, at: index, now: now, effects: &effects)
        case .probeAnswer(let identifier, let digest, let observed):
            probeAnswered(identifier, observed: observed, from: source, at: index, now: now, effects: &effects)
            compareDigest(digest, at: index, now: now, effects: &effects)
        case .echo(let token):
            effects.append(
                .sendControl(.echoAnswer(token: token), to: node, endpoint: nil, paddedTo: nil, localIndex: nil))
        case .echoAnswer(let token):
            echoAnswered(token, by: node, now: now, effects: &effects)
        case .announcement(let age, let until, let encoded):
            receiveAnnouncement(
                encoded, age: .seconds(Int64(age)), until: until, from: node, now: now, effects: &effects)
        case .summaryRequest(let start):
            let summary = directory.summary(from: start)
            effects.append(
                .sendControl(
                    .summary(summary.page, isLast: summary.isLast), to: node, endpoint: nil, paddedTo: nil,
                    localIndex: nil))
        case .summary(let page, let isLast):
            receiveSummary(page, isLast: isLast, at: index, now: now, effects: &effects)
        case .announcementRequest(let nodes):
            for wanted in nodes {
                guard let entry = directory[wanted] else { continue }
                sendAnnouncement(entry, to: node, until: nil, now: now, effects: &effects)
            }
        case .digestsRequest:
            effects.append(
                .sendControl(
                    .digests(directory.buckets), to: node, endpoint: nil, paddedTo: nil, localIndex: nil))
        case .digests(let digests):
            guard let step = members.values[index].copy?.received(digests: digests, own: directory.buckets, now: now)
            else { return }
            carryOut(step, at: index, now: now, effects: &effects)
        case .goodbye:
            closeSession(at: index, reason: .stopped, now: now, effects: &effects)
        case .release:
            closeSession(at: index, reason: .onDemand, now: now, effects: &effects)
        case .ring(let bytes):
            receiveRing(bytes, at: index, now: now, effects: &effects)
        case .store(let bytes):
            receiveStore(bytes, now: now, effects: &effects)
        }
    }

    /// Sends a probe for `purpose` and remembers it.
    mutating func sendProbe(
        at index: Int, purpose: Member.Outstanding.Purpose, now: Instant, effects: inout GatewayEffects
    ) {
        guard members.values[index].outstanding.count < SessionLimits.outstandingProbes else { return }
        let identifier = nextIdentifier()
        let timeout = members.values[index].path?.answerTimeout ?? .milliseconds(500)
        members.values[index].outstanding.append(
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
                probe, to: members.values[index].node, endpoint: endpoint, paddedTo: padding, localIndex: nil))
    }

    private mutating func probeAnswered(
        _ identifier: UInt32, observed: Endpoint, from source: Endpoint, at index: Int, now: Instant,
        effects: inout GatewayEffects
    ) {
        guard let at = members.values[index].outstanding.firstIndex(where: { $0.identifier == identifier }) else {
            return
        }
        let probe = members.values[index].outstanding.remove(at: at)
        if !source.isOverlay { noteObserved(observed, by: members.values[index].node, now: now) }
        switch probe.purpose {
        case .liveness:
            members.values[index].path?.answered(after: now - probe.sent, now: now)
            if members.values[index].needs.isLinked, let roundTrip = members.values[index].path?.roundTrip {
                ring.roundTripMeasured(members.values[index].node, roundTrip)
            }
        case .mtu(let payload):
            let isBusy = members.values[index].isBusy
            guard members.values[index].path?.mtuSearch.answered(payload, now: now, busy: isBusy) == true else {
                return
            }
            pathChanged(at: index, effects: &effects)
            let member = members.values[index]
            effects.append(.notice(.pathMTU(site: member.site, node: member.node, payload: payload)))
        case .endpoint(let candidate):
            guard source == candidate else { return }
            movePath(to: candidate, at: index, now: now, effects: &effects)
        }
    }

    /// The candidate endpoint has answered: the path goes there, unless it is direct already and the candidate is not.
    mutating func movePath(
        to endpoint: Endpoint, at index: Int, now: Instant, effects: inout GatewayEffects
    ) {
        guard let old = members.values[index].path else {
            if members.values[index].active != nil {
                pathUp(at: index, endpoint: endpoint, now: now, effects: &effects)
            }
            return
        }
        guard old.endpoint != endpoint, !endpoint.isOverlay else { return }
        members.values[index].path = newPath(endpoint, now: now)
        members.values[index].lastEndpoint = endpoint
        members.values[index].reason = .ok
        members.values[index].nextDial = nil
        members.values[index].dialAttempts = 0
        pathChanged(at: index, effects: &effects)
        let member = members.values[index]
        effects.append(
            .notice(.pathMoved(site: member.site, node: member.node, from: old.endpoint, to: endpoint)))
        effects.append(.membersChanged)
        if old.endpoint.isOverlay { linkUp(at: index, now: now, effects: &effects) }
    }

    /// A member reports from where it sees us. What is not an own address is announced too: others may reach us there.
    private mutating func noteObserved(_ endpoint: Endpoint, by reporter: NodeAddress, now: Instant) {
        guard !underlay.endpoints.contains(endpoint), !endpoint.address.isLoopback, !endpoint.address.isUnspecified,
            !endpoint.isOverlay
        else { return }
        let isNew = !observed.contains { $0.endpoint == endpoint }
        observed.removeAll { $0.reporter == reporter }
        observed.append((endpoint, reporter))
        if observed.count > SessionLimits.observedEndpoints { observed.removeFirst() }
        if isNew { publishAt = min(publishAt, now + .seconds(1)) }
    }
}
