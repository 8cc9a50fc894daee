import NetworkTypes
import OrderedCollections

/// A replica's refusal, as it came.
struct ReceivedRefusal {
    var identifier: UInt64
    var key: StoreKey
    var reason: StoreRefusalReason
    var by: NodeAddress?
    var copy: StoreCopy?
    var sender: NodeAddress
}

// What an owner makes of a refusal.
extension StoreNode {
    /// A replica does not take what we asked it to, or tells that our record had to give way.
    mutating func refused(
        _ refusal: ReceivedRefusal, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        let key = refusal.key
        guard let lease = leases[key] else {
            refusedRelease(refusal, now: now, members: members, effects: &effects)
            return
        }
        // What nobody asked for may be late, or said again by somebody: it only makes us ask.
        let isUnasked = refusal.identifier == 0
        guard isUnasked || refusal.identifier == lease.identifier, let index = lease.targetIndex(refusal.sender) else {
            refusedRelease(refusal, now: now, members: members, effects: &effects)
            return
        }
        switch lease.phase {
        case .waiting, .lost: break
        case .proposing, .committing:
            if isUnasked {
                change(key) { $0.targets[index].answer = .silent }
                return
            }
            attemptRefused(refusal, at: index, now: now, members: members, effects: &effects)
        case .keeping:
            if isUnasked {
                let soon = max(now, lease.startedAt + StoreLimits.storeInterval)
                change(key) { $0.recheck(by: soon) }
                return
            }
            keepingRefused(refusal, at: index, now: now, members: members, effects: &effects)
        }
    }

    private mutating func attemptRefused(
        _ refusal: ReceivedRefusal, at index: Int, now: Instant, members: some StoreMembers,
        effects: inout StoreEffects
    ) {
        let key = refusal.key
        guard leases[key]?.targets[index].answer != .stored else { return }
        var answer = StoreTarget.Answer.refused(refusal.reason)
        switch refusal.reason {
        case .promised: answer = refusal.by.map { .promised(to: $0) } ?? .silent
        case .held, .undecided:
            answer = .silent
            if let copy = refusal.copy, copy.left != nil, isRival(copy.record, of: key), isGenuine(copy.record, members)
            {
                answer = .rival(copy)
            }
        case .notPromised: answer = .silent
        case .newer:
            guard let record = refusal.copy?.record, record.owner == own, isGenuine(record, members) else { return }
            change(key) { $0.sequence = max($0.sequence, record.sequence) }
        case .lowEpoch, .notResponsible, .quota, .full, .tooManyRecords, .expired: break
        }
        change(key) { $0.targets[index].answer = answer }
        if refusal.reason == .notPromised, let identifier = leases[key]?.identifier {
            send(
                .propose(identifier: identifier, key, clock: replica.clock), to: refusal.sender, effects: &effects)
        }
        if concludeRival(key, now: now, members: members, effects: &effects) { return }
        giveWay(key, now: now, effects: &effects)
    }

    private func isRival(_ record: StoreRecord, of key: StoreKey) -> Bool {
        record.key == key && record.holder != site && record.state != .released
    }

    /// Ends an attempt that a majority cannot support any more: lower creators go first, and have the way free.
    private mutating func giveWay(_ key: StoreKey, now: Instant, effects: inout StoreEffects) {
        guard let lease = leases[key] else { return }
        var refusals = 0
        var yields = 0
        for target in lease.targets {
            switch target.answer {
            case .refused(.newer), .refused(.lowEpoch): yields += 1
            case .refused: refusals += 1
            case .promised(let other): if other < own { yields += 1 }
            case .silent, .voted, .stored, .rival: break
            }
        }
        guard lease.targets.count - refusals - yields < lease.majority else { return }
        fail(key, yields >= refusals ? .contended : .refused, now: now, effects: &effects)
    }

    /// Ends a create when another site has the key: a replica with a confirmed record suffices, or a majority with a
    /// tentative one. A record that its owner has released, as another replica told, is refuted instead.
    mutating func concludeRival(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) -> Bool {
        guard let lease = leases[key], lease.answeredCount >= lease.majority else { return false }
        var tentative = 0
        var winner: StoreRecord?
        for (index, target) in lease.targets.enumerated() {
            guard case .rival(let copy) = target.answer else { continue }
            let refutation = lease.refutations.first {
                $0.record.owner == copy.record.owner && $0.record.sequence > copy.record.sequence
            }
            if let refutation {
                change(key) { $0.targets[index].answer = .silent }
                send(.store(identifier: 0, refutation), to: target.node, effects: &effects)
                let proposal = StoreMessage.propose(identifier: lease.identifier, key, clock: replica.clock)
                send(proposal, to: target.node, effects: &effects)
            } else if copy.record.state == .confirmed {
                if winner.map({ copy.record.wins(over: $0) }) ?? true { winner = copy.record }
            } else {
                tentative += 1
                if winner == nil, tentative >= lease.majority { winner = copy.record }
            }
        }
        guard let winner else { return false }
        withdraw(lease, effects: &effects)
        leases.removeValue(forKey: key)
        if lease.hasCommitted { beginRelease(of: lease, now: now, effects: &effects) }
        if let token = lease.token { effects.append(.completed(token: token, .owned(by: winner))) }
        effects.append(.leaseChanged(key))
        return true
    }

    private mutating func keepingRefused(
        _ refusal: ReceivedRefusal, at index: Int, now: Instant, members: some StoreMembers,
        effects: inout StoreEffects
    ) {
        let key = refusal.key
        switch refusal.reason {
        case .held:
            guard let copy = refusal.copy, copy.left != nil, let record = leases[key]?.record,
                copy.record.state == .confirmed, copy.record.conflicts(with: record),
                copy.record.wins(over: record)
            else { return }
            guard isGenuine(copy.record, members) else {
                // The winner's owner may not have reached our directory yet.
                let delay = random.jitter(around: StoreLimits.recheckInterval)
                change(key) { $0.recheck(by: now + delay) }
                return
            }
            lose(key, to: copy.record, now: now, effects: &effects)
        case .newer:
            guard let record = refusal.copy?.record, record.owner == own, let lease = leases[key],
                record.sequence >= lease.sequence, record.sequence < StoreLimits.counter, isGenuine(record, members)
            else { return }
            change(key) { $0.sequence = record.sequence }
            renewRecord(key, now: now, members: members, effects: &effects)
        case .promised, .undecided, .notPromised, .lowEpoch, .notResponsible, .quota, .full, .tooManyRecords, .expired:
            change(key) { $0.targets[index].answer = .refused(refusal.reason) }
        }
    }

    private mutating func lose(
        _ key: StoreKey, to winner: StoreRecord, now: Instant, effects: inout StoreEffects
    ) {
        guard let lease = leases[key] else { return }
        beginRelease(of: lease, now: now, effects: &effects)
        change(key) { lease in
            lease.stopTimers()
            lease.phase = .lost(winner)
            lease.token = nil
            lease.heldUntil = nil
        }
        effects.append(.lost(key, winner: winner))
        if let token = lease.token { effects.append(.completed(token: token, .owned(by: winner))) }
        effects.append(.leaseChanged(key))
    }
}
