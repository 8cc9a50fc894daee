package import NetworkTypes
import WireFormat

/// Keeps the gateway's port mapped at the router before it, by PCP (RFC 6887) or, where that is not spoken, NAT-PMP
/// (RFC 6886).
///
///      idle --router found--> asking by PCP --silence, or NAT-PMP's answer--> asking by NAT-PMP --silence--> resting
///       ^                        |     ^                                         |     ^                       |
///       |                        |     +-----------------------------------------|-----|-----------------------+
///     stop                 all answered                                    all answered|
///                                |     half the lifetime, or the router has forgotten  |
///                                +----------------------> settled <--------------------+
///                                                            +--> asking again, by the protocol that answered
///
/// A pure state machine: what is to be sent, and where others can try, is appended to `effects`. The driver hands in
/// datagrams of the router alone, and asks for `nextWakeup` after every input.
package struct PortMapper: Sendable {
    /// The router, and who asks it.
    package struct Router: Equatable, Sendable {
        package let address: IPAddress
        /// The address that the router sees as the asker's.
        package let client: IPAddress

        package init(address: IPAddress, client: IPAddress) {
            self.address = address
            self.client = client
        }
    }

    /// One request or its answer.
    private enum Subject: Equatable {
        /// NAT-PMP's public address.
        case address
        case mapping(MappedTransport)
    }

    /// A round of requests, repeated until each has its answer.
    private struct Round {
        var dialect: MappingProtocol
        var attempt = 0
        var next: Instant
        var missing: [Subject]
    }

    private enum State {
        case idle
        case asking(Round)
        /// Everything is answered.
        case settled(by: MappingProtocol, renewal: Instant)
        /// The router has answered nothing.
        case resting(until: Instant)
    }

    /// What the router has given.
    private struct Grant {
        let transport: MappedTransport
        let port: UInt16
        /// PCP tells with each mapping, NAT-PMP by itself.
        let address: IPAddress?
        let renewal: Instant
        let expiry: Instant
    }

    private let port: UInt16
    private let transports: [MappedTransport]
    private let nonce: MappingNonce
    private var random: SeededRandom
    private var state = State.idle
    private var router: Router?
    private var epoch = RouterEpoch()
    private var publicAddress: IPAddress?
    private var grants: [Grant] = []
    /// When what was refused may be asked for again.
    private var refusedUntil: Instant?
    private var silence = PortMappingLimits.silenceInterval
    /// Where others can try, as they were told.
    package private(set) var endpoints: [Endpoint] = []
    /// The protocol that the router has answered by.
    package private(set) var answeredBy: MappingProtocol?

    /// Maps `port` for `transports`. `nonce` is secret; `seed` is not.
    package init(port: UInt16, transports: [MappedTransport], nonce: MappingNonce, seed: UInt64) {
        self.port = port
        self.transports = transports
        self.nonce = nonce
        random = SeededRandom(seed: seed)
    }

    /// When `handleTimeout` wants to be called.
    package var nextWakeup: Instant? {
        let expiry = grants.map(\.expiry).min()
        let step: Instant? =
            switch state {
            case .idle: nil
            case .asking(let round): round.next
            case .settled(_, let renewal): renewal
            case .resting(let until): until
            }
        guard let expiry, let step else { return expiry ?? step }
        return min(expiry, step)
    }

    /// The router before this gateway is another one, or there is none that could be asked.
    package mutating func routerChanged(_ new: Router?, now: Instant, effects: inout [PortMappingEffect]) {
        guard new != router else { return }
        router = new
        forget()
        if new != nil { ask(by: .portControl, now: now, effects: &effects) }
        tell(&effects)
    }

    /// Gives the mappings back and stops. Deleting is asked for once: what is lost ends with its lifetime.
    package mutating func stop(effects: inout [PortMappingEffect]) {
        if let answeredBy {
            for grant in grants {
                effects.append(.send(request(.mapping(grant.transport), by: answeredBy, lifetimeSeconds: 0)))
            }
        }
        router = nil
        forget()
        tell(&effects)
    }

    /// A datagram has come from the router.
    package mutating func received(_ datagram: RawSpan, now: Instant, effects: inout [PortMappingEffect]) {
        guard router != nil, let answer = try? PortMappingAnswer(reading: datagram) else { return }
        switch answer {
        case .portControlMap(let result, let lifetime, let clock, let nonce, let number, let port, let external):
            guard nonce == self.nonce, port == self.port, let transport = MappedTransport(rawValue: number),
                transports.contains(transport)
            else { return }
            if result == Self.unsupportedVersion || result == Self.unsupportedOperation {
                return portControlIsUnknown(now: now, effects: &effects)
            }
            note(epoch: clock, by: .portControl, now: now)
            if result == 0, lifetime > 0 {
                grant(transport, external.port, external.address, seconds: lifetime, now: now)
            } else {
                refuse(.mapping(transport), UInt16(result), seconds: lifetime, now: now, effects: &effects)
            }
            answered(.mapping(transport), now: now, effects: &effects)
        case .portControlFailure(let result, let lifetime):
            if result == Self.unsupportedVersion || result == Self.unsupportedOperation {
                return portControlIsUnknown(now: now, effects: &effects)
            }
            refuseAll(UInt16(result), seconds: lifetime, now: now, effects: &effects)
        case .natPMPAddress(let result, let clock, let address):
            note(epoch: clock, by: .natPMP, now: now)
            publicAddress = result == 0 && !address.isUnspecified ? address : nil
            if publicAddress == nil {
                let reason = result == 0 ? Self.networkFailure : result
                refuse(.address, reason, seconds: Self.failureSeconds, now: now, effects: &effects)
            }
            answered(.address, now: now, effects: &effects)
        case .natPMPMap(let result, let clock, let transport, let port, let externalPort, let lifetime):
            guard port == self.port, transports.contains(transport) else { return }
            note(epoch: clock, by: .natPMP, now: now)
            if result == 0, lifetime > 0 {
                grant(transport, externalPort, nil, seconds: lifetime, now: now)
            } else {
                refuse(.mapping(transport), result, seconds: 0, now: now, effects: &effects)
            }
            answered(.mapping(transport), now: now, effects: &effects)
        case .natPMPFailure(let result):
            if case .asking(let round) = state, round.dialect == .portControl {
                return portControlIsUnknown(now: now, effects: &effects)
            }
            refuseAll(result, seconds: 0, now: now, effects: &effects)
        }
    }

    /// Something is due: a repetition, a renewal, an end.
    package mutating func handleTimeout(now: Instant, effects: inout [PortMappingEffect]) {
        grants.removeAll { $0.expiry <= now }
        switch state {
        case .idle: break
        case .asking(let round) where round.next <= now: askAgain(round, now: now, effects: &effects)
        case .settled(let dialect, let renewal) where renewal <= now: ask(by: dialect, now: now, effects: &effects)
        case .resting(let until) where until <= now: ask(by: .portControl, now: now, effects: &effects)
        case .asking, .settled, .resting: break
        }
        tell(&effects)
    }

    // MARK: Rounds

    private mutating func ask(by dialect: MappingProtocol, now: Instant, effects: inout [PortMappingEffect]) {
        refusedUntil = nil
        askAgain(Round(dialect: dialect, next: now, missing: subjects(of: dialect)), now: now, effects: &effects)
    }

    private func subjects(of dialect: MappingProtocol) -> [Subject] {
        let mappings = transports.map(Subject.mapping)
        return dialect == .natPMP ? [.address] + mappings : mappings
    }

    private mutating func askAgain(_ round: Round, now: Instant, effects: inout [PortMappingEffect]) {
        let isKnown = answeredBy == round.dialect
        let (first, attempts) =
            switch round.dialect {
            case .portControl:
                (
                    PortMappingLimits.portControlInterval,
                    isKnown ? PortMappingLimits.knownAttempts : PortMappingLimits.portControlAttempts
                )
            case .natPMP: (PortMappingLimits.natPMPInterval, PortMappingLimits.natPMPAttempts)
            }
        guard round.attempt < attempts else { return giveUp(round, now: now, effects: &effects) }
        for subject in round.missing {
            let lifetime = PortMappingLimits.lifetimeSeconds
            effects.append(.send(request(subject, by: round.dialect, lifetimeSeconds: lifetime)))
        }
        var next = round
        next.next = now + spread(first * (1 << round.attempt))
        next.attempt += 1
        state = .asking(next)
    }

    private mutating func giveUp(_ round: Round, now: Instant, effects: inout [PortMappingEffect]) {
        if round.dialect == .portControl, answeredBy != .portControl {
            return ask(by: .natPMP, now: now, effects: &effects)
        }
        state = .resting(until: now + spread(silence))
        silence = min(silence * 2, PortMappingLimits.silenceLimit)
    }

    /// The router does not speak PCP.
    private mutating func portControlIsUnknown(now: Instant, effects: inout [PortMappingEffect]) {
        guard case .asking(let round) = state else { return }
        switch round.dialect {
        case .portControl: ask(by: .natPMP, now: now, effects: &effects)
        case .natPMP: refuseAll(UInt16(Self.unsupportedVersion), seconds: 0, now: now, effects: &effects)
        }
    }

    /// By up to a tenth more or less, so that many gateways do not act in step (RAND of RFC 6887 §8.1.1).
    private mutating func spread(_ interval: Duration) -> Duration {
        let nanoseconds = UInt64(interval.wholeNanoseconds)
        return .nanoseconds(Int64(nanoseconds - nanoseconds / 10 + random.below(nanoseconds / 5 + 1)))
    }

    private func request(_ subject: Subject, by dialect: MappingProtocol, lifetimeSeconds: UInt32) -> [UInt8] {
        guard case .mapping(let transport) = subject, let router else {
            return PortMappingRequest.natPMPAddress.encoded
        }
        let known = grants.first { $0.transport == transport }
        let suggestedPort = lifetimeSeconds == 0 ? 0 : known?.port ?? port
        switch dialect {
        case .portControl:
            let address = lifetimeSeconds == 0 ? nil : known?.address
            let suggested = Endpoint(address: address ?? IPAddress(v4: 0), port: suggestedPort)
            return PortMappingRequest.portControlMap(
                client: router.client, nonce: nonce, transport: transport, port: port, suggested: suggested,
                lifetimeSeconds: lifetimeSeconds
            ).encoded
        case .natPMP:
            return PortMappingRequest.natPMPMap(
                transport: transport, port: port, suggestedPort: suggestedPort, lifetimeSeconds: lifetimeSeconds
            ).encoded
        }
    }

    // MARK: Answers

    /// The router lives, and its clock may say that it has lost everything: then all is asked for again.
    private mutating func note(epoch clock: UInt32, by dialect: MappingProtocol, now: Instant) {
        answeredBy = dialect
        silence = PortMappingLimits.silenceInterval
        guard !epoch.isContinued(by: clock, now: now) else { return }
        switch state {
        case .settled(let dialect, let renewal):
            state = .settled(by: dialect, renewal: min(renewal, now + PortMappingLimits.recoveryDelay))
        case .asking(var round):
            round.missing = subjects(of: round.dialect)
            state = .asking(round)
        case .idle, .resting:
            break
        }
    }

    private mutating func answered(_ subject: Subject, now: Instant, effects: inout [PortMappingEffect]) {
        if case .asking(var round) = state {
            round.missing.removeAll { $0 == subject }
            if round.missing.isEmpty { settle(round.dialect, now: now) } else { state = .asking(round) }
        }
        tell(&effects)
    }

    private mutating func settle(_ dialect: MappingProtocol, now: Instant) {
        let deadlines = grants.map(\.renewal) + (refusedUntil.map { [$0] } ?? [])
        state = .settled(by: dialect, renewal: deadlines.min() ?? now + PortMappingLimits.silenceInterval)
    }

    private mutating func grant(
        _ transport: MappedTransport, _ external: UInt16, _ address: IPAddress?, seconds: UInt32, now: Instant
    ) {
        let lifetime = Int64(PortMappingLimits.lifetimeBounds.clamp(seconds))
        let renewal = Duration.seconds(lifetime / 2) + .milliseconds(Int64(random.below(UInt64(lifetime) * 125)))
        grants.removeAll { $0.transport == transport }
        grants.append(
            Grant(
                transport: transport, port: external, address: address, renewal: now + renewal,
                expiry: now + .seconds(lifetime)))
    }

    private mutating func refuse(
        _ subject: Subject, _ result: UInt16, seconds: UInt32, now: Instant, effects: inout [PortMappingEffect]
    ) {
        if case .mapping(let transport) = subject { grants.removeAll { $0.transport == transport } }
        let bounds = PortMappingLimits.refusalBounds
        let until = now + .seconds(Int64(seconds == 0 ? bounds.upperBound : bounds.clamp(seconds)))
        refusedUntil = min(refusedUntil ?? until, until)
        effects.append(.refused(result))
    }

    /// An answer to no request in particular: it counts for all that are open.
    private mutating func refuseAll(
        _ result: UInt16, seconds: UInt32, now: Instant, effects: inout [PortMappingEffect]
    ) {
        guard case .asking(let round) = state, let first = round.missing.first else { return }
        for subject in round.missing.dropFirst() {
            if case .mapping(let transport) = subject { grants.removeAll { $0.transport == transport } }
        }
        refuse(first, result, seconds: seconds, now: now, effects: &effects)
        settle(round.dialect, now: now)
        tell(&effects)
    }

    // MARK: What others are told

    private mutating func tell(_ effects: inout [PortMappingEffect]) {
        var found: [Endpoint] = []
        for transport in [MappedTransport.udp, .tcp] {
            guard let grant = grants.first(where: { $0.transport == transport }),
                let address = grant.address ?? publicAddress
            else { continue }
            let endpoint = Endpoint(address: address, port: grant.port)
            if endpoint.isReachable, !found.contains(endpoint) { found.append(endpoint) }
        }
        guard found != endpoints else { return }
        endpoints = found
        effects.append(.mapped(found))
    }

    private mutating func forget() {
        state = .idle
        epoch = RouterEpoch()
        publicAddress = nil
        grants = []
        refusedUntil = nil
        silence = PortMappingLimits.silenceInterval
        answeredBy = nil
    }

    /// The same numbers in both protocols (RFC 6887 §7.4, RFC 6886 §3.5).
    private static let unsupportedVersion: UInt8 = 1
    private static let unsupportedOperation: UInt8 = 4
    /// The router has no public address yet (RFC 6886 §3.5).
    private static let networkFailure: UInt16 = 3
    /// How long a router without a public address is believed to stay without.
    private static let failureSeconds: UInt32 = 60
}

extension ClosedRange<UInt32> {
    fileprivate func clamp(_ value: UInt32) -> UInt32 { Swift.min(Swift.max(value, lowerBound), upperBound) }
}

extension Endpoint {
    /// Whether somebody else may be able to send there.
    fileprivate var isReachable: Bool {
        port != 0 && !address.isUnspecified && !address.isLoopback && !address.isLinkLocal && !address.isMulticast
    }
}
