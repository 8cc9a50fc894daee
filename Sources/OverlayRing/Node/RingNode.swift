package import NetworkTypes
import OrderedCollections

/// One member's part in the structured overlay: whom to be linked with, and where to route.
///
///                    linkUp, linkDown, connectFailed,          +----------+       send, connect, disconnect,
///     sessions ----> round trips, traffic, messages, time ---> | RingNode | ----> deliver, undeliverable
///                                                              +----------+
///
/// A pure value: no clock, no chance but the seed, no floating point, nothing iterated whose order is not defined. It
/// never sees sockets or keys: it asks for sessions by `.connect` and is told what became of them. After each input the
/// owner carries out the effects in order and asks for `nextWakeup`.
///
/// A newcomer hangs on a leaf link, asks over it for its successor and predecessor, links with them, learns from their
/// statuses who else is near, and says that it is routable once its neighbours are linked: until then nobody routes
/// through it.
package struct RingNode: Sendable {
    /// This member, as it is told to others.
    package private(set) var own: RingContact
    var random: SeededRandom
    /// In the order of their addresses.
    package internal(set) var links: [RingLink] = []
    /// The upper words of their addresses, beside each other: looking for one among the links would touch each.
    private(set) var linkKeys: [UInt64] = []
    /// No member that a neighbour lists is farther away than this (the upper word of the distance).
    var heardReach: UInt64 = 0
    var attempts: OrderedDictionary<NodeAddress, RingAttempt> = [:]
    var hints: [RingHint] = []
    var requests: [OutstandingRequest] = []
    var farSlots: [FarSlot] = []
    var traffic: OrderedDictionary<NodeAddress, TrafficCount> = [:]
    var lost: OrderedDictionary<NodeAddress, LostMember> = [:]
    var timers = RingTimers()

    /// Near links counter-clockwise, nearest first.
    package internal(set) var left: [NodeAddress] = []
    /// Near links clockwise, nearest first.
    package internal(set) var right: [NodeAddress] = []
    /// Members of the ring, reckoned from how close the neighbours are; exact in a ring so small that all are known.
    package internal(set) var estimatedSize: UInt64 = 1
    /// Whether others may route through this member: it has found its neighbours.
    package internal(set) var isRoutable = false
    /// Far links that the ring's size calls for.
    var farTarget = 0
    var stabiliseInterval = RingLimits.joinInterval
    var bootstrapInterval = RingLimits.bootstrapInterval
    /// A link that comes up before this may be with a bootstrap member: it is a way into the ring, ours or another.
    var bootstrapExpectedUntil: Instant?
    var isLeaving = false
    /// Whether any link is suspected.
    var hasSuspects = false
    /// Messages that were no messages.
    package internal(set) var malformedCount: UInt64 = 0

    /// A member that has no link yet; its first wake-up calls the bootstrap members.
    package init(own: RingContact, seed: UInt64, now: Instant) {
        self.own = own
        random = SeededRandom(seed: seed)
        timers.set(.bootstrap, now)
    }

    /// When to call `handleTimeout` next, and what for; ask again after every input.
    package var nextWakeup: RingWakeup? { isLeaving ? nil : timers.next }

    /// The deadline of `nextWakeup`; for who keeps many nodes in place, where a look at a property copies the node.
    package mutating func nextDeadline() -> Instant? { nextWakeup?.deadline }

    /// The own endpoints have changed: requests and answers carry the new ones. Linked members are told by their
    /// sessions.
    package mutating func endpointsChanged(_ endpoints: [Endpoint]) {
        own.endpoints = endpoints
    }

    /// A session's path has come up; either end may have dialled. For a member that is linked already this says that
    /// its session is new, or that it is reached otherwise: it may have restarted, so its statuses count from the first
    /// again.
    package mutating func linkUp(_ contact: RingContact, now: Instant, effects: inout RingEffects) {
        guard contact.node != own.node, !isLeaving else { return }
        guard linkIndex(of: contact.node) == nil else {
            renew(contact, now: now)
            return
        }
        guard links.count < RingLimits.links || closeUnused(effects: &effects) else {
            attempts.removeValue(forKey: contact.node)
            effects.append(.disconnect(contact.node))
            return
        }
        var link = RingLink(contact: contact, now: now)
        let attempt = attempts.removeValue(forKey: contact.node)
        link.purposes = attempt?.purposes ?? []
        let mayBeBootstrap = bootstrapExpectedUntil.map { now < $0 } ?? false
        if attempt == nil, left.isEmpty || mayBeBootstrap { link.purposes.insert(.leaf) }
        let wasLost = lost.removeValue(forKey: contact.node) != nil
        insert(link)
        if wasLost { lostMemberReturned(now: now) }
        if link.purposes.contains(.leaf) { announce(through: contact.node, now: now, effects: &effects) }
        if mayBeNear(contact.node) { updateNear(now: now, effects: &effects) }
        // Last, so that it says what the link is for.
        sendStatus(to: contact.node, now: now, effects: &effects)
        scheduleTrim(now: now)
    }

    /// A link has broken, or the other end has closed it.
    package mutating func linkDown(_ node: NodeAddress, now: Instant, effects: inout RingEffects) {
        guard let index = linkIndex(of: node) else { return }
        let link = removeLink(at: index)
        if link.isNear || link.purposes.contains(.far) { rememberLost(link.contact, now: now) }
        block(link.contact, for: RingLimits.mourningInterval, failures: 0, now: now)
        linkLost(node, wasNear: link.isNear, now: now, effects: &effects)
    }

    /// An attempt that `.connect` asked for has failed; the member is left alone for a while.
    package mutating func connectFailed(_ node: NodeAddress, now: Instant, effects: inout RingEffects) {
        guard let attempt = attempts[node], attempt.isConnecting, linkIndex(of: node) == nil else { return }
        attemptFailed(attempt, now: now)
        linkLost(node, wasNear: attempt.purposes.contains(.near), now: now, effects: &effects)
    }

    /// A linked member has not been heard although it should have been: until it is heard, packets go another way if
    /// there is one. Nothing else changes, because most suspicions are wrong.
    package mutating func linkSuspected(_ node: NodeAddress) {
        guard let index = linkIndex(of: node) else { return }
        links[index].isSuspected = true
        hasSuspects = true
    }

    /// A suspected member has been heard. Ring messages from it say so by themselves.
    package mutating func linkTrusted(_ node: NodeAddress) {
        guard hasSuspects, let index = linkIndex(of: node) else { return }
        links[index].isSuspected = false
        hasSuspects = links.contains { $0.isSuspected }
    }

    /// The session with a linked member has measured a round trip.
    package mutating func roundTripMeasured(_ node: NodeAddress, _ duration: Duration) {
        guard let index = linkIndex(of: node) else { return }
        links[index].roundTrip = duration
    }

    /// Ends membership: the neighbours get each other's contacts. Nothing is sent afterwards.
    package mutating func leave(now: Instant, effects: inout RingEffects) {
        guard !isLeaving else { return }
        isLeaving = true
        let bytes = RingMessage.leaving(neighbourContacts()).encoded
        for link in links {
            effects.append(.send(to: link.node, bytes: bytes))
            effects.append(.disconnect(link.node))
        }
        links = []
        linkKeys = []
        left = []
        right = []
    }

    /// A message from a linked member. What is no message is counted and dropped.
    package mutating func receive(
        _ message: RawSpan, from node: NodeAddress, now: Instant, effects: inout RingEffects
    ) {
        guard let index = linkIndex(of: node), !isLeaving else { return }
        if hasSuspects, links[index].isSuspected { linkTrusted(node) }
        let read: RingMessage
        do {
            if RingMessage.isPacket(message), try pass(message, cameFrom: node, effects: &effects) { return }
            read = try RingMessage(reading: message)
        } catch {
            malformedCount += 1
            effects.append(.notice(.malformedMessage(from: node)))
            return
        }
        switch read {
        case .status(let status):
            receive(status, at: index, now: now, effects: &effects)
        case .statusAnswer(let version):
            if version == links[index].sentVersion { links[index].repeatAt = nil }
        case .packet(var packet):
            packet.hopCount &+= 1
            forward(packet, cameFrom: node, now: now, effects: &effects)
        case .leaving(let contacts):
            let wasNear = removeLink(at: index).isNear
            let gone = RingContact(node: node, endpoints: [])
            block(gone, for: RingLimits.mourningInterval, failures: 0, now: now)
            for contact in contacts { addHint(contact, through: nil, now: now) }
            effects.append(.disconnect(node))
            linkLost(node, wasNear: wasNear || !contacts.isEmpty, now: now, effects: &effects)
        }
    }

    /// A link or an attempt has come to nothing: what it was for is sought elsewhere.
    private mutating func linkLost(
        _ node: NodeAddress, wasNear: Bool, now: Instant, effects: inout RingEffects
    ) {
        if hasSuspects { hasSuspects = links.contains { $0.isSuspected } }
        farMemberLost(node, now: now)
        if wasNear { updateNear(now: now, effects: &effects) }
        if links.isEmpty { timers.advance(.bootstrap, to: now) }
    }

    /// Closes the oldest of the links that nobody needs, so that a full table does not keep newcomers out.
    private mutating func closeUnused(effects: inout RingEffects) -> Bool {
        let unused = links.indices.filter {
            links[$0].purposes.isEmpty && links[$0].theirPurposes.isSubset(of: .leaf)
        }
        guard let oldest = unused.min(by: { links[$0].since < links[$1].since }) else { return false }
        effects.append(.disconnect(links[oldest].node))
        removeLink(at: oldest)
        return true
    }

    private mutating func renew(_ contact: RingContact, now: Instant) {
        guard let index = linkIndex(of: contact.node) else { return }
        if !contact.endpoints.isEmpty { links[index].contact = contact }
        links[index].heardVersion = 0
        links[index].owesStatus = true
        linkTrusted(contact.node)
        timers.advance(.status, to: now + RingLimits.statusDelay)
    }
}

