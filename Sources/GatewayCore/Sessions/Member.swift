package import LinkSecurity
package import NetworkTypes

/// Everything this gateway knows of its relation with one other gateway: keys, path, attempts to reach it.
///
///     unreached --handshake confirmed--> live --probes lost or goodbye--> unreached
///
/// An object, because it is large and looked at all the time; the gateway alone refers to it.
package final class Member {
    /// Keys of one handshake.
    package struct Generation {
        package let keys: KeyGeneration
        package let established: Instant
        /// Where the handshake took place.
        package let endpoint: Endpoint
        /// The peer began the handshake.
        package let isPeersWish: Bool
        /// The peer has shown that it has the keys.
        package var isConfirmed = false
        package var confirmationAttempts = 0
        package var nextConfirmation: Instant
        /// When a superseded generation stops opening.
        package var retires: Instant?
    }

    /// A probe that waits for its answer.
    package struct Outstanding {
        /// What the answer will tell.
        package enum Purpose: Equatable {
            case liveness
            case mtu(payload: Int)
            /// Checks where the peer sends from now, before the path follows it there.
            case follow(Endpoint)
            /// Tells of another way than the path.
            case candidate(Endpoint)
            /// Shows the peer that this end has the keys of a handshake there.
            case confirmation(Endpoint)
        }

        package var identifier: UInt32
        package var purpose: Purpose
        package var sent: Instant
        /// When it counts as lost; when that is overdue, when it is forgotten.
        package var expires: Instant
        /// It has counted as lost, but an answer may still come from a slow member.
        package var isOverdue = false

        /// Whether anything follows when no answer comes: otherwise it is forgotten with whatever is due after it.
        var isAwaited: Bool {
            if case .confirmation = purpose { return false }
            return !isOverdue
        }
    }

    package let node: NodeAddress
    /// From the newest verified certificate; `nil` while only its contact is known.
    package var identity: PeerIdentity?
    /// Where others say that it is.
    package var contacts: [Endpoint] = []
    /// What it said of its place in the network when it last asked for a direct path.
    var place = PunchMessage(mapping: .unknown, isUDPBlocked: false, endpoints: [])
    /// When a connect-to-me message was last sent to it, and when one of its own was last acted on.
    var punchSent: Instant?
    var punchHeard: Instant?
    /// Why there is to be a session.
    package var needs = SessionNeeds() { didSet { isWakeupKnown = false } }
    /// Keys of its handshakes, oldest first.
    package var generations: [Generation] = [] { didSet { isWakeupKnown = false } }
    /// The receiver index of the generation that seals.
    package var active: UInt32?
    /// What the next keys are marked with.
    package var nextEpoch: UInt8 = 0
    /// The live path; `nil` while the member cannot be reached.
    package var path: PathState? {
        didSet {
            // Most of what changes in it wakes nobody.
            let deadlines = PathDeadlines(path)
            guard deadlines != pathDeadlines else { return }
            pathDeadlines = deadlines
            endpoint = path?.endpoint
            isWakeupKnown = false
        }
    }
    /// Other ways that answer, or did until now: at most `PathLimits.standbys`.
    package var standbys: [PathState] = [] { didSet { isWakeupKnown = false } }
    /// Since when the path is this one, and why it was taken.
    package var pathSince = Instant(nanoseconds: 0)
    package var pathChange = PathChange.medium
    /// Reviews in a row at which another way was clearly better.
    var betterCount = 0
    /// When its ways are looked at again; `nil` while nobody needs more than the path.
    package var pathReviewAt: Instant? { didSet { isWakeupKnown = false } }
    /// When its other addresses were last tried.
    var candidatesAt: Instant?
    /// When relays were last looked for, how often, whether one of those asked is about to reach the member, and who
    /// has been asked and not answered.
    var relaySoughtAt: Instant?
    var relayAttempts = 0
    var isRelayComing = false
    var relaysAsked: [NodeAddress] = []
    /// It passes nothing on for others, as far as is known until then.
    var isUnwillingUntil: Instant?
    /// How far each of the two knows the other's hosts.
    var hosts = HostExchange()
    /// Where the path goes: to look at without copying it all.
    package private(set) var endpoint: Endpoint?
    /// Probes that wait for their answers, oldest first.
    package var outstanding: [Outstanding] = [] { didSet { isWakeupKnown = false } }
    /// The copy of its directory that is under way.
    package var copy: DirectoryCopy? { didSet { isWakeupKnown = false } }
    /// Probes in a row whose digest differed from ours.
    package var digestMismatches = 0
    /// Since the path came up the member's directory has been seen equal to ours: it knows what we know of us both.
    package var isEven = false
    /// From then on the member counts as settled even if the directories never were equal, as in a grid in motion.
    package var settlesBy: Instant?
    /// When its last path came up.
    package var since = Instant(nanoseconds: 0)
    /// Why the member is not reached.
    package var reason: LinkReason = .connecting
    /// Where the last path was.
    package var lastEndpoint: Endpoint?
    /// When it is tried again: nothing is planned while it is reached by UDP or not wanted.
    package var dials = DialSchedule() { didSet { isWakeupKnown = false } }
    /// When a handshake over the overlay begins, if there is no path by then.
    package var overlayDial: Instant? { didSet { isWakeupKnown = false } }
    /// When a rekey is due; set with each activation.
    package var rekeyAt: Instant? { didSet { isWakeupKnown = false } }
    /// Bytes moved as of the last look, to tell whether traffic flows.
    package var trafficMark: UInt64 = 0
    /// When packets were last seen to move.
    package var trafficAt: Instant?
    package var isBusy = false
    private var pathDeadlines = PathDeadlines(nil)
    private var wakeup: Wakeup?
    private var isWakeupKnown = false {
        didSet { if !isWakeupKnown, oldValue { clock.changed(self) } }
    }
    /// Hears when the deadlines are others. It goes with the gateway, as the members do.
    private unowned let clock: MemberClock
    /// The gateway has forgotten it.
    var isGone = false
    /// By which the clock knows it.
    let number: Int32

    init(node: NodeAddress, identity: PeerIdentity?, clock: MemberClock) {
        self.node = node
        self.clock = clock
        number = clock.takeNumber(for: node)
        defer { clock.changed(self) }
        self.identity = identity
    }

    /// The site's name, or the node's address as long as that is all there is.
    package var site: String { identity?.site ?? node.abbreviated }
    /// Whether its datagrams go to it straight, not over other members.
    package var isDirect: Bool { endpoint?.medium.isDirect ?? false }
    /// Whether any way that answers is direct, also while another is taken.
    package var hasDirectWay: Bool { isDirect || standbys.contains { $0.medium.isDirect && $0.isUsable } }
    /// The best way that answers and is direct, while another is taken.
    package var directWay: Endpoint? { standbys.filter { $0.medium.isDirect && $0.isUsable }.min(by: <)?.endpoint }
    /// Whether a probe that confirms keys is on its way to that endpoint.
    func isConfirming(at endpoint: Endpoint) -> Bool {
        outstanding.contains { $0.purpose == .confirmation(endpoint) && !$0.isOverdue }
    }
    /// Whether there is something better than what answers, if anything does: UDP.
    package var wantsBetterPath: Bool {
        endpoint?.medium != .udp && !standbys.contains { $0.medium == .udp && $0.isUsable && $0.isSteady }
    }

    /// When this member wants to be looked at next, and why. Computed anew when something has changed.
    package var nextWakeup: Wakeup? {
        if !isWakeupKnown {
            wakeup = firstDeadline
            isWakeupKnown = true
        }
        return wakeup
    }

    private var firstDeadline: Wakeup? {
        var earliest: Wakeup?
        func consider(_ deadline: Instant?, _ reason: Wakeup.Reason) {
            guard let deadline, deadline < earliest?.deadline ?? Instant(nanoseconds: .max) else { return }
            earliest = Wakeup(deadline: deadline, reason: reason)
        }
        consider(dials.next, .dial)
        consider(overlayDial, .dial)
        consider(needs.soughtUntil, .dial)
        consider(copy?.deadline, .directoryCopy)
        for probe in outstanding where probe.isAwaited { consider(probe.expires, .probeTimeout) }
        if let path {
            consider(path.nextProbe, .probe)
            if path.medium.hasMTU { consider(path.mtuSearch.deadline, .pathMTU) }
            consider(rekeyAt, .rekey)
            consider(pathReviewAt, .pathReview)
            for standby in standbys { consider(standby.nextProbe, .probe) }
        }
        for generation in generations {
            if !generation.isConfirmed { consider(generation.nextConfirmation, .confirmation) }
            consider(generation.retires, .retire)
        }
        return earliest
    }
}

