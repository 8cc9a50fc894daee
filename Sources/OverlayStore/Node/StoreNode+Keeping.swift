import NetworkTypes
import OrderedCollections

// Upkeep of what is ours.
extension StoreNode {
    /// Makes a newer record and hands it to all replicas.
    mutating func renewRecord(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let lease = leases[key] else { return }
        let record = StoreRecord(
            state: .confirmed, key: key, owner: own, holder: site, epoch: lease.epoch,
            sequence: min(lease.sequence + 1, StoreLimits.counter), lifetimeSeconds: lease.lifetimeSeconds,
            value: lease.value
        ).signed(by: identity)
        change(key) { lease in
            lease.sequence = record.sequence
            lease.record = record
            lease.madeAt = now
            lease.hasCommitted = true
            lease.longestLifetime = max(lease.longestLifetime, lease.lifetimeSeconds)
        }
        startRound(key, now: now, members: members, effects: &effects)
    }

    /// Hands the newest record to all replicas, and asks each for an answer.
    private mutating func startRound(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        let replicas = members.nearest(to: key.place, limit: StoreLimits.replicaCount)
        let identifier = newIdentifier()
        guard let lifetime = leases[key]?.lifetimeSeconds else { return }
        // Somewhere in the fifth before half of the lifetime, so that leases made together are not renewed together.
        let half = UInt64(lifetime) * 500_000_000
        let renewal = Duration.nanoseconds(Int64(half - random.below(half / 5)))
        change(key) { lease in
            lease.targets = replicas.map { StoreTarget(node: $0) }
            lease.identifier = identifier
            lease.hasMajority = false
            lease.startedAt = now
            lease.stopTimers()
            lease.repeats = 0
            lease.repeatInterval = StoreLimits.storeInterval
            lease.repeatAt = now + StoreLimits.storeInterval
            lease.renewAt = max(now + StoreLimits.storeInterval, lease.madeAt + renewal)
        }
        sendMissing(key, now: now, effects: &effects)
    }

    /// Sends the newest record to the replicas that have not said that they have it.
    private mutating func sendMissing(_ key: StoreKey, now: Instant, effects: inout StoreEffects) {
        guard let lease = leases[key], let copy = lease.copy(now: now) else { return }
        for target in lease.targets {
            switch target.answer {
            case .silent, .refused(.notResponsible), .refused(.expired):
                send(.store(identifier: lease.identifier, copy), to: target.node, effects: &effects)
            case .refused:
                // For want of room: worth asking again only while it keeps us from a majority.
                guard !lease.hasMajority else { continue }
                send(.store(identifier: lease.identifier, copy), to: target.node, effects: &effects)
            case .voted, .stored, .promised, .rival: break
            }
        }
    }

    /// A replica has a record of ours, or a release.
    mutating func stored(
        _ identifier: UInt64, _ key: StoreKey, sequence: UInt64, from node: NodeAddress, now: Instant,
        members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let lease = leases[key], lease.identifier == identifier, let index = lease.targetIndex(node),
            lease.record?.sequence == sequence
        else {
            storedRelease(identifier, key, sequence: sequence, from: node, now: now, effects: &effects)
            return
        }
        change(key) { $0.targets[index].answer = .stored }
        guard let lease = leases[key] else { return }
        switch lease.phase {
        case .committing:
            if lease.storedCount >= lease.majority { committed(key, now: now, members: members, effects: &effects) }
        case .keeping:
            if lease.storedCount == lease.targets.count { leases[key]?.repeatAt = nil }
            if lease.storedCount >= lease.majority, !lease.hasMajority { confirmed(key, effects: &effects) }
        case .waiting, .proposing, .lost: break
        }
    }

