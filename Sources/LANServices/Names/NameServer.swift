package import NetworkTypes

/// The name server of a routed site: `HOST.SITE.GRID`, `SITE.GRID`, and the names of the grid's addresses, at the
/// gateway's own addresses in its LAN.
///
/// A pure state machine. The driver has the sockets: it hands in what clients send, carries out the effects after every
/// input in their order, and asks for `nextWakeup`. Only clients of the LAN and of other sites are answered, so that
/// nobody's answers go to a stranger.
package struct NameServer {
    /// Where an answer goes.
    package enum Client: Equatable, Sendable {
        /// Back to there, from the own address that was asked.
        case datagram(Endpoint, at: IPAddress)
        /// Into the connection with that number, of a client at that address.
        case connection(UInt64, IPAddress)

        var address: IPAddress {
            switch self {
            case .datagram(let endpoint, _): endpoint.address
            case .connection(_, let address): address
            }
        }

        var transport: DNSTransport {
            switch self {
            case .datagram: .datagram
            case .connection: .stream
            }
        }
    }

    /// One thing to do.
    package enum Effect: Equatable, Sendable {
        case reply([UInt8], Client)
        /// What addresses has a host of another site or, without a name, its gateway? `nameFound` brings the answer.
        case findName(host: String, site: String)
        /// What is an address of another site called? `nameFound(of:)` brings the answer.
        case findNameOf(IPAddress)
    }

    /// Why a message got no answer.
    package enum Drop: String, CaseIterable, Sendable {
        /// From an address that is neither in the LAN nor another site's.
        case stranger = "name-stranger"
        /// Beyond the rate of answers.
        case paced = "name-paced"
        /// More are being looked for than may wait.
        case full = "name-full"
        /// No question.
        case malformed = "name-malformed"
    }

    package private(set) var settings: NameServerSettings
    /// Messages that got no answer, by reason.
    package private(set) var drops = Drop.allCases.map { (reason: $0, count: UInt64(0)) }

    private var zone: NameZone
    private var remotes: PrefixIndex
    private var waiting = WaitingQuestions<Client>()
    private var bucket = TokenBucket(rate: LANLimits.nameRate, burst: LANLimits.nameBurst)

    package init(settings: NameServerSettings) {
        self.settings = settings
        zone = settings.zone
        remotes = PrefixIndex(settings.remotePrefixes)
    }

    /// When `handleTimeout` wants to be called.
    package var nextWakeup: Instant? { waiting.nextWakeup }

    /// Sites, prefixes or hosts are others than before.
    package mutating func settingsChanged(_ new: NameServerSettings) {
        guard new != settings else { return }
        settings = new
        zone = new.zone
        remotes = PrefixIndex(new.remotePrefixes)
    }

    /// Whether `client` may ask: it is in the LAN, or another site's.
    package func admits(_ client: IPAddress) -> Bool { settings.isLocal(client) || remotes.contains(client) }

    /// A message of a client.
    package mutating func receive(
        _ message: RawSpan, from client: Client, now: Instant, effects: inout [Effect]
    ) {
        guard admits(client.address) else { return drop(.stranger) }
        guard bucket.take(now: now) else { return drop(.paced) }
        switch zone.understand(message) {
        case .silence:
            drop(.malformed)
        case .reply(let reply):
            effects.append(.reply(reply, client))
        case .host(let host, settings.site, let query):
            answer(client, query, addresses(of: host, for: client.address), &effects)
        case .host(let host, let site, let query):
            ask(.host(host, site: site), .findName(host: host, site: site), client, query, now, &effects)
        case .address(let address, let query):
            if let own = ownAddress(address, askedBy: client.address) {
                answer(client, query, name(of: own), &effects)
            } else {
                ask(.address(address), .findNameOf(address), client, query, now, &effects)
            }
        }
    }

    /// The answer to `findName`.
    package mutating func nameFound(
        host: String, site: String, _ finding: NameZone.Finding, effects: inout [Effect]
    ) {
        for question in waiting.take(.host(host, site: site)) {
            answer(question.client, question.query, finding, &effects)
        }
    }

    /// The answer to `findNameOf`.
    package mutating func nameFound(of address: IPAddress, _ finding: NameZone.Finding, effects: inout [Effect]) {
        for question in waiting.take(.address(address)) {
            answer(question.client, question.query, finding, &effects)
        }
    }

    /// Something has waited too long.
    package mutating func handleTimeout(now: Instant) { waiting.handleTimeout(now: now) }

    /// The addresses of an own host as the client can reach it: hosts of the LAN by those that it has there.
    private func addresses(of name: String, for client: IPAddress) -> NameZone.Finding {
        guard let host = settings.hosts.first(where: { $0.name == name }) else { return .nobody }
        return .addresses(settings.isLocal(client) ? host.addresses : host.addresses.compactMap(settings.virtual))
    }

    private func name(of address: IPAddress) -> NameZone.Finding {
        settings.hosts.first { $0.addresses.contains(address) }
            .map { .name(host: $0.name, site: settings.site) } ?? .nobody
    }

    /// The address in the LAN of what a client has asked for; `nil` for what is another site's. Hosts of the LAN may
    /// know their own site's addresses by both names, but their own come first.
    private func ownAddress(_ address: IPAddress, askedBy client: IPAddress) -> IPAddress? {
        settings.isLocal(client) && settings.isLocal(address) ? address : settings.local(address)
    }

    private mutating func ask(
        _ subject: WaitingQuestions<Client>.Subject, _ effect: Effect, _ client: Client, _ query: DNSQuery,
        _ now: Instant, _ effects: inout [Effect]
    ) {
        switch waiting.add(subject, client, query, now: now) {
        case .isNew: effects.append(effect)
        case .waits: break
        case .full: drop(.full)
        }
    }

    private mutating func drop(_ reason: Drop) {
        for index in drops.indices where drops[index].reason == reason { drops[index].count += 1 }
    }

    private func answer(
        _ client: Client, _ query: DNSQuery, _ finding: NameZone.Finding, _ effects: inout [Effect]
    ) {
        effects.append(.reply(zone.reply(to: query, finding, over: client.transport), client))
    }
}
