package import NetworkTypes
package import OverlayRing

/// Many ring nodes under one virtual clock and network, without sessions, keys or sockets: an attempt takes two round
/// trips and succeeds when the pair can talk. What happens depends on the seed alone.
package struct VirtualRing: ~Copyable {
    /// A member of the simulation; its index is its handle for ever.
    struct Member {
        var node: RingNode
        /// As others learn it; a copy, because looking into the node copies all of it.
        let contact: RingContact
        /// Handles of members with a session, in the order in which they came up.
        var sessions: [Int32] = []
        /// Handles of members that it is dialling.
        var dialling: [Int32] = []
        var isAlive = true
        /// The side of a partition that it is on.
        var side: UInt8 = 0
        /// What every message to it waits for in addition: it is slow.
        var slowness: Duration = .zero
        /// The event that will wake it; `nil` when none is in the queue.
        var wakeAt: Instant?
        let started: Instant
        var joined: Instant?

        /// Forgets what a dead member knew.
        mutating func bury(now: Instant) {
            isAlive = false
            sessions = []
            dialling = []
            node = RingNode(own: contact, seed: 0, now: now)
        }
    }

    package var network: VirtualNetwork
    package private(set) var now = Instant(nanoseconds: 1_000_000_000)
    package let seed: UInt64
    var members: [Member] = []
    /// By the upper words of the addresses, which are unlike; look-ups only.
    private var handles: [UInt64: Int32] = [:]
    private var events = VirtualEvents()
    private var random: SeededRandom
    private var effects = RingEffects()
    /// Members that newcomers know.
    package var bootstrap: [Int] = []

    package private(set) var messageCount: UInt64 = 0
    /// With what UDP, IPv4 and sealing add.
    package private(set) var bitCount: UInt64 = 0
    package private(set) var connectCount: UInt64 = 0
    package private(set) var disconnectCount: UInt64 = 0
    /// Packets of foreign kinds that were delivered, and where.
    package private(set) var deliveries: [(member: Int, packet: RoutedPacket)] = []
    /// Packets of foreign kinds that ended elsewhere.
    package private(set) var failures: [(member: Int, packet: RoutedPacket, reason: UndeliverableReason)] = []
    /// Everything that happened, in order: one seed gives one digest.
    package private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325

    package init(seed: UInt64, network: VirtualNetwork = VirtualNetwork()) {
        self.seed = seed
        self.network = network
        random = SeededRandom(seed: seed)
    }

    /// Members that were ever added.
    package var memberCount: Int { members.count }
    /// Handles of those that live.
    package var living: [Int] { members.indices.filter { members[$0].isAlive } }
    /// A member's node, to look at.
    package func node(_ member: Int) -> RingNode { members[member].node }
    /// The side of a partition that a member is on.
    package func side(of member: Int) -> UInt8 { members[member].side }
    /// Whether a member has neither been killed nor left.
    package func isAlive(_ member: Int) -> Bool { members[member].isAlive }
    /// How long it took from the start until the member took part in routing.
    package func joinTime(_ member: Int) -> Duration? { members[member].joined.map { $0 - members[member].started } }

    /// The handle of a member that was ever added.
    package func handle(of address: NodeAddress) -> Int? {
        guard let handle = handles[address.high].map({ Int($0) }), members[handle].contact.node == address else {
            return nil
        }
        return handle
    }

    /// Starts a member with an address of its own drawing, or the given one; returns its handle.
    @discardableResult
    package mutating func add(address: NodeAddress? = nil) -> Int {
        let address =
            address
            ?? NodeAddress(
                high: random.nextWord(), middle: random.nextWord(), low: UInt32(truncatingIfNeeded: random.nextWord()))
        let handle = members.count
        let number = UInt32(truncatingIfNeeded: handle + 1)
        let endpoint = Endpoint(address: IPAddress(v4: 0x0a00_0000 | number), port: 7_867)
        let contact = RingContact(node: address, endpoints: [endpoint])
        let node = RingNode(own: contact, seed: random.nextWord(), now: now)
        members.append(Member(node: node, contact: contact, started: now))
        handles[address.high] = Int32(handle)
        if bootstrap.isEmpty { bootstrap = [handle] }
        scheduleWakeup(handle)
        return handle
    }

    /// Ends a member without a word: the others notice by its silence.
    package mutating func kill(_ member: Int) {
        for peer in members[member].sessions { loseSession(of: Int(peer), with: member) }
        members[member].bury(now: now)
    }

    /// Ends a member in good order.
    package mutating func leave(_ member: Int) {
        input(member) { node, now, effects in node.leave(now: now, effects: &effects) }
        members[member].bury(now: now)
    }

    /// Makes every message to a member wait.
    package mutating func slowDown(_ member: Int, by delay: Duration) { members[member].slowness = delay }

    /// Puts members on a side; messages and sessions do not cross between sides.
    package mutating func setSides(_ side: UInt8, of moved: [Int]) {
        for member in moved { members[member].side = side }
        for member in moved {
            for peer in members[member].sessions where members[Int(peer)].side != side {
                loseSession(of: Int(peer), with: member)
                loseSession(of: member, with: Int(peer))
            }
        }
    }

    /// From now on only these pairs can talk; the others' sessions break.
    package mutating func restrict(to pairs: Set<UInt64>) {
        network.onlyPairs = pairs
        for member in members.indices where members[member].isAlive {
            for peer in members[member].sessions where !canTalk(member, Int(peer)) {
                loseSession(of: member, with: Int(peer))
            }
        }
    }

    /// Gives a member an input now.
    package mutating func input(
        _ member: Int, _ body: (inout RingNode, Instant, inout RingEffects) -> Void
    ) {
        guard members[member].isAlive else { return }
        body(&members[member].node, now, &effects)
        carryOut(member)
        scheduleWakeup(member)
    }

    /// Forgets what has been delivered and what failed.
    package mutating func clearDeliveries() {
        deliveries = []
        failures = []
    }

    /// Runs for `duration` of virtual time.
    package mutating func run(for duration: Duration) {
        let end = now + duration
        while let next = events.nextTime, next <= end {
            now = max(now, next)
            handle(events.removeFirst())
        }
        now = end
    }

    /// Runs, looking every `interval`, until `condition` holds; returns how long it took, `nil` when `limit` went by.
    package mutating func run(
        until condition: (borrowing VirtualRing) -> Bool, every interval: Duration = .seconds(1), within limit: Duration
    ) -> Duration? {
        let begin = now
        while !condition(self) {
            guard now - begin < limit else { return nil }
            run(for: interval)
        }
        return now - begin
    }
}

