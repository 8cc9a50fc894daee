import NetworkTypes

/// Neighbour discovery (RFC 4861, RFC 4862): as ARP.
extension LANServices {
    mutating func receive(
        _ message: NeighbourMessage, from source: IPAddress, _ link: EthernetHeader, _ now: Instant,
        _ effects: inout LANEffects
    ) {
        if let told = message.linkLayer, told != link.source { return drop(.foreignSender) }
        switch message.kind {
        case .advertisement:
            // Without the option it answers somebody who asked a known interface.
            sourceSeen(message.target, link.source, now: now, effects: &effects)
        case .solicitation:
            receiveSolicitation(message.target, from: source, link, now, &effects)
        }
    }

    private mutating func receiveSolicitation(
        _ target: IPAddress, from source: IPAddress, _ link: EthernetHeader, _ now: Instant,
        _ effects: inout LANEffects
    ) {
        let isProbe = source.isUnspecified
        if !isProbe {
            sourceSeen(source, link.source, now: now, effects: &effects)
        } else if settings.registersStaticHosts, settings.isHostAddress(target), table[target] == nil {
            newcomers.add(target, link.source, now: now)
        }
        if target == settings.serviceAddress(.v6) {
            return advertise(target, to: source, link.source, now, &effects)
        }
        // Link-local addresses are asked from too (RFC 4861 §7.2.2), by hosts that have others.
        guard settings.isHostAddress(target), isProbe || settings.isHostAddress(source) || source.isLinkLocal,
            table[target] == nil
        else { return }
        if let known = remotes.resolution(of: target, now: now) {
            guard answers(known, link.source, isProbe: isProbe) else { return }
            advertise(target, to: source, link.source, now, &effects)
        } else if remotes.ask(target, for: .neighbour(target: target, source: source, link.source), now: now) {
            effects.append(.resolve(target))
        }
    }

    /// Tells who has asked, or everybody if it has no address yet, that `target` is behind the service's MAC.
    mutating func advertise(
        _ target: IPAddress, to source: IPAddress, _ mac: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        guard answers.take(now: now) else { return drop(.paced) }
        counters.answers += 1
        guard !source.isUnspecified else { return announce(target, &effects) }
        let message = NeighbourMessage(
            kind: .advertisement, target: target, linkLayer: settings.serviceMAC, isSolicited: true)
        send(message.packet(from: target, to: source), .v6, to: mac, &effects)
    }
}
