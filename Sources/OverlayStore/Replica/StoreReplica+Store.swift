import NetworkTypes

// Confirmed records and releases.
extension StoreReplica {
    /// Somebody hands over a confirmed record or a release. Of records that conflict only the winner stays, and the
    /// losers' owners are told.
    mutating func store(
        identifier: UInt64, _ copy: StoreCopy, from sender: NodeAddress, now: Instant
    ) -> [Reply] {
        let record = copy.record
        let key = record.key
        func refuse(_ reason: StoreRefusalReason, _ other: StoreCopy? = nil) -> [Reply] {
            let by = other?.record.owner
            return [
                Reply(
                    receiver: sender,
                    message: .refusal(identifier: identifier, key, reason, by: by, copy: other))
            ]
        }
        let stored = StoreMessage.stored(identifier: identifier, key, sequence: record.sequence)
        guard record.state != .tentative, let left = copy.left else { return refuse(.expired) }
        var slot = open(key, now: now)
        defer { close(slot, key) }
        if let entry = slot.entry(of: record.owner), entry.record.sequence >= record.sequence {
            guard entry.record != record else { return [Reply(receiver: sender, message: stored)] }
            return refuse(.newer, entry.copy(now: now))
        }
        let displaced = record.state == .confirmed ? slot.entries.filter { $0.record.conflicts(with: record) } : []
        let winner = displaced.filter { $0.record.state == .confirmed }.min { $0.record.wins(over: $1.record) }
        if let winner, winner.record.wins(over: record) { return refuse(.held, winner.copy(now: now)) }
        let entry = StoreEntry(record: record, expires: now + left, identifier: 0)
        if let reason = lackOfRoom(for: entry, in: slot) { return refuse(reason) }

        removeEntries(from: &slot) { $0.record.conflicts(with: record) }
        // What is confirmed needs no promise, and promises to others are void beside it.
        remove(from: &slot) { $0.owner == record.owner || record.state == .confirmed && $0.holder != record.holder }
        put(entry, into: &slot)
        limitReleases(in: &slot)
        learn(clock: record.epoch)
        var replies = [Reply(receiver: sender, message: stored)]
        if sender != record.owner {
            let message = StoreMessage.stored(identifier: 0, key, sequence: record.sequence)
            replies.append(Reply(receiver: record.owner, message: message))
        }
        for loser in displaced {
            let message = Self.refusal(0, key, entry, now: now)
            replies.append(Reply(receiver: loser.record.owner, message: message))
        }
        return replies
    }

    private func lackOfRoom(for entry: StoreEntry, in slot: ReplicaSlot) -> StoreRefusalReason? {
        let record = entry.record
        let old = slot.entry(of: record.owner)
        if !slot.concerns(record.owner),
            let reason = lackOfRoom(for: record.owner, key: record.key, byteCount: entry.byteCount)
        {
            return reason
        }
        if byteCount - (old?.byteCount ?? 0) + entry.byteCount > StoreLimits.replicaByteCount { return .full }
        guard record.state != .released else { return nil }
        return slot.liveCount(except: record) >= StoreLimits.recordsPerKey ? .tooManyRecords : nil
    }

    private mutating func limitReleases(in slot: inout ReplicaSlot) {
        let releases = slot.entries.filter { $0.record.state == .released }
        guard releases.count > StoreLimits.releasesPerKey, let oldest = releases.first else { return }
        removeEntries(from: &slot) { $0 == oldest }
    }
}
