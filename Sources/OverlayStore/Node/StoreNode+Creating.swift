import NetworkTypes
import OrderedCollections

// From a wish to a lease: proposing and committing.
extension StoreNode {
    /// Starts an attempt: what is exclusive is proposed, what is shared is stored at once.
    mutating func begin(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard leases[key] != nil else { return }
        guard key.kind == .exclusive else {
            leases[key]?.phase = .keeping
            leases[key]?.unconfirmedSince = now
            renewRecord(key, now: now, members: members, effects: &effects)
            return
        }
        let replicas = members.nearest(to: key.place, limit: StoreLimits.replicaCount)
        let identifier = newIdentifier()
        change(key) { lease in
            lease.stopTimers()
            lease.targets = replicas.map { StoreTarget(node: $0) }
            lease.identifier = identifier
            lease.phase = .proposing
            lease.startedAt = now
            lease.deadline = now + StoreLimits.attemptTimeout
            lease.repeatInterval = StoreLimits.repeatInterval
            lease.repeatAt = now + StoreLimits.repeatInterval
            lease.refutations = []
        }
        for node in replicas { propose(key, identifier, to: node, effects: &effects) }
    }

    /// Changes an own lease and sees to its timer.
    mutating func change(_ key: StoreKey, _ body: (inout OwnLease) -> Void) {
        guard let index = leases.index(forKey: key) else { return }
        body(&leases.values[index])
        if let next = leases.values[index].nextAt { timers.advance(.leases, to: next) }
    }

    private mutating func propose(
        _ key: StoreKey, _ identifier: UInt64, to node: NodeAddress, effects: inout StoreEffects
    ) {
        send(.propose(identifier: identifier, key, clock: replica.clock), to: node, effects: &effects)
    }

    /// A replica has promised.
    mutating func voted(
        _ identifier: UInt64, _ key: StoreKey, epoch: UInt64, attached: StoreCopy?, from node: NodeAddress,
        now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let lease = leases[key], lease.identifier == identifier, let index = lease.targetIndex(node),
            lease.phase == .proposing || lease.phase == .committing
        else {
            // A late or repeated proposal has made a promise that nobody will use.
            send(.withdraw(identifier: identifier, key), to: node, effects: &effects)
            return
        }
        guard lease.targets[index].answer != .stored else { return }
        replica.learn(clock: epoch)
        if let attached, attached.record.key == key {
            take(attached, attachedBy: index, key: key, members: members)
        }
        change(key) { $0.targets[index].answer = .voted(epoch: epoch) }
        guard let record = lease.record, lease.phase == .committing else {
            decideVotes(key, now: now, members: members, effects: &effects)
            return
        }
        if epoch < record.epoch { sendCommit(key, to: node, now: now, effects: &effects) }
    }

    /// What a vote brings along: an own record of a former life, or a release of somebody else.
    private mutating func take(
        _ copy: StoreCopy, attachedBy index: Int, key: StoreKey, members: some StoreMembers
    ) {
        let record = copy.record
        guard isGenuine(record, members) else { return }
        let own = own
        change(key) { lease in
            if record.owner == own {
                lease.sequence = max(lease.sequence, record.sequence)
                if record.state == .confirmed, copy.left != nil { lease.targets[index].ownEpoch = record.epoch }
            } else if record.state == .released, lease.refutations.count < StoreLimits.replicaCount {
                lease.refutations.append(copy)
            }
        }
    }

    /// Whether the promises suffice to commit, or to take up what we held before a restart.
    func mayCommit(_ lease: OwnLease, now: Instant) -> Bool {
        let granted = lease.targets.count { if case .voted = $0.answer { true } else { false } }
        guard granted >= lease.majority else { return false }
        let ownCount = lease.targets.count { $0.ownEpoch != nil }
        let mayGrow = ownCount > 0 && ownCount < lease.majority
        let silent = lease.targets.count - lease.answeredCount
        let canReach = ownCount + silent >= lease.majority
        return !(mayGrow && canReach && now < lease.startedAt + StoreLimits.adoptionWait)
    }

