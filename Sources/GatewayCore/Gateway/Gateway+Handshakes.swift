import LinkSecurity
package import NetworkTypes
import OrderedCollections

extension Gateway {
    /// A datagram with a DTLS first byte (20 to 63, RFC 7983) has come from `source`.
    package mutating func receiveHandshake(
        _ datagram: [UInt8], from source: Endpoint, now: Instant, effects: inout GatewayEffects
    ) {
        guard !isStopping else { return }
        streamUsed(source, now: now)
        nameUplink(ofHandshakeAt: source)
        if let random = DTLSDatagram.clientRandom(datagram) {
            if let run = runs[source] {
                if run.role == .server, run.clientRandom == random {
                    advance(source, with: datagram, now: now, effects: &effects)
                    return
                }
                // Both ends opened at once. Of a bootstrap address the node is not known yet, so the hellos decide,
                // which both ends have: the lower random stays client.
                if run.role == .client, !run.isFinished, let ours = run.clientRandom,
                    ours.lexicographicallyPrecedes(random)
                {
                    return
                }
            }
            admit(datagram, random: random, from: source, now: now, effects: &effects)
            answerFromHere(source, now: now, effects: &effects)
        } else if runs[source] != nil {
            advance(source, with: datagram, now: now, effects: &effects)
        }
    }

    /// A first hello: answered by a cookie, or by a handshake when it carries the right one.
    private mutating func admit(
        _ datagram: [UInt8], random: [UInt8], from source: Endpoint, now: Instant, effects: inout GatewayEffects
    ) {
        let running = runs.values.count { $0.role == .server && !$0.isFinished }
        guard running < HandshakeLimits.serverCount else { return }
        var output = HandshakeOutput()
        let localIndex = receiverIndices.next()
        let admission = handshakes.admit(datagram, from: source, localIndex: localIndex, output: &output)
        if case .accepted(let engine, _) = admission {
            var run = HandshakeRun(
                role: .server, engine: engine, localIndex: localIndex, target: nil, now: now)
            run.clientRandom = random
            runs[source] = run
        }
        send(output, to: source, now: now, effects: &effects)
        if case .accepted(_, let progress) = admission {
            conclude(progress, at: source, now: now, effects: &effects)
        }
    }

    /// Starts a handshake as client, unless one is running with that endpoint. `isSparing`: hardly anybody is there;
    /// `lasts`: when it is given up.
    mutating func dial(
        _ endpoint: Endpoint, target: NodeAddress?, isSparing: Bool = false,
        lasts duration: Duration = HandshakeLimits.timeout, now: Instant, effects: inout GatewayEffects
    ) {
        if let run = runs[endpoint], !run.isFinished { return }
        guard !underlay.endpoints.contains(endpoint.place), !isStopping else { return }
        let localIndex = receiverIndices.next()
        let engine = handshakes.makeClient(localIndex: localIndex)
        var run = HandshakeRun(
            role: .client, engine: engine, localIndex: localIndex, target: target, isSparing: isSparing,
            lasts: duration, now: now)
        var output = HandshakeOutput()
        let progress = engine.start(output: &output)
        run.clientRandom = output.datagrams.first.flatMap(DTLSDatagram.clientRandom)
        runs[endpoint] = run
        send(output, to: endpoint, now: now, effects: &effects)
        conclude(progress, at: endpoint, now: now, effects: &effects)
    }

    private mutating func advance(
        _ endpoint: Endpoint, with datagram: [UInt8], now: Instant, effects: inout GatewayEffects
    ) {
        runs[endpoint]?.heard(now: now)
        guard let run = runs[endpoint] else { return }
        var output = HandshakeOutput()
        let progress = run.engine.receive(datagram, output: &output)
        send(output, to: endpoint, now: now, effects: &effects)
        // A finished run only answers repeated flights.
        if !run.isFinished { conclude(progress, at: endpoint, now: now, effects: &effects) }
    }

    /// Retransmits and drops overdue handshakes.
    mutating func handshakeTimeouts(now: Instant, effects: inout GatewayEffects) {
        guard runDeadlines.isAnyDue(at: now) else { return }
        for endpoint in runs.keys.elements {
            guard let run = runs[endpoint], run.nextDeadline <= now else { continue }
            if run.deadline <= now {
                runs[endpoint] = nil
                if !run.isFinished {
                    dialFailed(run, at: endpoint, reason: .handshakeTimeout, now: now, effects: &effects)
                }
                continue
            }
            runs[endpoint]?.retransmitted(now: now)
            var output = HandshakeOutput()
            let progress = run.engine.retransmit(output: &output)
            send(output, to: endpoint, now: now, effects: &effects)
            conclude(progress, at: endpoint, now: now, effects: &effects)
        }
    }

