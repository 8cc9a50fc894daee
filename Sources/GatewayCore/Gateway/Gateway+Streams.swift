package import LinkSecurity
package import NetworkTypes
import OrderedCollections

// TLS over TCP for networks that block UDP: a stream carries the very datagrams that UDP would, so a session knows it
// as one more endpoint.
extension Gateway {
    /// A stream is open, and the certificate of `peer` has been verified at its far end. `number` is that of
    /// `openStream`, or, with `StreamLimits.acceptedBit`, the driver's own for a connection that was accepted.
    package mutating func streamOpened(
        _ number: UInt64, remote: Endpoint, peer: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) {
        let isOurs = number & StreamLimits.acceptedBit == 0
        guard !isStopping, peer != node, isOurs ? streams[number] != nil : streams.count < StreamLimits.streamCount
        else {
            streams[number] = nil
            effects.append(.closeStream(number))
            return
        }
        var stream = streams[number] ?? StreamState(remote: remote, isOurs: false, target: nil, lastUsed: now)
        stream.peer = peer
        stream.lastUsed = now
        streams[number] = stream
        // Who has opened it begins the handshake. A better path may have come up meanwhile.
        guard isOurs, members[peer]?.isDirect != true else { return }
        dialOpen(number, target: peer, isSparing: false, now: now, effects: &effects)
    }

    /// A stream that was being opened could not be, or one that was open is so no more.
    package mutating func streamClosed(
        _ number: UInt64, fault: StreamFault, now: Instant, effects: inout GatewayEffects
    ) {
        guard let stream = streams.removeValue(forKey: number), !isStopping else { return }
        let endpoint = Endpoint(stream: number)
        if case .handshake(let refusal) = fault {
            streamRefused(by: stream.remote, target: stream.target, refusal, now: now, effects: &effects)
        }
        if let run = runs.removeValue(forKey: endpoint), !run.isFinished {
            dialFailed(run, at: endpoint, reason: .handshakeTimeout, now: now, effects: &effects)
        }
        for member in members.values where stream.peer.map({ $0 == member.node }) ?? false {
            let wasSteady = member.endpoint == endpoint && now - member.pathSince >= StreamLimits.steadyTime
            pathEnded(endpoint, of: member, now: now, effects: &effects)
            guard wasSteady, !member.isDirect, member.needs.hold(at: now) else { continue }
            dialStreams(to: member, at: directCandidates(of: member), now: now, effects: &effects)
        }
    }

    /// TLS was refused, by either end. `target` is whom it was meant to reach, if that is known.
    package mutating func streamRefused(
        by remote: Endpoint, target: NodeAddress? = nil, _ fault: HandshakeFault, now: Instant,
        effects: inout GatewayEffects
    ) {
        let reason = LinkReason(fault)
        let member = target.flatMap { members[$0] }
        if let member, !member.isDirect { member.reason = reason }
        remember(fault, reason: reason, site: member?.identity?.site, endpoint: remote, now: now, effects: &effects)
    }

    /// Tries streams beside UDP, to which a member without a direct path has not answered.
    mutating func dialStreams(
        to member: Member, at candidates: [Endpoint], isSparing: Bool = false, now: Instant,
        effects: inout GatewayEffects
    ) {
        guard !member.isDirect else { return }
        let known = streams.first { $0.value.peer == member.node }
        if let number = known?.key {
            dialOpen(number, target: member.node, isSparing: isSparing, now: now, effects: &effects)
            return
        }
        for endpoint in candidates.prefix(SessionLimits.parallelDials) {
            dialStream(at: endpoint, target: member.node, isSparing: isSparing, now: now, effects: &effects)
        }
    }

    /// Opens a stream to `remote`, or goes on with the one that is there.
    mutating func dialStream(
        at remote: Endpoint, target: NodeAddress?, isSparing: Bool, now: Instant, effects: inout GatewayEffects
    ) {
        if let known = streams.first(where: { $0.value.isOurs && $0.value.remote == remote }) {
            guard known.value.isOpen else { return }
            dialOpen(known.key, target: target, isSparing: isSparing, now: now, effects: &effects)
            return
        }
        guard !underlay.endpoints.contains(remote), !isStopping, streams.count < StreamLimits.streamCount else {
            return
        }
        let number = nextStream
        nextStream += 1
        streams[number] = StreamState(remote: remote, isOurs: true, target: target, lastUsed: now)
        effects.append(.openStream(number, to: remote))
    }

    /// Begins a handshake over an open stream, and sees whether the peer still has the keys of a session.
    private mutating func dialOpen(
        _ number: UInt64, target: NodeAddress?, isSparing: Bool, now: Instant, effects: inout GatewayEffects
    ) {
        let endpoint = Endpoint(stream: number)
        if let member = target.flatMap({ members[$0] }), member.active != nil {
            sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects)
        }
        dial(endpoint, target: target, isSparing: isSparing, now: now, effects: &effects)
    }

    /// Whoever is reached is reached over a stream, so for others one is opened at once.
    package var isUDPBlocked: Bool {
        !streams.isEmpty && members.values.contains { $0.endpoint?.isStream == true }
            && !members.values.contains { $0.endpoint?.isUnderlay == true }
    }

    /// A member's path is a stream now: attempts by UDP go on beside it.
    func reachedOverStream(_ member: Member, _ endpoint: Endpoint, now: Instant) {
        member.reason = .udpBlocked
        if let stream = endpoint.streamNumber.flatMap({ streams[$0] }), stream.isOurs {
            member.lastEndpoint = stream.remote
        }
        // What lets TCP through may let UDP through as well by now: its attempts begin anew.
        member.dials.restart(at: now + DialLimits.firstInterval)
    }

    /// Something authentic, or the beginning of it, has come from `source`.
    mutating func streamUsed(_ source: Endpoint, now: Instant) {
        guard let number = source.streamNumber else { return }
        streams[number]?.lastUsed = now
    }

    /// Closes streams that are nobody's path at either end.
    mutating func closeIdleStreams(now: Instant, effects: inout GatewayEffects) {
        for number in streams.keys.elements {
            guard let stream = streams[number], stream.isOpen, now - stream.lastUsed >= StreamLimits.idleLimit
            else { continue }
            let endpoint = Endpoint(stream: number)
            guard !members.values.contains(where: { $0.endpoint == endpoint }) else { continue }
            streams[number] = nil
            runs[endpoint] = nil
            effects.append(.closeStream(number))
        }
    }

    /// Where an endpoint is in the underlay, for people to see and others to hear: a stream's far end.
    func shown(_ endpoint: Endpoint) -> Endpoint {
        endpoint.streamNumber.flatMap { streams[$0]?.remote } ?? endpoint
    }
}