// Events and effects.
extension VirtualRing {
    private mutating func handle(_ event: VirtualEvent) {
        let member = Int(event.node)
        let peer = Int(event.peer)
        record(event)
        switch event.kind {
        case .message:
            let bytes = events.take(event.payload)
            guard members[member].isAlive, members[member].sessions.contains(event.peer), isInReach(member, peer) else {
                return
            }
            let source = members[peer].contact.node
            input(member) { node, now, effects in
                node.receive(bytes.span.bytes, from: source, now: now, effects: &effects)
            }
        case .wakeup:
            // Superseded by an earlier one that was put in later.
            guard members[member].wakeAt == now else { return }
            members[member].wakeAt = nil
            guard let due = Self.deadline(of: &members[member].node) else { return }
            if due > now { return scheduleWakeup(member) }
            input(member) { node, now, effects in node.handleTimeout(now: now, effects: &effects) }
        case .sessionUp:
            members[member].dialling.removeAll { $0 == event.peer }
            guard members[member].isAlive, members[peer].isAlive, isInReach(member, peer) else {
                return fail(member, peer)
            }
            establish(member, with: peer)
            establish(peer, with: member)
        case .attemptFailed:
            members[member].dialling.removeAll { $0 == event.peer }
            fail(member, peer)
        case .sessionDown:
            // A session that lives again was only interrupted.
            let isCut = !members[peer].isAlive || !isInReach(member, peer) || event.payload == 1
            guard isCut, let index = members[member].sessions.firstIndex(of: event.peer) else { return }
            members[member].sessions.remove(at: index)
            let address = members[peer].contact.node
            input(member) { node, now, effects in node.linkDown(address, now: now, effects: &effects) }
        }
    }

    private mutating func fail(_ member: Int, _ peer: Int) {
        let address = members[peer].contact.node
        input(member) { node, now, effects in node.connectFailed(address, now: now, effects: &effects) }
    }

    private mutating func establish(_ member: Int, with peer: Int) {
        // Where both have dialled, the second attempt finds the session of the first.
        guard !members[member].sessions.contains(Int32(peer)) else { return }
        members[member].sessions.append(Int32(peer))
        let contact = members[peer].contact
        let roundTrip = network.delay(member, peer, seed: seed) * 2
        input(member) { node, now, effects in
            node.linkUp(contact, now: now, effects: &effects)
            node.roundTripMeasured(contact.node, roundTrip)
        }
    }

    private mutating func loseSession(of member: Int, with peer: Int) {
        let spread = UInt64(network.livenessSpread.wholeNanoseconds)
        let after = network.liveness + .nanoseconds(Int64(random.below(spread + 1)))
        events.add(
            VirtualEvent(kind: .sessionDown, node: Int32(member), peer: Int32(peer), payload: 0), at: now + after)
    }

