import LinkSecurity
import NetworkTypes
import OrderedCollections
import OverlayRing

// Hole punching: two gateways tell each other over the ring where they are, and send there at once.
extension Gateway {
    /// Endpoints at which this gateway may be reached, the likeliest first.
    var ownCandidates: [Endpoint] {
        let outside = observations.outside(of: underlay.endpoints)
        return outside + underlay.endpoints.filter { !outside.contains($0) }
    }

    /// A member reports from where it sees us. What is not an own address is announced too: others may reach us there.
    mutating func noteObserved(
        _ endpoint: Endpoint, by reporter: NodeAddress, at source: Endpoint, now: Instant
    ) {
        guard source.isUnderlay, endpoint.isUnderlay, !endpoint.address.isLoopback, !endpoint.address.isUnspecified,
            !profile.pools.contains(where: { $0.contains(endpoint.address) })
        else { return }
        let report = NATObservations.Report(reporter: reporter, reporterEndpoint: source, seen: endpoint, time: now)
        let isKnownAddress = observations.reports.contains { $0.seen.address == endpoint.address }
        guard observations.note(report), !underlay.endpoints.contains(endpoint) else { return }
        // A port that a NAT has chosen for one remote leads nobody else here, and telling of it would make others try,
        // for each of whom it chooses another.
        let isNews = !mapping.isDependent || !isKnownAddress
        if isNews { publishAt = min(publishAt, now + PathLimits.publishDelay) }
        reviewMapping(isNewPlace: isNews, now: now)
    }

    /// Looks whether this gateway is somewhere else in the network, or behind another kind of NAT: others may be in
    /// reach now.
    mutating func reviewMapping(isNewPlace: Bool, now: Instant) {
        let known = knownMapping
        knownMapping = mapping
        if isNewPlace || mapping != known { dialOthers(atOnce: true, now: now) }
    }

    /// Asks a member over the ring to send to this gateway, which sends to it at the same time.
    mutating func punch(to member: Member, now: Instant, effects: inout GatewayEffects) {
        guard ring.isRoutable, member.punchSent.map({ now - $0 >= PathLimits.punchInterval }) ?? true else { return }
        member.punchSent = now
        route(ownPlace.encoded, .punchRequest, to: member.node, now: now, effects: &effects)
    }

    private var ownPlace: PunchMessage {
        PunchMessage(mapping: mapping, isUDPBlocked: isUDPBlocked, endpoints: ownCandidates)
    }

    /// A member asks for a direct path, or answers that it tries too.
    ///
    /// The message is not signed: what it can do is to make this gateway send some handshakes, within the allowance.
    mutating func receivePunch(
        _ packet: RoutedPacket, isRequest: Bool, now: Instant, effects: inout GatewayEffects
    ) {
        guard let message = try? PunchMessage(reading: packet.payload.span.bytes),
            let entry = directory[packet.source], !entry.announcement.isWithdrawn
        else { return }
        // Nobody answers what was not asked.
        if !isRequest, members[packet.source]?.punchSent == nil { return }
        let member = self.member(for: entry.identity, effects: &effects)
        let known = member.place
        member.place = message
        guard member.endpoint?.medium != .udp else { return }
        guard member.punchHeard.map({ now - $0 >= PathLimits.punchInterval }) ?? true,
            punchAllowance.take(now: now)
        else { return }
        member.punchHeard = now
        if message.tellsMore(than: known) { member.dials.refresh(at: now + DialLimits.firstInterval) }
        if isRequest { route(ownPlace.encoded, .punchAnswer, to: member.node, now: now, effects: &effects) }
        for endpoint in underlay.uplinks.ways(to: directCandidates(of: member)).prefix(PathLimits.punchDials) {
            if member.active != nil {
                sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects)
            }
            // What has just been shaken there comes up by itself.
            guard runs[endpoint]?.isFinished != true else { continue }
            dial(endpoint, target: member.node, lasts: PathLimits.punchTimeout, now: now, effects: &effects)
        }
    }

    /// A hello has come from another port than those that a member which looks for us named: its NAT chose one for us
    /// alone. Ours may have too, so that answers do not come from where the hello was sent to, but a hello of our own
    /// gets through.
    mutating func answerFromHere(_ source: Endpoint, now: Instant, effects: inout GatewayEffects) {
        guard source.isUnderlay, runs[source] == nil,
            observations.mapping(own: underlay.endpoints, over: source.uplink).isDependent
        else { return }
        func isLately(_ time: Instant?) -> Bool { time.map { now - $0 < PathLimits.punchTimeout } ?? false }
        let looking = members.values.first { member in
            (isLately(member.punchHeard) || isLately(member.punchSent)) && member.endpoint?.medium != .udp
                && member.place.endpoints.contains { $0.address == source.address && $0.port != source.port }
        }
        guard let looking, punchAllowance.take(now: now) else { return }
        dial(source, target: looking.node, lasts: PathLimits.punchTimeout, now: now, effects: &effects)
    }

    /// Endpoints at which a member may be, the likeliest first. What others say counts only outside the overlay; where
    /// the member has been reached it has been reached around it.
    func directCandidates(of member: Member) -> [Endpoint] {
        var candidates: [Endpoint] = []
        let told = member.place.endpoints + (directory[member.node]?.announcement.endpoints ?? []) + member.contacts
        for endpoint in [member.lastEndpoint].compactMap({ $0 }) + told.filter({ !isInOverlay($0.address) })
        where endpoint.isUnderlay && !candidates.contains(endpoint) && !underlay.endpoints.contains(endpoint) {
            candidates.append(endpoint)
        }
        return candidates
    }
}