    /// A majority has the newest record.
    private mutating func confirmed(_ key: StoreKey, effects: inout StoreEffects) {
        guard let lease = leases[key], let record = lease.record else { return }
        change(key) { lease in
            lease.hasMajority = true
            lease.heldUntil = lease.madeAt + .seconds(Int64(lease.lifetimeSeconds))
            lease.unconfirmedSince = nil
            lease.lastWait = nil
            lease.token = nil
        }
        if let token = lease.token {
            let outcome = key.kind == .exclusive ? StoreOutcome.created(record) : .stored(record)
            effects.append(.completed(token: token, outcome))
        }
        effects.append(.leaseChanged(key))
    }

    /// What is due for own leases.
    mutating func tendLeases(now: Instant, members: some StoreMembers, effects: inout StoreEffects) {
        let due = leases.values.filter { $0.nextAt.map { $0 <= now } ?? false }
        for lease in due {
            switch lease.phase {
            case .waiting: begin(lease.key, now: now, members: members, effects: &effects)
            case .proposing, .committing: tendAttempt(lease.key, now: now, members: members, effects: &effects)
            case .keeping: tendKept(lease.key, now: now, members: members, effects: &effects)
            case .lost: break
            }
        }
        // Steps on the way have advanced the timer to what they have dealt with.
        timers.set(.leases, leases.values.compactMap(\.nextAt).min())
    }

    private mutating func tendKept(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let lease = leases[key] else { return }
        if let renewAt = lease.renewAt, renewAt <= now {
            renewRecord(key, now: now, members: members, effects: &effects)
            carryDoubt(of: lease, key)
            return
        }
        if let recheckAt = lease.recheckAt, recheckAt <= now {
            startRound(key, now: now, members: members, effects: &effects)
            carryDoubt(of: lease, key)
            return
        }
        guard let repeatAt = lease.repeatAt, repeatAt <= now else { return }
        sendMissing(key, now: now, effects: &effects)
        let isDoubtful = !lease.hasMajority && lease.repeats >= 1
        change(key) { lease in
            lease.repeats += 1
            lease.repeatInterval = min(lease.repeatInterval * 2, StoreLimits.storeIntervalLimit)
            let isEnough = lease.hasMajority && lease.repeats >= StoreLimits.storeRepeats
            lease.repeatAt = isEnough ? nil : now + lease.repeatInterval
            if isDoubtful {
                lease.unconfirmedSince = lease.unconfirmedSince ?? lease.startedAt
                lease.lastWait = lease.answeredCount < lease.majority ? .noMajority : .refused
            }
        }
        if isDoubtful, lease.unconfirmedSince == nil { effects.append(.leaseChanged(key)) }
    }

    /// A new round does not hide that the one before found no majority.
    private mutating func carryDoubt(of old: OwnLease, _ key: StoreKey) {
        guard !old.hasMajority, old.repeats >= 1 else { return }
        change(key) { $0.unconfirmedSince = $0.unconfirmedSince ?? old.startedAt }
    }

    /// The directory has changed: what is ours goes to replicas that are new, at once.
    mutating func replicasMayHaveChanged(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let lease = leases[key] else { return }
        switch lease.phase {
        case .waiting(.notReady), .lost: return
        case .waiting, .proposing, .committing, .keeping: break
        }
        let replicas = members.nearest(to: key.place, limit: StoreLimits.replicaCount)
        guard replicas != lease.targets.map(\.node) else { return }
        switch lease.phase {
        case .lost: break
        case .waiting:
            let delay = random.jitter(around: StoreLimits.repeatInterval)
            change(key) { $0.recheck(by: now + delay) }
        case .proposing, .committing:
            withdraw(lease, effects: &effects)
            begin(key, now: now, members: members, effects: &effects)
        case .keeping:
            change(key) { lease in
                lease.targets = replicas.map { node in
                    lease.targetIndex(node).map { lease.targets[$0] } ?? StoreTarget(node: node)
                }
                lease.hasMajority = lease.storedCount >= lease.majority
                lease.repeats = 0
                lease.startedAt = now
                lease.repeatInterval = StoreLimits.storeInterval
                lease.repeatAt = now + StoreLimits.storeInterval
            }
            sendMissing(key, now: now, effects: &effects)
        }
    }
}
