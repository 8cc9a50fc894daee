package import NetworkTypes

/// Names: questions to the service address.
extension LANServices {
    /// The grid's sites are others than before.
    package mutating func sitesChanged(_ sites: Set<String>) { zone.sites = sites.union([settings.site]) }

    /// The answer to `findName`.
    package mutating func nameFound(
        host: String, site: String, _ finding: NameZone.Finding, now: Instant, effects: inout LANEffects
    ) {
        for waiting in nameClients.take(.host(host, site: site)) {
            answer(waiting.client, waiting.query, finding, &effects)
        }
    }

    /// The answer to `findNameOf`.
    package mutating func nameFound(
        of address: IPAddress, _ finding: NameZone.Finding, now: Instant, effects: inout LANEffects
    ) {
        for waiting in nameClients.take(.address(address)) {
            answer(waiting.client, waiting.query, finding, &effects)
        }
    }

    /// A datagram to the name server's port of the service address.
    mutating func receiveName(
        _ message: RawSpan, from source: Endpoint, to service: IPAddress, _ link: EthernetHeader, now: Instant,
        _ effects: inout LANEffects
    ) {
        guard names.take(now: now) else { return drop(.paced) }
        counters.nameQuestions += 1
        let client = NameClient(endpoint: source, mac: link.source, service: service)
        switch zone.understand(message) {
        case .silence:
            drop(.notForService)
        case .reply(let reply):
            send(reply, to: source, link.source, from: service, &effects)
        case .host(let host, settings.site, let query):
            answer(client, query, addresses(of: host), &effects)
        case .host(let host, let site, let query):
            ask(.host(host, site: site), .findName(host: host, site: site), client, query, now, &effects)
        case .address(let address, let query):
            if let known = name(of: address) {
                answer(client, query, known, &effects)
            } else {
                ask(.address(address), .findNameOf(address), client, query, now, &effects)
            }
        }
    }

    private mutating func ask(
        _ subject: WaitingQuestions<NameClient>.Subject, _ effect: LANEffects.Effect, _ client: NameClient,
        _ query: DNSQuery, _ now: Instant, _ effects: inout LANEffects
    ) {
        switch nameClients.add(subject, client, query, now: now) {
        case .isNew: effects.append(effect)
        case .waits: break
        case .full: drop(.full)
        }
    }

    /// The gateway's addresses, or those of a host of this LAN: the one that it was given, and those of IPv6 that its
    /// interface has.
    private func addresses(of name: String) -> NameZone.Finding {
        if name.isEmpty { return .addresses(serviceAddresses) }
        guard let host = table.host(called: name), host.state.isUsable else { return .nobody }
        let others = table.hosts.filter {
            $0.mac == host.mac && $0.address.family == .v6 && $0.state.isUsable
        }
        return .addresses([host.address] + others.map(\.address))
    }

    /// What an address is called, where this gateway knows; `nil` for an address that may be another site's.
    private func name(of address: IPAddress) -> NameZone.Finding? {
        if serviceAddresses.contains(address) { return .name(host: "", site: settings.site) }
        guard let host = table[address]?.host else { return nil }
        let named = host.name ?? table.hosts.first { $0.mac == host.mac && $0.name != nil }?.name
        return named.map { .name(host: $0, site: settings.site) } ?? .nobody
    }

    private func answer(
        _ client: NameClient, _ query: DNSQuery, _ finding: NameZone.Finding, _ effects: inout LANEffects
    ) {
        let reply = zone.reply(to: query, finding, over: .datagram)
        send(reply, to: client.endpoint, client.mac, from: client.service, &effects)
    }

    private func send(
        _ reply: [UInt8], to target: Endpoint, _ mac: MACAddress, from service: IPAddress,
        _ effects: inout LANEffects
    ) {
        let source = Endpoint(address: service, port: NameClient.serverPort)
        send(UDPDatagram.packet(from: source, to: target, payload: reply), service.family, to: mac, &effects)
    }

    var serviceAddresses: [IPAddress] { settings.prefixes.map { $0.address.advanced(by: 1) } }
}

/// Who has asked for a name.
struct NameClient {
    /// RFC 1035 §4.2.
    static let serverPort: UInt16 = 53

    let endpoint: Endpoint
    let mac: MACAddress
    /// The service address that it has asked.
    let service: IPAddress
}
