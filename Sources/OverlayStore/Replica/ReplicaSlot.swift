import NetworkTypes

/// A record at a replica.
struct StoreEntry: Equatable, Sendable {
    var record: StoreRecord
    var expires: Instant
    /// Of the proposal that a tentative record came by; 0 for others.
    var identifier: UInt64

    /// What it counts against the replica's bytes.
    var byteCount: Int {
        record.value.count + record.holder.utf8.count + record.key.name.utf8.count
            + StoreLimits.recordOverheadByteCount
    }

    /// The record as it is handed on: its age is rounded up, so that no copy outlives the record it was made of.
    func copy(now: Instant) -> StoreCopy {
        let left = UInt32(clamping: max(0, (expires - now).components.seconds))
        let lifetime = record.lifetimeSeconds
        return StoreCopy(record: record, ageSeconds: lifetime - min(left, lifetime))
    }
}

/// A replica's word that nobody else is promised the key for a while.
struct StorePromise: Equatable, Sendable {
    var owner: NodeAddress
    var holder: String
    var identifier: UInt64
    /// The replica's Lamport time when it was given.
    var epoch: UInt64
    var shieldedUntil: Instant
    var forgottenAt: Instant
}

/// All that a replica has under one key. The promises are all for one site.
struct ReplicaSlot: Equatable, Sendable {
    var entries: [StoreEntry] = []
    var promises: [StorePromise] = []

    func entry(of owner: NodeAddress) -> StoreEntry? { entries.first { $0.record.owner == owner } }

    /// Records that would stand beside `record`.
    func liveCount(except record: StoreRecord) -> Int {
        entries.count {
            $0.record.state != .released && $0.record.owner != record.owner && !$0.record.conflicts(with: record)
        }
    }

    /// Whether an owner has a record or a promise here.
    func concerns(_ owner: NodeAddress) -> Bool {
        entries.contains { $0.record.owner == owner } || promises.contains { $0.owner == owner }
    }

    /// The record that keeps `holder` out: a confirmed one before a tentative one, the winner before others.
    func rival(of holder: String) -> StoreEntry? {
        let rivals = entries.filter {
            $0.record.key.kind == .exclusive && $0.record.holder != holder && $0.record.state != .released
        }
        let confirmed = rivals.filter { $0.record.state == .confirmed }
        return (confirmed.isEmpty ? rivals : confirmed).min { $0.record.wins(over: $1.record) }
    }

    /// The lowest of the other sites' creators that are still shielded.
    func shield(against holder: String, now: Instant) -> NodeAddress? {
        promises.filter { $0.holder != holder && $0.shieldedUntil > now }.map(\.owner).min()
    }

    /// What a creator should know with the promise: what there is of its own, or the last release of another, by which
    /// it can refute a stale copy elsewhere.
    func attachment(for owner: NodeAddress, now: Instant) -> StoreCopy? {
        let entry = entry(of: owner) ?? entries.last { $0.record.state == .released }
        return entry?.copy(now: now)
    }
}