    private mutating func decideVotes(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let lease = leases[key], lease.phase == .proposing else { return }
        if concludeRival(key, now: now, members: members, effects: &effects) { return }
        guard mayCommit(lease, now: now) else { return }
        let ownEpochs = lease.targets.compactMap(\.ownEpoch)
        if ownEpochs.count >= lease.majority, let epoch = ownEpochs.min() {
            change(key) { lease in
                lease.epoch = epoch
                lease.phase = .keeping
                lease.unconfirmedSince = now
                lease.hasCommitted = true
                lease.failures = 0
                lease.lastWait = nil
            }
            renewRecord(key, now: now, members: members, effects: &effects)
            effects.append(.leaseChanged(key))
            return
        }
        let highest =
            lease.targets.compactMap { target -> UInt64? in
                // No higher than we would learn from anybody: a lie would make an epoch that loses for ever.
                if case .voted(let epoch) = target.answer { min(epoch, replica.clock) } else { nil }
            }.max() ?? 0
        let record = StoreRecord(
            state: .tentative, key: key, owner: own, holder: site,
            epoch: min(highest + 1, StoreLimits.counter), sequence: lease.sequence + 1,
            lifetimeSeconds: lease.lifetimeSeconds, value: lease.value
        ).signed(by: identity)
        change(key) { lease in
            lease.sequence = record.sequence
            lease.epoch = record.epoch
            lease.record = record
            lease.madeAt = now
            lease.phase = .committing
            lease.hasCommitted = true
            lease.deadline = now + StoreLimits.attemptTimeout
            lease.repeatInterval = StoreLimits.repeatInterval
            lease.repeatAt = now + StoreLimits.repeatInterval
        }
        for target in lease.targets {
            if case .voted = target.answer { sendCommit(key, to: target.node, now: now, effects: &effects) }
        }
    }

    private mutating func sendCommit(
        _ key: StoreKey, to node: NodeAddress, now: Instant, effects: inout StoreEffects
    ) {
        guard let lease = leases[key], let copy = lease.copy(now: now) else { return }
        send(.commit(identifier: lease.identifier, copy), to: node, effects: &effects)
    }

    /// A majority has the tentative record: the lease is ours, and the replicas are told so.
    mutating func committed(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        change(key) { lease in
            lease.phase = .keeping
            lease.failures = 0
            lease.lastWait = nil
            lease.heldUntil = lease.madeAt + .seconds(Int64(lease.lifetimeSeconds))
            lease.unconfirmedSince = nil
            lease.stopTimers()
        }
        renewRecord(key, now: now, members: members, effects: &effects)
        if let lease = leases[key], let record = lease.record, let token = lease.token {
            effects.append(.completed(token: token, .created(record)))
            leases[key]?.token = nil
        }
        effects.append(.leaseChanged(key))
    }

    /// Repeats what has not been answered, or gives the attempt up.
    mutating func tendAttempt(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        if leases[key]?.phase == .proposing { decideVotes(key, now: now, members: members, effects: &effects) }
        guard let lease = leases[key], lease.phase == .proposing || lease.phase == .committing else { return }
        if let deadline = lease.deadline, deadline <= now {
            let reason: StoreWaitReason = lease.answeredCount < lease.majority ? .noMajority : .contended
            fail(key, reason, now: now, effects: &effects)
            return
        }
        guard let repeatAt = lease.repeatAt, repeatAt <= now else { return }
        for target in lease.targets {
            switch target.answer {
            case .voted(let epoch):
                if lease.phase == .proposing {
                    propose(key, lease.identifier, to: target.node, effects: &effects)
                } else if epoch < lease.epoch {
                    sendCommit(key, to: target.node, now: now, effects: &effects)
                }
            case .silent, .promised, .rival: propose(key, lease.identifier, to: target.node, effects: &effects)
            case .stored, .refused: break
            }
        }
        change(key) { lease in
            lease.repeatInterval = lease.repeatInterval * 2
            lease.repeatAt = now + lease.repeatInterval
        }
    }

    /// Ends an attempt; another one follows.
    mutating func fail(
        _ key: StoreKey, _ reason: StoreWaitReason, now: Instant, effects: inout StoreEffects
    ) {
        guard let lease = leases[key] else { return }
        withdraw(lease, effects: &effects)
        let isContended = reason == .contended
        let first = isContended ? StoreLimits.contentionInterval : StoreLimits.unansweredInterval
        let limit = isContended ? StoreLimits.contentionLimit : StoreLimits.unansweredLimit
        let interval = min(first * (1 << min(lease.failures, 10)), limit)
        let delay = random.jitter(around: interval)
        change(key) { lease in
            lease.stopTimers()
            lease.phase = .waiting(reason)
            lease.lastWait = reason
            lease.failures += 1
            lease.retryAt = now + delay
        }
        if lease.lastWait != reason { effects.append(.leaseChanged(key)) }
    }

    /// Takes back the proposal and the tentative record of an attempt.
    mutating func withdraw(_ lease: OwnLease, effects: inout StoreEffects) {
        for target in lease.targets {
            send(.withdraw(identifier: lease.identifier, lease.key), to: target.node, effects: &effects)
        }
    }
}