    private func isInReach(_ member: Int, _ peer: Int) -> Bool {
        members[member].side == members[peer].side && (network.onlyPairs == nil || canTalk(member, peer))
    }

    private func canTalk(_ member: Int, _ peer: Int) -> Bool { network.canTalk(member, peer, seed: seed) }

    /// In place: a look at a member's node through the array would copy it.
    private static func deadline(of node: inout RingNode) -> Instant? { node.nextDeadline() }

    private mutating func scheduleWakeup(_ member: Int) {
        guard members[member].isAlive, let deadline = Self.deadline(of: &members[member].node) else { return }
        let time = max(deadline, now)
        if let wakeAt = members[member].wakeAt, wakeAt <= time { return }
        members[member].wakeAt = time
        events.add(VirtualEvent(kind: .wakeup, node: Int32(member), peer: 0, payload: 0), at: time)
    }

    private mutating func carryOut(_ member: Int) {
        for effect in effects.list {
            switch effect {
            case .send(let address, let bytes):
                send(bytes, from: member, to: address)
            case .connect(let contact, _):
                if let peer = handles[contact.node.high] { connect(member, to: Int(peer)) }
            case .connectBootstrap(let count):
                for _ in 0..<count {
                    let peer = bootstrap[Int(random.below(UInt64(bootstrap.count)))]
                    if peer != member { connect(member, to: peer) }
                }
            case .disconnect(let address):
                disconnectCount += 1
                if let peer = handles[address.high] { disconnect(member, from: Int(peer)) }
            case .deliver(let packet):
                deliveries.append((member, packet))
            case .undeliverable(let packet, let reason):
                if packet.kind >= RoutedPacket.firstForeignKind { failures.append((member, packet, reason)) }
            case .notice(.joined):
                if members[member].joined == nil { members[member].joined = now }
            case .notice:
                break
            }
        }
        effects.removeAll()
    }

    private mutating func send(_ bytes: [UInt8], from member: Int, to address: NodeAddress) {
        guard let peer = handles[address.high] else { return }
        messageCount += 1
        bitCount += UInt64(bytes.count + network.overheadByteCount) * 8
        guard members[member].sessions.contains(peer),
            network.lossPerMille == 0 || !random.chance(network.lossPerMille, in: 1_000)
        else { return }
        let delay = network.delay(member, Int(peer), seed: seed) + members[Int(peer)].slowness
        digest = (digest ^ UInt64(bytes.count) ^ UInt64(bytes[bytes.count / 2]) << 32) &* 0x0000_0100_0000_01b3
        let isTwice =
            network.duplicationPerMille > 0 && random.chance(network.duplicationPerMille, in: 1_000)
        for _ in 0..<(isTwice ? 2 : 1) {
            var time = now + delay
            if network.reorderingPerMille > 0, random.chance(network.reorderingPerMille, in: 1_000) {
                let most = UInt64(network.reorderingDelay.wholeNanoseconds)
                time = time + .nanoseconds(Int64(random.below(most + 1)))
            }
            let event = VirtualEvent(
                kind: .message, node: peer, peer: Int32(member), payload: events.store(bytes))
            events.add(event, at: time)
        }
    }

    private mutating func connect(_ member: Int, to peer: Int) {
        guard !members[member].dialling.contains(Int32(peer)) else { return }
        members[member].dialling.append(Int32(peer))
        connectCount += 1
        let works =
            members[peer].isAlive && isInReach(member, peer) && network.canTalk(member, peer, seed: seed)
        let time = works ? network.delay(member, peer, seed: seed) * 4 : network.failedAttempt
        events.add(
            VirtualEvent(
                kind: works ? .sessionUp : .attemptFailed, node: Int32(member), peer: Int32(peer), payload: 0),
            at: now + time)
    }

    private mutating func disconnect(_ member: Int, from peer: Int) {
        guard let index = members[member].sessions.firstIndex(of: Int32(peer)) else { return }
        members[member].sessions.remove(at: index)
        let time = now + network.delay(member, peer, seed: seed)
        events.add(
            VirtualEvent(kind: .sessionDown, node: Int32(peer), peer: Int32(member), payload: 1), at: time)
    }

    private mutating func record(_ event: VirtualEvent) {
        for word in [
            now.nanoseconds, UInt64(event.kind.rawValue) << 48 | UInt64(event.node) << 24 | UInt64(event.peer),
        ] {
            digest = (digest ^ word) &* 0x0000_0100_0000_01b3
        }
    }
}
