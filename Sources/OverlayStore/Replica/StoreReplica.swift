import NetworkTypes
import OrderedCollections

/// What a member keeps for others: records and promises by key.
///
/// It knows nothing of directories and signatures: whoever calls has checked both. Time is its own; a record expires by
/// the age it came with and the time it has been here.
struct StoreReplica: Sendable {
    private(set) var slots: OrderedDictionary<StoreKey, ReplicaSlot> = [:]
    /// The replica's Lamport time: above every epoch it has voted or taken.
    private(set) var clock: UInt64 = 0
    /// Records and promises of each owner.
    private(set) var countByOwner: OrderedDictionary<NodeAddress, Int> = [:]
    private(set) var byteCount = 0
    private(set) var promiseCount = 0

    /// A message for somebody.
    struct Reply: Equatable {
        var receiver: NodeAddress
        var message: StoreMessage
    }

    /// Sets the Lamport time at or above what somebody else tells. One word cannot move it to its end.
    mutating func learn(clock other: UInt64) {
        clock = max(clock, min(other, clock + 1 << 32, StoreLimits.counter))
    }

    /// Goes on from the Lamport time of an earlier life.
    mutating func resume(clock earlier: UInt64) {
        clock = max(clock, min(earlier, StoreLimits.counter))
    }

    /// A creator asks for a promise.
    mutating func propose(
        identifier: UInt64, key: StoreKey, owner: NodeAddress, holder: String, clock: UInt64, now: Instant
    ) -> StoreMessage {
        learn(clock: clock)
        var slot = open(key, now: now)
        defer { close(slot, key) }
        if let rival = slot.rival(of: holder) { return Self.refusal(identifier, key, rival, now: now) }
        if let lowest = slot.shield(against: holder, now: now), lowest <= owner {
            return .refusal(identifier: identifier, key, .promised, by: lowest, copy: nil)
        }
        var promise: StorePromise
        if let index = slot.promises.firstIndex(where: { $0.owner == owner && $0.identifier == identifier }) {
            promise = slot.promises[index]
        } else {
            let isNew = !slot.concerns(owner)
            if isNew, let reason = lackOfRoom(for: owner, key: key, byteCount: 0) {
                return .refusal(identifier: identifier, key, reason, by: nil, copy: nil)
            }
            if promiseCount >= StoreLimits.promises {
                return .refusal(identifier: identifier, key, .full, by: nil, copy: nil)
            }
            self.clock = min(self.clock + 1, StoreLimits.counter)
            promise = StorePromise(
                owner: owner, holder: holder, identifier: identifier, epoch: self.clock, shieldedUntil: now,
                forgottenAt: now)
        }
        promise.shieldedUntil = now + StoreLimits.promiseShield
        promise.forgottenAt = now + StoreLimits.promiseMemory
        remove(from: &slot) { $0.owner == owner || $0.holder != holder }
        add(promise, to: &slot)
        return .vote(
            identifier: identifier, key, epoch: promise.epoch, attached: slot.attachment(for: owner, now: now))
    }

    /// A creator that was promised hands over its tentative record.
    mutating func commit(identifier: UInt64, _ copy: StoreCopy, now: Instant) -> StoreMessage {
        let record = copy.record
        let key = record.key
        var slot = open(key, now: now)
        defer { close(slot, key) }
        if let entry = slot.entry(of: record.owner), entry.record.sequence >= record.sequence {
            guard entry.record != record else {
                return .stored(identifier: identifier, key, sequence: record.sequence)
            }
            return .refusal(identifier: identifier, key, .newer, by: record.owner, copy: entry.copy(now: now))
        }
        if let rival = slot.rival(of: record.holder) { return Self.refusal(identifier, key, rival, now: now) }
        if let lowest = slot.shield(against: record.holder, now: now) {
            return .refusal(identifier: identifier, key, .promised, by: lowest, copy: nil)
        }
        guard let promise = slot.promises.first(where: { $0.owner == record.owner && $0.identifier == identifier })
        else { return .refusal(identifier: identifier, key, .notPromised, by: nil, copy: nil) }
        guard record.epoch > promise.epoch || record.epoch == StoreLimits.counter else {
            return .refusal(identifier: identifier, key, .lowEpoch, by: nil, copy: nil)
        }
        guard let left = copy.left else {
            return .refusal(identifier: identifier, key, .expired, by: nil, copy: nil)
        }
        let entry = StoreEntry(record: record, expires: now + left, identifier: identifier)
        if slot.liveCount(except: record) >= StoreLimits.recordsPerKey {
            return .refusal(identifier: identifier, key, .tooManyRecords, by: nil, copy: nil)
        }
        if byteCount - (slot.entry(of: record.owner)?.byteCount ?? 0) + entry.byteCount
            > StoreLimits.replicaByteCount
        {
            return .refusal(identifier: identifier, key, .full, by: nil, copy: nil)
        }
        remove(from: &slot) { $0.owner == record.owner }
        put(entry, into: &slot)
        learn(clock: record.epoch)
        return .stored(identifier: identifier, key, sequence: record.sequence)
    }

