package import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayRing
import OverlayStore

/// The control core of one gateway: who the members are, how they are reached, which prefixes lie behind them.
///
///      datagrams, opened control messages,        +---------+       effects: send, seal, install keys,
///      resolved names, time, reload        -----> | Gateway | ----> set paths, routes changed, notices
///                                                 +---------+
///
/// A pure state machine. Every input carries `now`; what it wants done is appended to `effects`, which the driver
/// carries out in order; after each input the driver asks for `nextWakeup`. Identity and handshakes are handed in, so
/// that the daemon and the simulator run the very same core.
package struct Gateway: ~Copyable {
    var settings: CoreSettings
    let identity: any IdentityAuthority
    let handshakes: any HandshakeProvider
    let verifier: any AnnouncementVerifier
    let authority: any PublicationAuthority
    var random: SeededRandom

    /// Whom to be linked with, and the way to everybody else.
    var ring: RingNode
    var ringEffects = RingEffects()
    /// Leases of the whole grid: those of this site, and those that this member keeps for others.
    var store: StoreNode
    var storeEffects = StoreEffects()
    /// Whose effects are being carried out.
    var isCarryingOut = (ring: false, store: false)
    /// When claims are looked at; `nil` before the store is ready.
    var claimAt: Instant?
    var claimsMayHaveChanged = false
    /// Single hosts in bridged subnets.
    var hosts = HostTable()
    /// Names of other sites' hosts.
    var names = NameQuestions()
    /// Sites that have a prefix that this one claims, as far as the store has said so.
    var claimHolders: OrderedDictionary<StoreKey, String> = [:]
    /// Own subnets that the grid leases a prefix for.
    var prefixLeases = PrefixLeases()
    /// What the store says of the leases that others announce.
    var proofs = PrefixProofs()
    /// When all own leases are offered to their replicas again; `nil` when nobody has come back.
    var recheckAt: Instant?

    var underlay = UnderlayFacts(endpoints: [], mtu: 1_500)
    /// Seconds since 1970, as of the last input that told.
    var unixSeconds: Int64
    var directory = Directory()
    let selection = RouteDecision()
    var shelf = PublicationShelf()
    var members: OrderedDictionary<NodeAddress, Member> = [:]
    let memberClock = MemberClock()
    var receiverIndices: ReceiverIndices
    /// One run for each endpoint: running, or finished and lingering.
    var runs: OrderedDictionary<Endpoint, HandshakeRun> = [:] { didSet { runDeadlines = RunDeadlines(runs.values) } }
    /// Asked for after every input, so it is kept.
    private(set) var runDeadlines = RunDeadlines()
    var bootstrap: [BootstrapTarget]
    var refusals: [Refusal] = []
    /// Where members see this gateway.
    var observations = NATObservations()
    /// What they told of the NAT when it was last looked at.
    var knownMapping = MappingBehaviour.unknown
    /// Bounds what connect-to-me messages of others make this gateway send.
    var punchAllowance = TokenBucket(rate: PathLimits.punchesPerSecond, burst: PathLimits.punchBurst)
    var echoes: [Echo] = []
    var traces: [Trace] = []
    var crawl: Crawl?
    var questions: [OpenQuestion] = []
    var questionGate = QuestionGate()
    /// Members by the endpoint that stands for their overlay path. Look-ups only.
    var overlayPeers: OrderedDictionary<Endpoint, NodeAddress> = [:]
    /// TLS connections by number: those that the core asked for, and those that were accepted.
    var streams: OrderedDictionary<UInt64, StreamState> = [:]
    var nextStream: UInt64 = 1
    /// Ways through relays, by the endpoint that stands for each.
    var relayUses: OrderedDictionary<Endpoint, RelayUse> = [:]
    /// Pairs that this gateway is a relay of, by channel.
    var relayedPairs: OrderedDictionary<UInt32, RelayedPair> = [:]
    var sequence: UInt64
    /// When the own announcement is made again.
    var publishAt: Instant
    /// When sessions are looked at that nobody may need any more.
    var reviewAt: Instant
    /// When it is decided anew who owns which prefix; `nil` when nothing has changed.
    var selectAt: Instant?
    /// Members whose directory is being copied.
    var copyCount = 0
    /// Sessions are kept with everybody.
    var hasAcquaintances = true
    /// A directory is being copied of which there is more to come than everybody could be acquainted with.
    var joinsLargeGrid = false
    /// Own packets that ended on the ring's hops.
    var undeliveredCount: UInt64 = 0
    /// A member has been reached since the start.
    var hasJoined = false
    var isStopping = false
    let started: Instant

    /// A refused handshake, remembered for status.
    package struct Refusal: Equatable, Sendable {
        package var endpoint: Endpoint
        /// What the refused certificate claims, or the site that refused us.
        package var site: String?
        package var reason: LinkReason
        package var count: Int
        package var last: Instant
    }

    /// A gateway that has not spoken yet: call `start` next.
    package init(
        settings: CoreSettings, identity: any IdentityAuthority, handshakes: any HandshakeProvider,
        verifier: any AnnouncementVerifier = DirectVerifier(), authority: any PublicationAuthority, seed: UInt64,
        unixSeconds: Int64, now: Instant
    ) {
        self.settings = settings
        self.identity = identity
        self.handshakes = handshakes
        self.verifier = verifier
        self.authority = authority
        self.unixSeconds = unixSeconds
        random = SeededRandom(seed: seed)
        receiverIndices = ReceiverIndices(random: &random)
        sequence = settings.firstSequence
        publishAt = now
        reviewAt = now + OverlayLimits.reviewInterval
        started = now
        store = StoreNode(identity: identity, seed: random.nextWord(), isReady: false)
        ring = RingNode(
            own: RingContact(node: identity.own.node, endpoints: []), seed: random.nextWord(), now: now)
        bootstrap = settings.bootstrap.map { BootstrapTarget(name: $0, endpoints: [], now: now) }
        bootstrap += settings.remembered.map { BootstrapTarget(name: nil, endpoints: [$0], now: now) }
        prefixLeases.setSubnets(settings.leasedSubnets)
    }

    /// This gateway's node address.
    package var node: NodeAddress { identity.own.node }

    /// Begins: takes up what its last life has kept, announces itself and looks for members.
    package mutating func start(
        underlay: UnderlayFacts, remembering memory: GatewayMemory = GatewayMemory(), now: Instant,
        effects: inout GatewayEffects
    ) {
        self.underlay = underlay
        if let kept = memory.publications { restorePublications(kept, now: now, effects: &effects) }
        if let kept = memory.store { restoreLeases(kept, now: now, effects: &effects) }
        publish(now: now, effects: &effects)
        dialBootstrap(now: now, effects: &effects)
        inRing(now: now, effects: &effects) { $0.handleTimeout(now: now, effects: &$1) }
    }

    /// The gateway's own addresses or interface sizes have changed.
    package mutating func underlayChanged(_ facts: UnderlayFacts, now: Instant, effects: inout GatewayEffects) {
        guard facts != underlay else { return }
        let endpointsChanged = facts.endpoints != underlay.endpoints
        // One more, as from a router that has mapped the port, takes nothing from what members have seen.
        let endpointsLost = !underlay.endpoints.allSatisfy(facts.endpoints.contains)
        let haveUplinksChanged = facts.uplinks != underlay.uplinks
        underlay = facts
        for member in members.values {
            guard let endpoint = member.endpoint, endpoint.medium.hasMTU else { continue }
            member.path?.mtuSearch.setUpper(payloadLimit(of: endpoint), now: now)
            pathChanged(to: member, effects: &effects)
        }
        if endpointsLost { observations.removeAll() }
        if haveUplinksChanged { uplinksChanged(now: now, effects: &effects) }
        if endpointsChanged {
            publish(now: now, effects: &effects)
            // Whoever was out of reach may be in reach by the new address.
            for member in members.values
            where member.wantsBetterPath && member.needs.hold(at: now) {
                member.dials.restart(at: now)
            }
        }
    }

    /// The configuration has changed: applies the difference, keeps every session.
    package mutating func reload(_ new: CoreSettings, now: Instant, effects: inout GatewayEffects) {
        let old = settings
        settings = new
        settings.firstSequence = old.firstSequence
        bootstrap.removeAll { target in target.name.map { !new.bootstrap.contains($0) } ?? false }
        for name in new.bootstrap where !bootstrap.contains(where: { $0.name == name }) {
            bootstrap.append(BootstrapTarget(name: name, endpoints: [], now: now))
        }
        if new.rekeyInterval != old.rekeyInterval {
            for member in members.values {
                guard let planned = member.rekeyAt else { continue }
                member.rekeyAt = min(planned, now + new.rekeyInterval)
            }
        }
        if new.isRelay != old.isRelay { relayingChanged(effects: &effects) }
        prefixLeases.setSubnets(new.leasedSubnets)
        if new.bridged != old.bridged { reviewHosts(now: now, effects: &effects) }
        if new.exports != old.exports || new.leasedSubnets != old.leasedSubnets || new.profile != old.profile
            || new.bridged != old.bridged
        {
            publish(now: now, effects: &effects)
            if store.isReady { reviewClaims(now: now, effects: &effects) }
        }
        selectRoutes(now: now, effects: &effects)
    }

    /// The own certificate was renewed (same key): announces it.
    package mutating func certificateRenewed(now: Instant, effects: inout GatewayEffects) {
        publish(now: now, effects: &effects)
    }

    /// Stops: leaves the ring, withdraws the announcement and ends every session. Nothing is sent afterwards.
    package mutating func stop(now: Instant, effects: inout GatewayEffects) {
        guard !isStopping else { return }
        inRing(now: now, effects: &effects) { $0.leave(now: now, effects: &$1) }
        isStopping = true
        publish(now: now, effects: &effects)
        for member in members.values where member.path != nil {
            effects.send(.goodbye, to: member.node)
        }
    }
}
