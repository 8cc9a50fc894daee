package import NetworkTypes

/// Hosts behind other gateways: what the grid says of them.
extension LANServices {
    /// The grid's answer to `resolve`, or news of an address without a question.
    package mutating func resolved(
        _ address: IPAddress, _ resolution: AddressResolution, now: Instant, effects: inout LANEffects
    ) {
        for waiter in remotes.note(resolution, of: address, now: now) {
            switch waiter {
            case .arp(let packet):
                guard table[address] == nil, answers(resolution, packet.senderMAC, isProbe: packet.isProbe) else {
                    continue
                }
                answer(packet, now, &effects)
            case .neighbour(let target, let source, let mac):
                guard table[address] == nil, answers(resolution, mac, isProbe: source.isUnspecified) else { continue }
                advertise(target, to: source, mac, now, &effects)
            case .stray(let mac, let sender):
                guard answers(resolution, mac, isProbe: false) else { continue }
                correct(sender, at: mac, about: address, now, &effects)
            }
        }
    }

    /// Who is reachable, or who has which address, is not what it was: everything is asked for again.
    package mutating func remotesChanged() { remotes.forgetAll() }

    /// A host's frame for `destination`, which is no host of this LAN, went to another MAC than the service's: the host
    /// has moved here with its neighbours' addresses in its cache, or its neighbour has moved away. It is told.
    package mutating func frameStrayed(
        from source: IPAddress, _ mac: MACAddress, to destination: IPAddress, now: Instant,
        effects: inout LANEffects
    ) {
        guard settings.isHostAddress(destination), table[destination] == nil, source.family == destination.family else {
            return
        }
        if let known = remotes.resolution(of: destination, now: now) {
            if answers(known, mac, isProbe: false) { correct(source, at: mac, about: destination, now, &effects) }
        } else if remotes.ask(destination, for: .stray(mac, source), now: now) {
            effects.append(.resolve(destination))
        }
    }

    /// Tells one host that `address` is behind the service's MAC, as if it had asked.
    private mutating func correct(
        _ host: IPAddress, at mac: MACAddress, about address: IPAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        switch address.family {
        case .v4:
            let question = ARPPacket(
                operation: .request, senderMAC: mac, sender: host, targetMAC: MACAddress(rawValue: 0), target: address)
            answer(question, now, &effects)
        case .v6:
            advertise(address, to: host, mac, now, &effects)
        }
    }
}