// Links in the order of their addresses.
extension RingNode {
    /// Where the link with `node` is in `links`.
    func linkIndex(of node: NodeAddress) -> Int? {
        let index = insertionIndex(of: node)
        return index < linkKeys.count && linkKeys[index] == node.high && links[index].contact.node == node
            ? index : nil
    }

    /// Where the first link with an address not below `node` is.
    func insertionIndex(of node: NodeAddress) -> Int {
        var low = 0
        var high = linkKeys.count
        while low < high {
            let middle = (low + high) / 2
            let key = linkKeys[middle]
            let isBelow = key != node.high ? key < node.high : links[middle].contact.node < node
            if isBelow { low = middle + 1 } else { high = middle }
        }
        return low
    }

    @discardableResult
    mutating func removeLink(at index: Int) -> RingLink {
        linkKeys.remove(at: index)
        return links.remove(at: index)
    }

    private mutating func insert(_ link: RingLink) {
        let index = insertionIndex(of: link.node)
        linkKeys.insert(link.node.high, at: index)
        links.insert(link, at: index)
    }

    /// Gives a link a purpose, or takes it away; the other end is told with the next status.
    mutating func setPurpose(_ purpose: RingPurposes, _ isWanted: Bool, at index: Int, now: Instant) {
        guard links[index].purposes.contains(purpose) != isWanted else { return }
        if isWanted { links[index].purposes.insert(purpose) } else { links[index].purposes.remove(purpose) }
        links[index].owesStatus = true
        timers.advance(.status, to: now + RingLimits.statusDelay)
        // The other end tells its neighbours to ring neighbours only: what it told would grow stale.
        if !links[index].isNear { links[index].heard = nil }
        noteUse(at: index, now: now)
    }

    /// Starts or stops the time after which a link without purpose is closed.
    mutating func noteUse(at index: Int, now: Instant) {
        let isUsed = !links[index].purposes.isEmpty || !links[index].theirPurposes.isEmpty
        if isUsed {
            links[index].purposelessSince = nil
        } else if links[index].purposelessSince == nil {
            links[index].purposelessSince = now
            timers.advance(.trim, to: now + RingLimits.trimInterval)
        }
    }
}
