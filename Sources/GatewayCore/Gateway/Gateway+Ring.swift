import NetworkTypes
import OrderedCollections
import OverlayRing

// The ring within the gateway: it says whom to be linked with; sessions are its links.
extension Gateway {
    /// Gives the ring an input and carries out what it wants done.
    mutating func inRing(
        now: Instant, effects: inout GatewayEffects, _ input: (inout RingNode, inout RingEffects) -> Void
    ) {
        input(&ring, &ringEffects)
        // What is carried out may make the ring want more: it joins the end of the list.
        guard !isCarryingOut.ring else { return }
        isCarryingOut.ring = true
        var index = 0
        while index < ringEffects.list.count {
            carryOut(ringEffects.list[index], now: now, effects: &effects)
            index += 1
        }
        ringEffects.removeAll()
        isCarryingOut.ring = false
    }

    private mutating func carryOut(
        _ effect: RingEffects.Effect, now: Instant, effects: inout GatewayEffects
    ) {
        switch effect {
        case .send(let node, let bytes):
            guard let member = members[node] else { return }
            member.path?.used(now: now)
            // The ring's hops are made of its links: what goes from one to the next must not take them.
            guard member.endpoint?.medium == .overlay else { return effects.send(.ring(bytes), to: node) }
            if let way = member.directWay { effects.send(.ring(bytes), to: node, by: way) }
        case .connect(let contact, _):
            connect(contact, now: now, effects: &effects)
        case .connectBootstrap(let count):
            callBootstrap(count, now: now, effects: &effects)
        case .disconnect(let node):
            members[node]?.needs.isLinked = false
            members[node]?.needs.soughtUntil = nil
        case .deliver(let packet):
            receiveRouted(packet, now: now, effects: &effects)
        case .undeliverable(let packet, _):
            if packet.source == node { undeliveredCount += 1 }
        case .notice(.joined):
            effects.append(.notice(.ringJoined))
        case .notice(.isolated):
            effects.append(.notice(.ringIsolated))
        case .notice(.malformedMessage(let node)):
            effects.append(.notice(.malformedControl(from: node)))
        case .notice(.neighboursChanged):
            break
        }
    }

    /// The ring asks for a session.
    private mutating func connect(_ contact: RingContact, now: Instant, effects: inout GatewayEffects) {
        guard contact.node != node else { return }
        let member = self.member(contact.node, effects: &effects)
        member.contacts = contact.endpoints
        guard !member.hasDirectWay else {
            linkUp(with: member, now: now, effects: &effects)
            return
        }
        member.needs.soughtUntil = now + OverlayLimits.seekTime
        // Who has been silent for a while is dialled as well, but its back-off does not begin anew.
        if !member.dials.isSparing { member.dials.forgetFailures() }
        member.dials.hasten(to: now)
        dialMember(member, now: now, effects: &effects)
    }

    /// A direct path is there, or its session is new: the ring has a link.
    mutating func linkUp(with member: Member, now: Instant, effects: inout GatewayEffects) {
        guard let path = member.path, member.hasDirectWay else { return }
        member.needs.isLinked = true
        member.needs.soughtUntil = nil
        // Where others may try it; of a stream that the peer opened they could make nothing.
        var endpoints: [Endpoint] = []
        let told = directory[member.node]?.announcement.endpoints ?? []
        for endpoint in [path.endpoint.place, member.lastEndpoint].compactMap(\.self) + told
        where endpoint.isUnderlay && !endpoints.contains(endpoint) {
            endpoints.append(endpoint)
        }
        let contact = RingContact(node: member.node, endpoints: endpoints)
        inRing(now: now, effects: &effects) { $0.linkUp(contact, now: now, effects: &$1) }
        if let roundTrip = path.roundTrip { ring.roundTripMeasured(member.node, roundTrip) }
    }

    /// The link is broken, or the session that the ring waits for does not come.
    mutating func linkDown(with member: Member, now: Instant, effects: inout GatewayEffects) {
        let node = member.node
        let needs = member.needs
        member.needs.isLinked = false
        if needs.isLinked {
            inRing(now: now, effects: &effects) { $0.linkDown(node, now: now, effects: &$1) }
        }
    }

    /// The session that the ring waits for cannot be had now.
    mutating func seekFailed(with member: Member, now: Instant, effects: inout GatewayEffects) {
        let node = member.node
        guard member.needs.soughtUntil != nil else { return }
        member.needs.soughtUntil = nil
        inRing(now: now, effects: &effects) { $0.connectFailed(node, now: now, effects: &$1) }
    }

    /// A ring message of a member has come. Whoever sends one holds us for a link, so it is one here too.
    mutating func receiveRing(
        _ bytes: [UInt8], from member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        guard member.hasDirectWay else { return }
        if !member.needs.isLinked { linkUp(with: member, now: now, effects: &effects) }
        let node = member.node
        inRing(now: now, effects: &effects) { $0.receive(bytes.span.bytes, from: node, now: now, effects: &$1) }
    }

    /// Sends a packet over the ring to exactly `destination`.
    mutating func route(
        _ payload: [UInt8], _ kind: RoutedKind, to destination: NodeAddress, isTraced: Bool = false, now: Instant,
        effects: inout GatewayEffects
    ) {
        inRing(now: now, effects: &effects) {
            $0.route(
                payload, kind: kind.rawValue, to: destination, mode: .exact, isTraced: isTraced, now: now, effects: &$1)
        }
    }

    private mutating func receiveRouted(
        _ packet: RoutedPacket, now: Instant, effects: inout GatewayEffects
    ) {
        guard !isStopping, packet.source != node else { return }
        switch RoutedKind(rawValue: packet.kind) {
        case .sealed:
            effects.append(.receiveSealed(packet.payload, from: Endpoint(overlay: packet.source)))
        case .handshake:
            guard let endpoint = overlayEndpoint(of: packet.source) else { return }
            receiveHandshake(packet.payload, from: endpoint, now: now, effects: &effects)
        case .store:
            receiveStore(packet.payload, now: now, effects: &effects)
        case .traceRequest:
            answerTrace(packet, now: now, effects: &effects)
        case .traceAnswer:
            traceAnswered(packet, now: now, effects: &effects)
        case .neighboursRequest:
            answerNeighbours(packet, now: now, effects: &effects)
        case .neighboursAnswer:
            neighboursAnswered(packet, now: now, effects: &effects)
        case .punchRequest:
            receivePunch(packet, isRequest: true, now: now, effects: &effects)
        case .punchAnswer:
            receivePunch(packet, isRequest: false, now: now, effects: &effects)
        case .traceQuestion:
            answerTraceQuestion(packet, now: now, effects: &effects)
        case .traceWord:
            traceQuestionAnswered(packet, now: now, effects: &effects)
        case nil:
            break
        }
    }
}
