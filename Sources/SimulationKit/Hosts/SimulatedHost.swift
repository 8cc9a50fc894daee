package import GatewayCore
import LinkSecurity
package import NetworkTypes
package import OverlayStore
import WireFormat

/// A datagram that a host sends.
package struct OutgoingDatagram {
    package let bytes: [UInt8]
    package let destination: Endpoint
}

/// What a host's core wants of a stream.
enum StreamOrder {
    case open(UInt64, to: Endpoint)
    case close(UInt64)
}

/// One gateway in a simulated world: the real core, and as much of a data plane as control messages need.
package final class SimulatedHost {
    /// Where datagrams to a member go, and what seals them.
    private final class Peer {
        let node: NodeAddress
        var endpoint: Endpoint?
        var payload = 0
        var sealing: KeyGeneration?
        /// Keys that open what comes from it.
        var openingCount = 0

        init(_ node: NodeAddress) { self.node = node }
    }

    /// Keys that open.
    private struct Opening {
        let peer: Peer
        let keys: KeyGeneration
        var isConfirmed = false
    }

    package let identity: SimulatedIdentity
    /// Its place on the ring.
    package let node: NodeAddress
    /// As the host itself knows it: inside its address translator, if it has one.
    package private(set) var endpoint: Endpoint
    /// Where it is over each of its uplinks, the first of which is `endpoint`; empty with one.
    package private(set) var uplinks: [Endpoint] = []
    /// Which of them its routes prefer.
    var preferredUplink = 0
    package var gateway: Gateway
    /// Empty unless `keepsNotices`.
    package private(set) var notices: [GatewayNotice] = []
    package private(set) var echoes: [(token: UInt64, roundTrip: Duration?)] = []
    package private(set) var traces: [(token: UInt64, result: TraceResult?)] = []
    package private(set) var crawls: [(token: UInt64, result: CrawlResult)] = []
    package private(set) var answers: [(token: UInt64, answer: OperatorAnswer?)] = []
    package private(set) var storeOutcomes: [(token: UInt64, outcome: StoreOutcome)] = []
    /// What the core has told of hosts in bridged subnets.
    package private(set) var hostChanges: [HostChange] = []
    /// Whether `notices` and `hostChanges` are kept: many hosts must not hoard.
    package var keepsNotices = true
    /// Names that resolve.
    package var names: [HostAndPort: [Endpoint]] = [:]
    /// Sealed with a key for which this host had no generation: what a restart looks like from the far end.
    package private(set) var unopened = 0
    /// Announcements that have come, news or not.
    package private(set) var announcementCount = 0
    /// When it was made.
    package let started: Instant

    /// More than the largest grid's members are told at once.
    private static let effectLimit = 100_000
    private static let announcementTag = ControlMessage.announcement(ageSeconds: 0, until: nil, encoded: []).encoded[0]
    /// When it began to take part.
    package internal(set) var joined: Instant?

    /// Its number in the simulator, for ever.
    package internal(set) var handle = -1
    /// Where it is attached.
    package internal(set) var place = -1
    /// The bridged LAN behind it, where a scenario has given it hosts.
    package var lan: SimulatedLAN?
    /// The translator before it.
    var translator: Int?
    /// When it wants to be woken, as of its last input: asking costs more than remembering.
    var due: Wakeup?
    /// The event that will wake it; `nil` when none is in the queue.
    var wakeAt: Instant?
    weak var table: EndpointTable?

    private var streamOrders: [StreamOrder] = []
    private var effects = GatewayEffects()
    private var openings: [UInt32: Opening] = [:]
    private var relays = SimulatedRelays()
    private var peers: [NodeAddress: Peer] = [:]

    package init(
        identity: SimulatedIdentity, endpoint: Endpoint, settings: CoreSettings,
        verifier: any AnnouncementVerifier = DirectVerifier(), seed: UInt64, now: Instant
    ) {
        self.identity = identity
        node = identity.own.node
        self.endpoint = endpoint
        started = now
        gateway = Gateway(
            settings: settings, identity: identity,
            handshakes: PlaintextHandshakeProvider(identity: identity, seed: seed &+ 1), verifier: verifier,
            authority: SimulatedAuthority(), seed: seed, unixSeconds: 0, now: now)
    }

    /// Where datagrams to a member go now, and how much fits into one.
    package func path(to node: NodeAddress) -> (endpoint: Endpoint, payload: Int)? {
        guard let peer = peers[node], let endpoint = peer.endpoint else { return nil }
        return (endpoint, peer.payload)
    }

    /// The host's own address changes: a laptop that moves, a NAT that forgets.
    package func move(to endpoint: Endpoint) {
        if let table, translator == nil {
            table.hosts[self.endpoint] = nil
            table.hosts[endpoint] = Int32(handle)
        }
        self.endpoint = endpoint
    }

    /// Gives it one more way out, at `endpoint`.
    func addUplink(at endpoint: Endpoint) { uplinks = (uplinks.isEmpty ? [self.endpoint] : uplinks) + [endpoint] }

    /// Where what it sends there comes from.
    func source(toward destination: Endpoint) -> Endpoint {
        let number = Int(destination.uplink.rawValue)
        if uplinks.isEmpty { return endpoint }
        return uplinks[number > 0 && number <= uplinks.count ? number - 1 : preferredUplink]
    }

    /// Where something that was sent to `destination` has come from, as this host sees it.
    func seen(_ source: Endpoint, at destination: Endpoint) -> Endpoint {
        guard let index = uplinks.firstIndex(of: destination) else { return source }
        return source.over(Uplink(rawValue: UInt8(index + 1)))
    }

    /// Whether the core wants anything of streams.
    var hasStreamOrders: Bool { !streamOrders.isEmpty }

    /// Takes what the core wants of streams.
    func takeStreamOrders() -> [StreamOrder] {
        defer { streamOrders = [] }
        return streamOrders
    }

    /// When there is something to do next, for the core or on the LAN behind it.
    var nextWakeup: Wakeup? {
        guard let deadline = lan?.deadline else { return gateway.nextWakeup }
        if let wakeup = gateway.nextWakeup, wakeup.deadline <= deadline { return wakeup }
        return Wakeup(deadline: deadline, reason: .hosts)
    }

    /// Forgets the echoes that ended.
    package func clearEchoes() { echoes = [] }

    /// Carries out one input; what it sends is appended to `outbox`.
    package func run(
        now: Instant, outbox: inout [OutgoingDatagram], _ input: (inout Gateway, inout GatewayEffects) -> Void
    ) {
        input(&gateway, &effects)
        carryOutAll(now: now, outbox: &outbox)
    }

    /// Does what is due, in the core and on the LAN behind it.
    func handleTimeout(now: Instant, outbox: inout [OutgoingDatagram]) {
        lan?.handleTimeout(gateway: &gateway, now: now, effects: &effects)
        gateway.handleTimeout(now: now, unixSeconds: 0, effects: &effects)
        carryOutAll(now: now, outbox: &outbox)
    }

    /// Takes a datagram from the network.
    package func receive(
        _ bytes: [UInt8], from source: Endpoint, now: Instant, outbox: inout [OutgoingDatagram]
    ) {
        if bytes.first == RelayFrame.type {
            switch relays.arrival(of: bytes, from: source) {
            case .passOn(let frame): outbox.append(frame)
            case .datagram(let datagram, let endpoint): take(datagram, from: endpoint, now: now)
            case nil: break
            }
        } else {
            take(bytes, from: source, now: now)
        }
        carryOutAll(now: now, outbox: &outbox)
    }

    private func take(_ bytes: [UInt8], from source: Endpoint, now: Instant) {
        if let first = bytes.first, first >= 128 {
            open(bytes, from: source, now: now)
        } else {
            gateway.receiveHandshake(bytes, from: source, now: now, effects: &effects)
        }
    }

    private func send(_ bytes: [UInt8], to destination: Endpoint, outbox: inout [OutgoingDatagram]) {
        if destination.isRelay {
            if let frame = relays.frame(bytes, to: destination) { outbox.append(frame) }
        } else {
            outbox.append(OutgoingDatagram(bytes: bytes, destination: destination))
        }
    }

    private func open(_ bytes: [UInt8], from source: Endpoint, now: Instant) {
        guard bytes.count >= SealedHeader.overhead,
            let header = bytes.withUnsafeBytes({ SealedHeader(reading: $0.baseAddress!) }),
            let opening = openings[header.receiverIndex]
        else {
            unopened += 1
            return
        }
        if !opening.isConfirmed {
            openings[header.receiverIndex]?.isConfirmed = true
            gateway.generationConfirmed(
                opening.peer.node, localIndex: header.receiverIndex, now: now, effects: &effects)
        }
        // The cipher leaves everything in clear, so the message is read where it lies.
        let message = bytes.span.bytes.extracting(SealedHeader.byteCount..<bytes.count - SealedHeader.tagByteCount)
        if message.byteCount > 0, message.unsafeLoad(as: UInt8.self) == Self.announcementTag { announcementCount += 1 }
        gateway.receiveControl(message, from: opening.peer.node, source: source, now: now, effects: &effects)
    }

    private func carryOutAll(now: Instant, outbox: inout [OutgoingDatagram]) {
        // Carrying out may append more.
        var index = 0
        while index < effects.list.count {
            precondition(index < Self.effectLimit, "what one input leads to has an end")
            carryOut(effects.list[index], now: now, outbox: &outbox)
            index += 1
        }
        effects.removeAll()
    }

    private func carryOut(_ effect: GatewayEffects.Effect, now: Instant, outbox: inout [OutgoingDatagram]) {
        switch effect {
        case .sendHandshake(let bytes, let endpoint):
            send(bytes, to: endpoint, outbox: &outbox)
        case .receiveSealed(let bytes, let endpoint):
            open(bytes, from: endpoint, now: now)
        case .sendControl(let message, let node, let endpoint, let padding, let localIndex):
            let peer = peers[node]
            guard let keys = localIndex.map({ openings[$0]?.keys }) ?? peer?.sealing,
                let destination = endpoint ?? peer?.endpoint
            else { return }
            let bytes = seal(message.encoded, keys: keys, paddedTo: padding ?? 0)
            if destination.isOverlay {
                gateway.sendOverlay(bytes, to: destination, now: now, effects: &effects)
            } else {
                send(bytes, to: destination, outbox: &outbox)
            }
        case .relay(let change):
            relays.change(change)
        case .setPath(let node, let endpoint, let payload):
            let peer = peer(node)
            peer.endpoint = endpoint
            peer.payload = payload
            forgetIfEmpty(peer)
        case .install(let keys, let node):
            let peer = peer(node)
            peer.openingCount += 1
            openings[keys.localIndex] = Opening(peer: peer, keys: keys)
        case .activate(let localIndex, let node):
            peer(node).sealing = openings[localIndex]?.keys
        case .removeGeneration(let localIndex):
            guard let opening = openings.removeValue(forKey: localIndex) else { return }
            opening.peer.openingCount -= 1
            if opening.peer.sealing === opening.keys { opening.peer.sealing = nil }
            forgetIfEmpty(opening.peer)
        case .openStream(let number, let remote):
            streamOrders.append(.open(number, to: remote))
        case .closeStream(let number):
            streamOrders.append(.close(number))
        case .resolve(let name):
            gateway.bootstrapResolved(name, names[name] ?? [], now: now, effects: &effects)
        case .echoEnded(let token, let roundTrip):
            echoes.append((token, roundTrip))
        case .notice(let notice):
            if keepsNotices { notices.append(notice) }
        case .traceEnded(let token, let result):
            traces.append((token, result))
        case .crawlEnded(let token, let result):
            crawls.append((token, result))
        case .storeCompleted(let token, let outcome):
            storeOutcomes.append((token, outcome))
        case .host(let change):
            if keepsNotices { hostChanges.append(change) }
            lan?.hostChanged(change, gateway: &gateway, now: now, effects: &effects)
        case .questionAsked(let token, let question, let node):
            // There is no kernel to look at.
            let step = OperatorAnswer.Step(name: "far-gateway", isPassed: nil, text: "\(question.destination)")
            gateway.answer(OperatorAnswer(steps: [step]), token: token, to: node, effects: &effects)
        case .questionEnded(let token, let answer):
            answers.append((token, answer))
        case .addPeer, .removePeer, .routesChanged, .membersChanged, .leasesChanged, .publicationsChanged:
            break
        }
    }

    private func peer(_ node: NodeAddress) -> Peer {
        if let peer = peers[node] { return peer }
        let peer = Peer(node)
        peers[node] = peer
        return peer
    }

    private func forgetIfEmpty(_ peer: Peer) {
        if peer.endpoint == nil, peer.sealing == nil, peer.openingCount == 0 { peers[peer.node] = nil }
    }

    /// A sealed control datagram of a cipher that encrypts nothing: header, message, padding, a tag of zeros.
    private func seal(_ message: [UInt8], keys: KeyGeneration, paddedTo padding: Int) -> [UInt8] {
        let count = SealedHeader.overhead + max(message.count, padding)
        let header = SealedHeader(
            type: .control, epoch: keys.epoch, flags: SealedFlags(), receiverIndex: keys.remoteIndex,
            counter: keys.sendCounter)
        keys.sendCounter += 1
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            header.write(to: bytes.baseAddress!)
            message.withUnsafeBytes {
                (bytes.baseAddress! + SealedHeader.byteCount).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
            let end = SealedHeader.byteCount + message.count
            (bytes.baseAddress! + end).initializeMemory(as: UInt8.self, repeating: 0, count: count - end)
            initialized = count
        }
    }
}
