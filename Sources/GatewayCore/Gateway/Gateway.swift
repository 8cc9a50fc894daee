package import LinkSecurity
package import NetworkTypes
import OrderedCollections

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
    var random: SeededRandom

    var underlay = UnderlayFacts(endpoints: [], mtu: 1_500)
    /// Seconds since 1970, as of the last input that told.
    var unixSeconds: Int64
    var directory = Directory()
    var selection = RouteSelection()
    var members: OrderedDictionary<NodeAddress, Member> = [:]
    /// One run for each endpoint: running, or finished and lingering.
    var runs: OrderedDictionary<Endpoint, HandshakeRun> = [:]
    var bootstrap: [BootstrapTarget]
    var refusals: [Refusal] = []
    /// Own endpoints as members see them, newest last, with the reporter.
    var observed: [(endpoint: Endpoint, reporter: NodeAddress)] = []
    var echoes: [(token: UInt64, node: NodeAddress, sent: Instant, expires: Instant)] = []
    var sequence: UInt64
    /// When the own announcement is made again.
    var publishAt: Instant
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
        settings: CoreSettings, identity: any IdentityAuthority, handshakes: any HandshakeProvider, seed: UInt64,
        unixSeconds: Int64, now: Instant
    ) {
        self.settings = settings
        self.identity = identity
        self.handshakes = handshakes
        self.unixSeconds = unixSeconds
        random = SeededRandom(seed: seed)
        sequence = settings.firstSequence
        publishAt = now
        started = now
        bootstrap = settings.bootstrap.map { BootstrapTarget(name: $0, endpoints: [], now: now) }
        bootstrap += settings.remembered.map { BootstrapTarget(name: nil, endpoints: [$0], now: now) }
    }

    /// This gateway's node address.
    package var node: NodeAddress { identity.own.node }

    /// Begins: announces itself and looks for members.
    package mutating func start(underlay: UnderlayFacts, now: Instant, effects: inout GatewayEffects) {
        self.underlay = underlay
        publish(now: now, effects: &effects)
        dialBootstrap(now: now, effects: &effects)
    }

    /// The gateway's own addresses or interface sizes have changed.
    package mutating func underlayChanged(_ facts: UnderlayFacts, now: Instant, effects: inout GatewayEffects) {
        guard facts != underlay else { return }
        let endpointsChanged = facts.endpoints != underlay.endpoints
        underlay = facts
        for index in members.values.indices {
            guard let endpoint = members.values[index].path?.endpoint else { continue }
            members.values[index].path?.mtuSearch.setUpper(facts.payload(toward: endpoint.address), now: now)
            pathChanged(at: index, effects: &effects)
        }
        if endpointsChanged {
            observed = []
            publish(now: now, effects: &effects)
            // Whoever was out of reach may be in reach by the new address.
            for index in members.values.indices where members.values[index].path == nil {
                members.values[index].dialAttempts = 0
                members.values[index].nextDial = now
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
            for index in members.values.indices {
                guard let planned = members.values[index].rekeyAt else { continue }
                members.values[index].rekeyAt = min(planned, now + new.rekeyInterval)
            }
        }
        if new.exports != old.exports { publish(now: now, effects: &effects) }
        selectRoutes(effects: &effects)
    }

    /// The own certificate was renewed (same key): announces it.
    package mutating func certificateRenewed(now: Instant, effects: inout GatewayEffects) {
        publish(now: now, effects: &effects)
    }

    /// Stops: withdraws the announcement and ends every session. Nothing is sent afterwards.
    package mutating func stop(now: Instant, effects: inout GatewayEffects) {
        guard !isStopping else { return }
        isStopping = true
        publish(now: now, effects: &effects)
        for member in members.values where member.path != nil {
            effects.append(.sendControl(.goodbye, to: member.node, endpoint: nil, paddedTo: nil, localIndex: nil))
        }
    }

    /// Sends an echo to a member; `.echoEnded` tells what became of it. `false` when it has no path.
    package mutating func echo(
        to node: NodeAddress, token: UInt64, timeout: Duration, now: Instant, effects: inout GatewayEffects
    ) -> Bool {
        guard members[node]?.path != nil, echoes.count < 1_024 else { return false }
        echoes.append((token, node, now, now + timeout))
        effects.append(
            .sendControl(.echo(token: token), to: node, endpoint: nil, paddedTo: nil, localIndex: nil))
        return true
    }
}
