package import GatewayCore
import LinkSecurity
package import NetworkTypes

/// Many gateways under one virtual clock and network: what happens depends on the seed alone.
///
///                 +--- wake-ups (one per host) ---+
///                 v                               |
///     events -> host: the core -> datagrams -> address translator -> network conditions -> events
package final class Simulator {
    package let seed: UInt64
    package let world = SimulatedWorld()
    private let verifier = SharedVerifier()
    package var network = NetworkConditions()
    package internal(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// Bits that have been sent, headers of IPv4 and UDP included.
    package internal(set) var bitsSent: UInt64 = 0
    /// Datagrams that have been sent.
    package internal(set) var datagramCount: UInt64 = 0
    /// Events that have happened.
    package internal(set) var eventCount: UInt64 = 0
    package internal(set) var digest = HistoryDigest()
    /// The first broken invariant; nothing happens after it.
    package private(set) var violation: InvariantViolation?
    /// Whether a broken invariant ends the process, as tests want it, or is left in `violation`.
    package var trapsOnViolation = true
    /// What hosts made from now on do with notices.
    package var keepsNotices = true
    /// The subnet into which hosts made from now on bridge their LANs; it is the grid's pool then.
    package var bridged: IPPrefix?
    /// Size of the grid up to which hosts made from now on keep a session with everybody.
    package var acquaintances = DirectoryLimits.acquaintances

    /// By handle; a host's slot is empty when it is gone.
    var slots: [SimulatedHost?] = []
    /// The hosts' places beside each other: most senders need no more of the receiver, which lies far off in memory.
    var placeNumbers: [Int32] = []
    var places: [NetworkPlace] = []
    var translators: [AddressTranslator] = []
    let table = EndpointTable()
    var events = EventQueue()
    var slab = DatagramSlab()
    var outbox: [OutgoingDatagram] = []
    /// Every stream there has been.
    var streams: [SimulatedStream] = []
    var streamEnds: [StreamKey: StreamEnd] = [:]
    var random: SeededRandom
    private var living: [SimulatedHost] = []

    package init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
    }

    /// Those that live, in the order of their making.
    package var hosts: [SimulatedHost] { living }

    /// Makes a site and starts its gateway at 198.51.100.N (or `address`), which looks for the members at `bootstrap`.
    @discardableResult
    package func addSite(
        _ site: String, grid: String = "physics", prefix: String, bootstrap: [Endpoint], address: IPAddress? = nil,
        translator: Int? = nil
    ) -> SimulatedHost {
        let prefixes = [IPPrefix(prefix)!]
        let identity = world.add(site: site, grid: grid, prefixes: prefixes, seed: random.nextWord())
        let address = address ?? IPAddress(198, 51, 100, UInt8(living.count + 1))
        return start(
            identity, endpoint: Endpoint(address: address, port: 7_867), bootstrap: bootstrap, translator: translator)
    }

    /// Starts a gateway of `identity`; a host at the same endpoint is replaced, as by kill -9 and a new start.
    ///
    /// `memory` is what an earlier life has kept. Behind a translator `endpoint` is a private one. `place` is where an
    /// earlier host of this identity was.
    @discardableResult
    package func start(
        _ identity: SimulatedIdentity, endpoint: Endpoint, bootstrap: [Endpoint], remembered: [Endpoint] = [],
        translator: Int? = nil, place: Int? = nil, memory: GatewayMemory = GatewayMemory()
    ) -> SimulatedHost {
        let exports = identity.own.prefixes.map { Announcement.Export(subnet: $0, virtual: $0) }
        let names = bootstrap.map { HostAndPort(host: $0.address.description, port: $0.port) }
        let settings = CoreSettings(
            bootstrap: names, remembered: remembered, exports: exports, bridged: bridged,
            profile: ProfileTerms(pools: bridged.map { [$0] } ?? []), firstSequence: now.nanoseconds,
            acquaintances: acquaintances,
            announces: !exports.isEmpty)
        let host = SimulatedHost(
            identity: identity, endpoint: endpoint, settings: settings, verifier: verifier,
            seed: random.nextWord(), now: now)
        for (name, endpoint) in zip(names, bootstrap) { host.names[name] = [endpoint] }
        host.translator = translator
        if let place { host.place = place }
        adopt(host)
        let now = now
        input(host) { gateway, effects in
            gateway.start(
                underlay: UnderlayFacts(endpoints: [endpoint], mtu: 1_500), remembering: memory, now: now,
                effects: &effects)
        }
        return host
    }

    /// Puts a host into the network that was made elsewhere, in place of one at the same endpoint.
    @discardableResult
    package func adopt(_ host: SimulatedHost) -> SimulatedHost {
        if let old = occupant(of: host.endpoint, behind: host.translator) {
            if host.place < 0 { host.place = old.place }
            kill(old)
        }
        host.handle = slots.count
        host.keepsNotices = keepsNotices
        if host.place < 0 {
            host.place = host.translator.map { translators[$0].place } ?? addPlace()
        }
        slots.append(host)
        placeNumbers.append(Int32(host.place))
        living.append(host)
        if let translator = host.translator {
            translators[translator].inside[host.endpoint] = host.handle
        } else {
            table.hosts[host.endpoint] = Int32(host.handle)
            host.table = table
        }
        return host
    }

    private func occupant(of endpoint: Endpoint, behind translator: Int?) -> SimulatedHost? {
        guard let translator else { return table.hosts[endpoint].flatMap { slots[Int($0)] } }
        return translators[translator].inside[endpoint].flatMap { slots[$0] }
    }

    /// Ends a gateway without a word.
    package func kill(_ host: SimulatedHost) {
        guard host.handle >= 0, slots[host.handle] != nil else { return }
        slots[host.handle] = nil
        living.removeAll { $0 === host }
        if let translator = host.translator {
            translators[translator].inside[host.endpoint] = nil
        } else {
            for endpoint in [host.endpoint] + host.uplinks { table.hosts[endpoint] = nil }
        }
    }

    /// Gives a host without a translator a second uplink, at `address`, which its core may choose from now on.
    package func addUplink(_ address: IPAddress, to host: SimulatedHost) {
        let endpoint = Endpoint(address: address, port: host.endpoint.port)
        host.addUplink(at: endpoint)
        table.hosts[endpoint] = Int32(host.handle)
        tellUplinks(of: host, Array(host.uplinks.indices))
    }

    /// Tells a host's core that it has these of its uplinks now.
    package func tellUplinks(of host: SimulatedHost, _ indices: [Int]) {
        let now = now
        host.preferredUplink = indices.first ?? 0
        let choice = UplinkChoice(v4: indices.map { Uplink(rawValue: UInt8($0 + 1)) })
        let facts = UnderlayFacts(endpoints: host.uplinks, mtu: 1_500, uplinks: choice)
        input(host) { $0.underlayChanged(facts, now: now, effects: &$1) }
    }

    /// Whether the host has been put in and not been ended.
    package func isAlive(_ host: SimulatedHost) -> Bool { host.handle >= 0 && slots[host.handle] === host }

    /// Attaches an address translator at `address`; returns its number.
    @discardableResult
    package func addTranslator(_ behaviour: TranslatorBehaviour, address: IPAddress) -> Int {
        let translator = AddressTranslator(
            address: address, behaviour: behaviour, place: addPlace(), seed: random.nextWord())
        translators.append(translator)
        table.translators[address] = Int32(translators.count - 1)
        return translators.count - 1
    }

    private func addPlace() -> Int {
        places.append(NetworkPlace(number: places.count, seed: seed))
        return places.count - 1
    }

    /// Changes what the network does to a host's place.
    package func changePlace(of host: SimulatedHost, _ change: (inout NetworkPlace) -> Void) {
        change(&places[host.place])
    }

    /// The place where a host is attached.
    package func place(of host: SimulatedHost) -> NetworkPlace { places[host.place] }

    /// Gives a gateway an input now.
    package func input(_ host: SimulatedHost, _ body: (inout Gateway, inout GatewayEffects) -> Void) {
        host.run(now: now, outbox: &outbox, body)
        finish(host)
    }

    /// Runs for `duration` of virtual time.
    package func run(for duration: Duration) {
        let end = now + duration
        while let next = events.nextTime, next <= end, violation == nil { step(at: next) }
        now = end
    }

    /// Runs until `condition` holds, asked after every event, for at most `limit` of virtual time; returns how long it
    /// took, `nil` when it never held.
    package func run(until condition: () -> Bool, within limit: Duration) -> Duration? {
        let begin = now
        let end = now + limit
        while !condition() {
            guard let next = events.nextTime, next <= end, violation == nil else {
                now = end
                return nil
            }
            step(at: next)
        }
        return now - begin
    }

    /// The same, asked only every `interval`: for conditions that look at every host.
    package func run(
        until condition: () -> Bool, every interval: Duration, within limit: Duration
    ) -> Duration? {
        let begin = now
        while !condition() {
            guard now - begin < limit, violation == nil else { return nil }
            run(for: interval)
        }
        return now - begin
    }

    /// Records a broken invariant, the first one only.
    func fail(_ invariant: Invariant, at host: SimulatedHost?, _ detail: String) {
        guard violation == nil else { return }
        let broken = InvariantViolation(invariant: invariant, time: now, host: host?.identity.own.site, detail: detail)
        precondition(!trapsOnViolation, "\(broken), seed \(seed)")
        violation = broken
    }
}