    /// A creator takes back a proposal. What it has confirmed stays.
    mutating func withdraw(identifier: UInt64, key: StoreKey, owner: NodeAddress, now: Instant) {
        guard slots[key] != nil else { return }
        var slot = open(key, now: now)
        remove(from: &slot) { $0.owner == owner && $0.identifier == identifier }
        removeEntries(from: &slot) {
            $0.record.owner == owner && $0.record.state == .tentative && $0.identifier == identifier
        }
        close(slot, key)
    }

    /// What stands under a key, releases too.
    mutating func entries(of key: StoreKey, now: Instant) -> [StoreCopy] {
        guard slots[key] != nil else { return [] }
        let slot = open(key, now: now)
        close(slot, key)
        return slot.entries.map { $0.copy(now: now) }
    }

    /// Drops all that an owner has here.
    mutating func forget(_ owner: NodeAddress, now: Instant) {
        guard countByOwner[owner] != nil else { return }
        for key in Array(slots.keys) {
            var slot = open(key, now: now)
            remove(from: &slot) { $0.owner == owner }
            removeEntries(from: &slot) { $0.record.owner == owner }
            close(slot, key)
        }
    }

    /// Drops what has expired. Tells when the next record or promise does.
    mutating func sweep(now: Instant) -> Instant? {
        var next: Instant?
        var void: [StoreKey] = []
        for (key, slot) in slots {
            for entry in slot.entries {
                next = min(next ?? entry.expires, entry.expires)
                if entry.expires <= now { void.append(key) }
            }
            for promise in slot.promises {
                next = min(next ?? promise.forgottenAt, promise.forgottenAt)
                if promise.forgottenAt <= now { void.append(key) }
            }
        }
        for key in void where slots[key] != nil { close(open(key, now: now), key) }
        return next
    }

    static func refusal(_ identifier: UInt64, _ key: StoreKey, _ rival: StoreEntry, now: Instant) -> StoreMessage {
        .refusal(
            identifier: identifier, key, rival.record.state == .confirmed ? .held : .undecided, by: rival.record.owner,
            copy: rival.copy(now: now))
    }
}

// Slots, and the counts that go with them.
extension StoreReplica {
    /// The key's slot without what has expired; it goes back with `close`.
    mutating func open(_ key: StoreKey, now: Instant) -> ReplicaSlot {
        var slot = slots[key] ?? ReplicaSlot()
        remove(from: &slot) { $0.forgottenAt <= now }
        removeEntries(from: &slot) { $0.expires <= now }
        return slot
    }

    mutating func close(_ slot: ReplicaSlot, _ key: StoreKey) {
        if !slot.entries.isEmpty || !slot.promises.isEmpty {
            slots[key] = slot
        } else if slots[key] != nil {
            slots.removeValue(forKey: key)
        }
    }

    /// Why a record of `byteCount` more bytes cannot be taken, of an owner who has nothing under the key yet.
    func lackOfRoom(for owner: NodeAddress, key: StoreKey, byteCount more: Int) -> StoreRefusalReason? {
        if countByOwner[owner, default: 0] >= StoreLimits.recordsPerOwner { return .quota }
        if slots[key] == nil, slots.count >= StoreLimits.replicaKeys { return .full }
        return byteCount + more > StoreLimits.replicaByteCount ? .full : nil
    }

    mutating func add(_ promise: StorePromise, to slot: inout ReplicaSlot) {
        slot.promises.append(promise)
        promiseCount += 1
        countByOwner[promise.owner, default: 0] += 1
    }

    mutating func remove(from slot: inout ReplicaSlot, where isGone: (StorePromise) -> Bool) {
        for promise in slot.promises where isGone(promise) {
            promiseCount -= 1
            uncount(promise.owner)
        }
        slot.promises.removeAll(where: isGone)
    }

    /// Puts an entry in the place of its owner's older one.
    mutating func put(_ entry: StoreEntry, into slot: inout ReplicaSlot) {
        removeEntries(from: &slot) { $0.record.owner == entry.record.owner }
        slot.entries.append(entry)
        byteCount += entry.byteCount
        countByOwner[entry.record.owner, default: 0] += 1
    }

    mutating func removeEntries(from slot: inout ReplicaSlot, where isGone: (StoreEntry) -> Bool) {
        for entry in slot.entries where isGone(entry) {
            byteCount -= entry.byteCount
            uncount(entry.record.owner)
        }
        slot.entries.removeAll(where: isGone)
    }

    private mutating func uncount(_ owner: NodeAddress) {
        let count = countByOwner[owner, default: 0] - 1
        countByOwner[owner] = count > 0 ? count : nil
    }
}