/// What of a path says when its member wants to be looked at.
private struct PathDeadlines: Equatable {
    let endpoint: Endpoint?
    let probe: Instant?
    let search: Instant?

    init(_ path: PathState?) {
        endpoint = path?.endpoint
        probe = path?.nextProbe
        search = path?.mtuSearch.deadline
    }
}

/// Why there is to be a session with a member.
package struct SessionNeeds: Equatable {
    /// The ring counts it among its links.
    package var isLinked = false
    /// The ring waits for it, until then.
    package var soughtUntil: Instant?
    /// Traffic asked for it: it is kept until then.
    package var trafficUntil: Instant?
    /// The grid is so small that everybody knows everybody.
    package var isAcquaintance = false
    /// Another member asked this one to be a relay to it: it is kept until then.
    package var relayedUntil: Instant?

    /// Whether anything needs the session at `now`.
    package func hold(at now: Instant) -> Bool {
        isOwn(at: now) || relayedUntil.map { now < $0 } ?? false
    }

    /// Whether this gateway needs it for itself.
    package func isOwn(at now: Instant) -> Bool {
        isLinked || isAcquaintance || soughtUntil != nil || hasTraffic(at: now)
    }

    /// Whether traffic asked for it not long ago.
    package func hasTraffic(at now: Instant) -> Bool { trafficUntil.map { now < $0 } ?? false }
}

