package import LinkSecurity
package import NetworkTypes
import OrderedCollections

/// One member's part in the distributed store: owner of leases and values, and replica for those of others.
///
///     create, put, get, release,                  +-----------+       send, completed, lost,
///     messages, changes of the directory, time -> | StoreNode | ----> leaseChanged, notice
///                                                 +-----------+
///
/// A pure value: no clock, no chance but the seed. The directory is handed in with each call. After each input the
/// owner carries out the effects in order and asks for `nextWakeup`.
///
/// A lease's life at its owner:
///
///     create -> proposing -- majority votes --> committing -- majority stored --> held --renewal--> held
///                   ^  \                        /                                   |  \
///                   |   +-- refused, silence --+                                    |   +-- a winner shows --> lost
///                   +------- waiting <---------+                                 release
///
/// Replicas are the members nearest to the key's place, whether they answer or not. A replica holds records of one site
/// only under an exclusive key, and a creator has succeeded when a majority holds its record: two majorities of one set
/// meet in a replica, so two sites cannot both succeed while they see one directory. Where directories were apart, both
/// records reach the same replicas as soon as they are one again; the record created first stays, and the loser is
/// told.
package struct StoreNode {
    /// The own gateway's identity. A renewed certificate may be set at any time.
    package var identity: any IdentityAuthority
    /// This member.
    package var own: NodeAddress { identity.own.node }
    /// The own site: the holder of what is ours.
    package var site: String { identity.own.site }
    var random: SeededRandom
    var replica = StoreReplica()
    var leases: OrderedDictionary<StoreKey, OwnLease> = [:]
    var releases: OrderedDictionary<StoreKey, OwnRelease> = [:]
    var reads: [OwnRead] = []
    var timers = StoreTimers()
    /// Messages of this member to itself.
    var ownMessages: [StoreMessage] = []
    /// Whether new keys may be created and put.
    package private(set) var isReady: Bool
    private var faultCounts = [UInt64](repeating: 0, count: StoreFault.allCases.count)

    /// A member that holds nothing. Until it `isReady` it answers others, and its own creates wait.
    package init(identity: any IdentityAuthority, seed: UInt64, isReady: Bool = true) {
        self.identity = identity
        self.isReady = isReady
        random = SeededRandom(seed: seed)
    }

    /// When to call `handleTimeout` next, and what for; ask again after every input.
    package var nextWakeup: StoreWakeup? { timers.next }

    /// Messages dropped for `fault`.
    package func dropCount(_ fault: StoreFault) -> UInt64 { faultCounts[fault.rawValue] }

    /// Says whether the directory is what the grid's members have. A gateway that has just started knows but itself: it
    /// would be the majority of one, with an epoch that beats all others later.
    package mutating func setReady(
        _ isReady: Bool, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard isReady != self.isReady else { return }
        self.isReady = isReady
        guard isReady else { return }
        for key in Array(leases.keys) where leases[key]?.phase == .waiting(.notReady) {
            begin(key, now: now, members: members, effects: &effects)
        }
        settle(now: now, members: members, effects: &effects)
    }

    /// A message from the overlay. What is malformed, from a stranger or not signed by its sender is counted and
    /// dropped before it touches anything.
    package mutating func receive(
        _ bytes: [UInt8], now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard bytes.count <= StoreLimits.messageByteCount, let envelope = try? StoreEnvelope(reading: bytes) else {
            drop(.malformed, effects: &effects)
            return
        }
        guard envelope.receiver == own, envelope.sender != own else {
            drop(.misdirected, effects: &effects)
            return
        }
        guard let certificate = members.certificate(of: envelope.sender) else {
            drop(.unknownSender, effects: &effects)
            return
        }
        guard envelope.isSealed(by: certificate, as: identity) else {
            drop(.badSignature, effects: &effects)
            return
        }
        handle(envelope.message, from: envelope.sender, now: now, members: members, effects: &effects)
        settle(now: now, members: members, effects: &effects)
    }

    /// Handles everything that is due at `now`. Early and repeated calls do nothing.
    package mutating func handleTimeout(now: Instant, members: some StoreMembers, effects: inout StoreEffects) {
        for reason in StoreTimers.reasons {
            guard let deadline = timers.deadline(reason), deadline <= now else { continue }
            timers.set(reason, nil)
            switch reason {
            case .leases: tendLeases(now: now, members: members, effects: &effects)
            case .releases: tendReleases(now: now, effects: &effects)
            case .reads: tendReads(now: now, members: members, effects: &effects)
            case .sweep: sweep(now: now)
            }
        }
        settle(now: now, members: members, effects: &effects)
    }

    /// The directory has other members than before. Costs a binary search for each own lease, and nothing for what is
    /// held for others.
    package mutating func membersChanged(now: Instant, members: some StoreMembers, effects: inout StoreEffects) {
        for key in Array(leases.keys) { replicasMayHaveChanged(key, now: now, members: members, effects: &effects) }
        settle(now: now, members: members, effects: &effects)
    }

    /// Members that did not answer have come back, as after a partition: all own records are sent again, spread over
    /// `StoreLimits.recheckSpread`.
    package mutating func recheckAll(now: Instant) {
        for index in leases.values.indices {
            let delay = random.below(UInt64(StoreLimits.recheckSpread.wholeNanoseconds))
            leases.values[index].recheck(by: now + .nanoseconds(Int64(delay)))
            if let next = leases.values[index].nextAt { timers.advance(.leases, to: next) }
        }
        for index in releases.values.indices where !releases.values[index].missing.isEmpty {
            releases.values[index].repeats = 0
            releases.values[index].repeatAt = now + StoreLimits.storeInterval
            timers.advance(.releases, to: releases.values[index].nextAt)
        }
    }

    /// A member has started anew and knows nothing of what it held: it gets the own records that it should have, within
    /// a second. Costs a look at each own lease.
    package mutating func memberReturned(_ node: NodeAddress, now: Instant) {
        for index in leases.values.indices {
            guard let target = leases.values[index].targetIndex(node) else { continue }
            let delay = random.below(UInt64(StoreLimits.storeInterval.wholeNanoseconds))
            leases.values[index].replicaReturned(target, by: now + .nanoseconds(Int64(delay)))
            if let next = leases.values[index].nextAt { timers.advance(.leases, to: next) }
        }
        for index in releases.values.indices where releases.values[index].missing.contains(node) {
            releases.values[index].repeats = 0
            releases.values[index].repeatAt = now + StoreLimits.storeInterval
            timers.advance(.releases, to: releases.values[index].nextAt)
        }
    }

    /// A member's certificate is revoked: what it has here goes.
    package mutating func revoke(_ owner: NodeAddress, now: Instant) {
        replica.forget(owner, now: now)
    }

    mutating func drop(_ fault: StoreFault, effects: inout StoreEffects) {
        faultCounts[fault.rawValue] += 1
        effects.append(.notice(.dropped(fault)))
    }

    private mutating func sweep(now: Instant) {
        guard let next = replica.sweep(now: now) else { return }
        timers.set(.sweep, max(next, now + StoreLimits.sweepInterval))
    }
}

// Messages out.
extension StoreNode {
    mutating func send(_ message: StoreMessage, to node: NodeAddress, effects: inout StoreEffects) {
        guard node != own else {
            if ownMessages.count < StoreLimits.ownMessages { ownMessages.append(message) }
            return
        }
        let envelope = StoreEnvelope(sender: own, receiver: node, message: message)
        effects.append(.send(to: node, bytes: envelope.sealed(by: identity)))
    }

    /// Handles what this member has said to itself, until nothing is left: each message answers one, so it ends.
    mutating func settle(now: Instant, members: some StoreMembers, effects: inout StoreEffects) {
        while !ownMessages.isEmpty {
            let messages = ownMessages
            ownMessages = []
            for message in messages { handle(message, from: own, now: now, members: members, effects: &effects) }
        }
    }

    /// A number that answers repeat; never 0, which marks what nobody asked for.
    mutating func newIdentifier() -> UInt64 { random.nextWord() | 1 }
}
