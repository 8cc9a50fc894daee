import NetworkTypes

/// ARP (RFC 826, RFC 5227): silence about local hosts, the service's MAC for remote ones.
extension LANServices {
    mutating func receive(
        _ packet: ARPPacket, _ link: EthernetHeader, _ now: Instant, _ effects: inout LANEffects
    ) {
        guard packet.senderMAC == link.source else { return drop(.foreignSender) }
        if packet.sender == settings.serviceAddress(.v4) {
            return defendService(against: link.source, now, &effects)
        }
        if packet.isProbe {
            // Two are about to take one address (RFC 5227 §2.1.1).
            addressInUse(packet.target, by: packet.senderMAC, now: now, &effects)
        } else {
            sourceSeen(packet.sender, packet.senderMAC, now: now, effects: &effects)
        }
        guard packet.operation == .request, !packet.isAnnouncement else { return }
        if packet.target == settings.serviceAddress(.v4) { return answer(packet, now, &effects) }
        // Whoever is not in the subnet would get no answer from a remote host either.
        guard settings.isHostAddress(packet.target), packet.isProbe || settings.isHostAddress(packet.sender),
            table[packet.target] == nil
        else { return }
        if let known = remotes.resolution(of: packet.target, now: now) {
            if answers(known, packet.senderMAC, isProbe: packet.isProbe) { answer(packet, now, &effects) }
        } else if remotes.ask(packet.target, for: .arp(packet), now: now) {
            effects.append(.resolve(packet.target))
        }
    }

    /// Whether a question for an address is answered. A probe is answered like any other, so that duplicate address
    /// detection works across the grid (RFC 5227 §2.1.1), but never to a host that may have the address itself: it has
    /// moved here, and the grid is yet to learn it.
    func answers(_ resolution: AddressResolution, _ asker: MACAddress, isProbe: Bool) -> Bool {
        guard case .remote(_, let holder, isReachable: true) = resolution else { return false }
        return !isProbe || (holder != nil && holder != asker)
    }

    mutating func answer(_ question: ARPPacket, _ now: Instant, _ effects: inout LANEffects) {
        guard answers.take(now: now) else { return drop(.paced) }
        counters.answers += 1
        let reply = ARPPacket(
            operation: .reply, senderMAC: settings.serviceMAC, sender: question.target,
            targetMAC: question.senderMAC, target: question.sender)
        effects.append(.send(reply.frame(to: question.senderMAC)))
    }

    /// Somebody else says that it has the service address: hosts are told where it is, at a bounded rate (RFC 5227
    /// §2.4).
    private mutating func defendService(
        against mac: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        guard clashes.take(now: now), let address = settings.serviceAddress(.v4) else { return }
        effects.append(.notice(.serviceAddressClash(address, mac)))
        announce(address, &effects)
    }

    /// Tells all hosts of the LAN that `address` is behind the service's MAC.
    func announce(_ address: IPAddress, _ effects: inout LANEffects) {
        switch address.family {
        case .v4:
            let announcement = ARPPacket(
                operation: .request, senderMAC: settings.serviceMAC, sender: address,
                targetMAC: MACAddress(rawValue: 0), target: address)
            effects.append(.send(announcement.frame(to: .broadcast)))
        case .v6:
            let message = NeighbourMessage(kind: .advertisement, target: address, linkLayer: settings.serviceMAC)
            send(
                message.packet(from: address, to: NeighbourMessage.allNodes), .v6,
                to: .group(of: NeighbourMessage.allNodes), &effects)
        }
    }

    /// Asks a host, or all, for an address: from the service address.
    func ask(for address: IPAddress, at mac: MACAddress?, _ effects: inout LANEffects) {
        guard let service = settings.serviceAddress(address.family) else { return }
        switch address.family {
        case .v4:
            let request = ARPPacket(
                operation: .request, senderMAC: settings.serviceMAC, sender: service,
                targetMAC: MACAddress(rawValue: 0), target: address)
            effects.append(.send(request.frame(to: mac ?? .broadcast)))
        case .v6:
            let group = NeighbourMessage.solicitedGroup(of: address)
            let message = NeighbourMessage(kind: .solicitation, target: address, linkLayer: settings.serviceMAC)
            send(
                message.packet(from: service, to: mac == nil ? group : address), .v6, to: mac ?? .group(of: group),
                &effects)
        }
    }
}
