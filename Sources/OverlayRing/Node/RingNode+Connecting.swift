import NetworkTypes
import OrderedCollections

// Links that are to be: attempts, requests over the ring, answers.
extension RingNode {
    /// Dials a member and has it dial us: a request goes to it over the ring, or over the link `through`.
    mutating func seek(
        _ contact: RingContact, for purposes: RingPurposes, through: NodeAddress?, now: Instant,
        effects: inout RingEffects
    ) {
        guard contact.node != own.node else { return }
        if let index = linkIndex(of: contact.node) {
            setPurpose(purposes, true, at: index, now: now)
            return
        }
        guard dial(contact, for: purposes, now: now, effects: &effects) else { return }
        request(
            contact.node, mode: .exact, purposes: purposes, through: through, now: now, effects: &effects)
    }

    /// Asks for a session, unless one is being made or the member is out of reach for now; `false` when nothing was
    /// begun.
    @discardableResult
    mutating func dial(
        _ contact: RingContact, for purposes: RingPurposes, now: Instant, effects: inout RingEffects
    ) -> Bool {
        let until = now + RingLimits.attemptTimeout
        if var attempt = attempts[contact.node] {
            if attempt.isConnecting {
                attempt.purposes.formUnion(purposes)
                attempts[contact.node] = attempt
                return false
            }
            guard attempt.until <= now else { return false }
            attempt.isConnecting = true
            attempt.contact = contact
            attempt.purposes = purposes
            attempt.until = until
            attempts[contact.node] = attempt
        } else {
            guard makeRoomForAttempt(isForeign: purposes.isEmpty) else { return false }
            attempts[contact.node] = RingAttempt(
                contact: contact, purposes: purposes, until: until, isConnecting: true)
        }
        timers.advance(.attempts, to: until)
        effects.append(.connect(contact, purposes: purposes))
        return true
    }

    /// Sends a request over the link `through`, or by the ring's own routing when that is nil.
    mutating func request(
        _ destination: NodeAddress, mode: DeliveryMode, purposes: RingPurposes, through: NodeAddress?, now: Instant,
        effects: inout RingEffects
    ) {
        let token = UInt32(truncatingIfNeeded: random.nextWord())
        requests.removeAll { $0.expires <= now }
        if requests.count >= RingLimits.requests { requests.removeFirst() }
        let first = through ?? (isRoutable ? nil : links.first { $0.purposes.contains(.leaf) }?.node)
        requests.append(
            OutstandingRequest(
                token: token, purposes: purposes, through: first, expires: now + RingLimits.requestTimeout))
        let request = ConnectRequest(token: token, purposes: purposes, contact: own, via: first)
        var packet = RoutedPacket(
            kind: ConnectRequest.kind, mode: mode, source: own.node, destination: destination,
            payload: request.encoded)
        if let first, linkIndex(of: first) != nil {
            // The first hop is given: the way down begins there.
            if mode == .exact, first != destination { packet.via = first }
            send(packet, to: first, effects: &effects)
        } else {
            forward(packet, cameFrom: nil, now: now, effects: &effects)
        }
    }

    /// Asks, over a link, for the members that should be beside us.
    mutating func announce(
        _ modes: [DeliveryMode] = [.successor, .predecessor], through node: NodeAddress, now: Instant,
        effects: inout RingEffects
    ) {
        for mode in modes {
            request(own.node, mode: mode, purposes: .near, through: node, now: now, effects: &effects)
        }
        timers.advance(.stabilise, to: now + random.jitter(around: stabiliseInterval))
    }

    /// A connect request or its answer has come to us.
    mutating func receiveOwn(_ packet: RoutedPacket, now: Instant, effects: inout RingEffects) {
        do {
            switch packet.kind {
            case ConnectRequest.kind:
                let request = try ConnectRequest(reading: packet.payload.span.bytes)
                answer(request, in: packet, now: now, effects: &effects)
            case ConnectResponse.kind:
                let response = try ConnectResponse(reading: packet.payload.span.bytes)
                receive(response, from: packet.source, now: now, effects: &effects)
            default:
                malformedCount += 1
            }
        } catch {
            malformedCount += 1
        }
    }

