package import NetworkTypes

/// Names: questions to the service address.
extension LANServices {
    /// The grid's sites are others than before.
    package mutating func sitesChanged(_ sites: Set<String>) { zone.sites = sites.union([settings.site]) }

    /// The answer to `findName`.
    package mutating func nameFound(
        host: String, site: String, _ finding: NameZone.Finding, now: Instant, effects: inout LANEffects
    ) {
        let answered = nameClients.filter { $0.host == host && $0.site == site }
        nameClients.removeAll { $0.host == host && $0.site == site }
        for question in answered { answer(question.client, finding, &effects) }
    }

    /// A datagram to the name server's port of the service address.
    mutating func receiveName(
        _ message: RawSpan, from source: Endpoint, to service: IPAddress, _ link: EthernetHeader, now: Instant,
        _ effects: inout LANEffects
    ) {
        guard names.take(now: now) else { return drop(.paced) }
        counters.nameQuestions += 1
        func client(_ query: DNSQuery) -> NameClient {
            NameClient(endpoint: source, mac: link.source, service: service, query: query)
        }
        switch zone.understand(message) {
        case .silence:
            drop(.notForService)
        case .reply(let reply):
            send(reply, to: source, link.source, from: service, &effects)
        case .host(let host, settings.site, let query):
            answer(client(query), addresses(of: host), &effects)
        case .host(let host, let site, let query):
            guard nameClients.count < LANLimits.openQuestions else { return drop(.full) }
            let isAsked = nameClients.contains { $0.host == host && $0.site == site }
            nameClients.append(
                NameQuestion(host: host, site: site, client: client(query), ends: now + LANLimits.patience))
            if !isAsked { effects.append(.findName(host: host, site: site)) }
        case .address(let address, let query):
            answerName(of: address, client(query), now, &effects)
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

    private mutating func answerName(
        of address: IPAddress, _ client: NameClient, _ now: Instant, _ effects: inout LANEffects
    ) {
        if serviceAddresses.contains(address) {
            return answer(client, .name(host: "", site: settings.site), &effects)
        }
        if let host = table[address]?.host {
            let named = host.name ?? table.hosts.first { $0.mac == host.mac && $0.name != nil }?.name
            return answer(client, named.map { .name(host: $0, site: settings.site) } ?? .nobody, &effects)
        }
        if let known = remotes.resolution(of: address, now: now) {
            return answer(client, known.name, &effects)
        }
        if remotes.ask(address, for: .name(client), now: now) { effects.append(.resolve(address)) }
    }

    func answer(_ client: NameClient, _ finding: NameZone.Finding, _ effects: inout LANEffects) {
        let reply = zone.reply(to: client.query, finding)
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

/// Who has asked for a name, and what.
struct NameClient {
    /// RFC 1035 §4.2.
    static let serverPort: UInt16 = 53

    let endpoint: Endpoint
    let mac: MACAddress
    /// The service address that it has asked.
    let service: IPAddress
    let query: DNSQuery
}

/// A question for a host of another site.
struct NameQuestion {
    let host: String
    let site: String
    let client: NameClient
    let ends: Instant
}

extension AddressResolution {
    /// The name that belongs to the address.
    var name: NameZone.Finding {
        switch self {
        case .remote(let site, _, let name?, _): .name(host: name, site: site)
        case .remote, .nobody: .nobody
        case .unknown: .unknown
        }
    }
}