    private mutating func conclude(
        _ progress: HandshakeProgress, at endpoint: Endpoint, now: Instant, effects: inout GatewayEffects
    ) {
        guard let run = runs[endpoint] else { return }
        var progress = progress
        if case .completed(let result) = progress, directory.isRevoked(result.peer.serial) {
            // Its certificate was revoked after the handshake had looked at it.
            progress = .failed(.refused(.revoked, site: result.peer.site))
        }
        switch progress {
        case .running:
            break
        case .failed(let fault):
            runs[endpoint] = nil
            let reason = LinkReason(fault)
            dialFailed(run, at: endpoint, reason: reason, now: now, effects: &effects)
            let site = run.target.flatMap { members[$0]?.identity?.site }
            remember(fault, reason: reason, site: site, endpoint: shown(endpoint), now: now, effects: &effects)
        case .completed(let result):
            runs[endpoint]?.isFinished = true
            runs[endpoint]?.deadline = now + SessionLimits.handshakeLinger
            if result.peer.node == node {
                effects.append(.notice(.bootstrapIsSelf(endpoint)))
                runs[endpoint] = nil
                bootstrap.removeAll { $0.name == nil && $0.endpoints == [endpoint.place] }
                for index in bootstrap.indices where bootstrap[index].endpoints.contains(endpoint.place) {
                    bootstrap[index].node = node
                }
                return
            }
            for index in bootstrap.indices where bootstrap[index].endpoints.contains(endpoint.place) {
                bootstrap[index].node = result.peer.node
                bootstrap[index].dials.forgetFailures()
                bootstrap[index].reason = .ok
            }
            refusals.removeAll { $0.endpoint == endpoint || $0.site == result.peer.site }
            installKeys(result, from: run, at: endpoint, now: now, effects: &effects)
        }
    }

    /// Notes why a dial failed where status will look for it.
    mutating func dialFailed(
        _ run: HandshakeRun, at endpoint: Endpoint, reason: LinkReason, now: Instant, effects: inout GatewayEffects
    ) {
        guard run.role == .client else { return }
        if let target = run.target, let member = members[target], !member.isDirect {
            // Over the overlay it is the last resort that has failed, which says less than why there is no better.
            if endpoint.medium.isDirect || member.reason == .connecting {
                member.reason = reason
            }
            if !runs.values.contains(where: { $0.target == target && !$0.isFinished }) {
                seekFailed(with: member, now: now, effects: &effects)
            }
        }
        for index in bootstrap.indices where bootstrap[index].endpoints.contains(endpoint.place) {
            bootstrap[index].reason = reason
        }
    }

    /// Keeps a refusal for status; the first of its kind becomes a notice, so that a peer cannot fill the log.
    mutating func remember(
        _ fault: HandshakeFault, reason: LinkReason, site: String?, endpoint: Endpoint, now: Instant,
        effects: inout GatewayEffects
    ) {
        var site = site
        if case .refused(_, let claimed) = fault { site = claimed ?? site }
        let known = refusals.firstIndex {
            $0.endpoint.address == endpoint.address && $0.reason == reason && $0.site == site
        }
        if let known {
            refusals[known].count += 1
            refusals[known].last = now
            refusals[known].endpoint = endpoint
            return
        }
        if refusals.count >= SessionLimits.refusals { refusals.removeFirst() }
        refusals.append(Refusal(endpoint: endpoint, site: site, reason: reason, count: 1, last: now))
        effects.append(.notice(.handshakeRefused(endpoint: endpoint, site: site, reason: reason)))
    }

    private mutating func send(
        _ output: HandshakeOutput, to endpoint: Endpoint, now: Instant, effects: inout GatewayEffects
    ) {
        for datagram in output.datagrams {
            if let node = overlayPeers[endpoint] {
                route(datagram, .handshake, to: node, now: now, effects: &effects)
            } else {
                effects.append(.sendHandshake(datagram, to: endpoint))
            }
        }
    }
}