    private mutating func answer(
        _ request: ConnectRequest, in packet: RoutedPacket, now: Instant, effects: inout RingEffects
    ) {
        // A member speaks for itself only.
        guard request.contact.node == packet.source, packet.source != own.node else { return }
        if request.purposes.contains(.far), !acceptsFar { return }
        let isLinked = linkIndex(of: packet.source) != nil
        if !isLinked { dial(request.contact, for: [], now: now, effects: &effects) }
        // Who asked one member by its address has its contact already, save where it waits for consent.
        if packet.mode == .exact, request.purposes.isDisjoint(with: [.far, .shortcut]) { return }
        let response = ConnectResponse(
            token: request.token, purposes: request.purposes, contact: own, neighbours: neighbourContacts())
        var answer = RoutedPacket(
            kind: ConnectResponse.kind, mode: .exact, source: own.node, destination: packet.source,
            payload: response.encoded)
        answer.via = request.via == own.node ? nil : request.via
        forward(answer, cameFrom: nil, now: now, effects: &effects)
    }

    private mutating func receive(
        _ response: ConnectResponse, from source: NodeAddress, now: Instant, effects: inout RingEffects
    ) {
        guard response.contact.node == source,
            let position = requests.firstIndex(where: { $0.token == response.token && $0.expires > now })
        else { return }
        let request = requests.remove(at: position)
        switch request.purposes {
        case .near:
            var isNews = addHint(response.contact, through: request.through, now: now)
            for contact in response.neighbours where addHint(contact, through: request.through, now: now) {
                isNews = true
            }
            if isNews { updateNear(now: now, effects: &effects) }
        case .far:
            farAnswered(response, token: request.token, now: now, effects: &effects)
        default:
            if linkIndex(of: source) == nil {
                dial(response.contact, for: request.purposes, now: now, effects: &effects)
            } else {
                seek(response.contact, for: request.purposes, through: nil, now: now, effects: &effects)
            }
        }
    }

    /// Keeps a contact for the choice of neighbours; `false` when it can make no difference now.
    @discardableResult
    mutating func addHint(_ contact: RingContact, through: NodeAddress?, now: Instant) -> Bool {
        guard contact.node != own.node, linkIndex(of: contact.node) == nil else { return false }
        hints.removeAll { $0.expires <= now || $0.contact.node == contact.node }
        if hints.count >= RingLimits.hints { hints.removeFirst() }
        hints.append(RingHint(contact: contact, through: through, expires: now + RingLimits.hintLifetime))
        return mayBeNear(contact.node)
    }
}

// Attempts and their failures.
extension RingNode {
    /// Leaves a member alone for a while.
    mutating func block(_ contact: RingContact, for interval: Duration, failures: Int, now: Instant) {
        guard attempts[contact.node] != nil || makeRoomForAttempt(isForeign: false) else { return }
        let until = now + interval
        attempts[contact.node] = RingAttempt(
            contact: contact, purposes: [], failures: failures, until: until, isConnecting: false)
        timers.advance(.attempts, to: until)
    }

    mutating func attemptFailed(_ attempt: RingAttempt, now: Instant) {
        let doublings = min(attempt.failures, 5)
        let interval = min(RingLimits.blockedInterval * (1 << doublings), RingLimits.blockedIntervalLimit)
        block(attempt.contact, for: random.jitter(around: interval), failures: attempt.failures + 1, now: now)
    }

    /// Gives up what has taken too long; forgets the blocked whom nobody wants; lets the others be tried again.
    mutating func reviewAttempts(now: Instant, effects: inout RingEffects) {
        var hasExpired = false
        var mayMatter = false
        for position in attempts.values.indices.reversed() where attempts.values[position].until <= now {
            let attempt = attempts.values[position]
            hasExpired = true
            mayMatter = mayMatter || mayBeNear(attempt.contact.node)
            if attempt.isConnecting {
                attemptFailed(attempt, now: now)
                farMemberLost(attempt.contact.node, now: now)
            }
        }
        guard hasExpired else { return rescheduleAttempts(now: now) }
        if mayMatter { updateNear(now: now, effects: &effects) }
        // Those that were not taken up again are nobody's candidates any more.
        attempts.removeAll { !$0.value.isConnecting && $0.value.until <= now }
        rescheduleAttempts(now: now)
    }

    private mutating func rescheduleAttempts(now: Instant) {
        var next: Instant?
        for position in attempts.values.indices {
            let until = attempts.values[position].until
            next = min(next ?? until, until)
        }
        timers.set(.attempts, next)
    }

    private mutating func makeRoomForAttempt(isForeign: Bool) -> Bool {
        if isForeign {
            let foreign = attempts.values.reduce(0) { $0 + ($1.isConnecting && $1.purposes.isEmpty ? 1 : 0) }
            guard foreign < RingLimits.foreignAttempts else { return false }
        }
        guard attempts.count >= RingLimits.attempts else { return true }
        guard let idle = attempts.values.firstIndex(where: { !$0.isConnecting }) else { return false }
        attempts.remove(at: idle)
        return true
    }
}