/// Why a member is not reached by a direct path. Raw values are `reason` in status and listed in docs/codes.md.
package enum LinkReason: Equatable, Sendable {
    case ok
    case connecting
    /// No candidate endpoint is known.
    case noEndpoint
    /// Handshakes were not answered.
    case handshakeTimeout
    /// UDP was not answered, and a TLS connection was.
    case udpBlocked
    /// A path that worked stopped answering.
    case noAnswer
    /// The peer said goodbye.
    case stopped
    case certificate(CertificateFault)
    case peerRefused(CertificateFault)
    case version
    case protocolError
    /// Nobody needs a session: one is made when there is traffic.
    case onDemand
    /// Another path is clearly faster or loses less.
    case betterPath
    /// Both sides' NATs choose a port for each remote.
    case symmetricNATs
    /// The peer's NAT does, and this side's lets in only what it has sent to.
    case peerNATSymmetric
    /// This side's does, and the peer's lets in only what it has sent to.
    case ownNATSymmetric
    /// Both sides have sent at once, and nothing came through.
    case punchTimeout

    /// Kebab-case, from a closed list.
    package var code: String {
        switch self {
        case .ok: "ok"
        case .connecting: "connecting"
        case .noEndpoint: "no-endpoint"
        case .handshakeTimeout: "handshake-timeout"
        case .udpBlocked: "udp-blocked"
        case .noAnswer: "no-answer"
        case .stopped: "peer-stopped"
        case .certificate(let fault): fault.rawValue
        case .peerRefused(let fault): "peer-refused-\(fault.rawValue)"
        case .version: "version-mismatch"
        case .protocolError: "protocol-error"
        case .onDemand: "on-demand"
        case .betterPath: "better-path"
        case .symmetricNATs: "symmetric-nats"
        case .peerNATSymmetric: "peer-nat-symmetric"
        case .ownNATSymmetric: "own-nat-symmetric"
        case .punchTimeout: "punch-timeout"
        }
    }

    init(_ fault: HandshakeFault) {
        switch fault {
        case .refused(let reason, _): self = .certificate(reason)
        case .refusedByPeer(let reason): self = .peerRefused(reason)
        case .version: self = .version
        case .protocolError: self = .protocolError
        }
    }
}
