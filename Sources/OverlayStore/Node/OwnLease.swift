import NetworkTypes

/// A lease or value of our own, and the attempt or round under way for it.
struct OwnLease: Sendable {
    enum Phase: Equatable, Sendable {
        case waiting(StoreWaitReason)
        case proposing
        case committing
        /// Ours: stored, and stored again.
        case keeping
        case lost(StoreRecord)
    }

    let key: StoreKey
    var value: [UInt8]
    var lifetimeSeconds: UInt32
    /// Of the operation that waits for its end.
    var token: UInt64?
    var phase: Phase = .waiting(.notReady)
    /// What the last attempt failed of.
    var lastWait: StoreWaitReason?
    /// The replicas, nearest to the key's place first, and what they say to the attempt or round `identifier`.
    var targets: [StoreTarget] = []
    var identifier: UInt64 = 0
    var epoch: UInt64 = 0
    /// The highest that was used, or seen in a record that we signed.
    var sequence: UInt64 = 0
    /// The newest record, and when it was made.
    var record: StoreRecord?
    var madeAt = Instant(nanoseconds: 0)
    /// When a majority lets go of the newest record that a majority has.
    var heldUntil: Instant?
    var unconfirmedSince: Instant?
    var hasMajority = false
    var startedAt = Instant(nanoseconds: 0)
    /// When the attempt is given up.
    var deadline: Instant?
    var repeatAt: Instant?
    var repeatInterval: Duration = StoreLimits.repeatInterval
    var repeats = 0
    /// When a waiting create tries again.
    var retryAt: Instant?
    var renewAt: Instant?
    var recheckAt: Instant?
    /// Attempts that came to nothing, in a row.
    var failures = 0
    /// Whether a tentative record may be at some replica.
    var hasCommitted = false
    /// The longest lifetime of any record of it: a release must outlast them all.
    var longestLifetime: UInt32 = 0
    /// Releases of others that replicas told of: they refute stale copies.
    var refutations: [StoreCopy] = []

    init(key: StoreKey, value: [UInt8], lifetimeSeconds: UInt32, token: UInt64?) {
        self.key = key
        self.value = value
        self.lifetimeSeconds = lifetimeSeconds
        self.token = token
    }

    /// When something is due.
    var nextAt: Instant? {
        [deadline, repeatAt, retryAt, renewAt, recheckAt].reduce(nil) { earliest, instant in
            guard let instant else { return earliest }
            return earliest.map { min($0, instant) } ?? instant
        }
    }

    var majority: Int { targets.count / 2 + 1 }
    var storedCount: Int { targets.count { $0.answer == .stored } }
    var answeredCount: Int { targets.count { $0.answer != .silent } }

    func targetIndex(_ node: NodeAddress) -> Int? { targets.firstIndex { $0.node == node } }

    /// A copy of the newest record, as old as it is.
    func copy(now: Instant) -> StoreCopy? {
        record.map { StoreCopy(record: $0, ageSeconds: UInt32(clamping: max(0, (now - madeAt).components.seconds))) }
    }

    mutating func stopTimers() {
        deadline = nil
        repeatAt = nil
        retryAt = nil
        renewAt = nil
        recheckAt = nil
    }

    /// Has another look by `instant`, unless it looks before.
    mutating func recheck(by instant: Instant) {
        switch phase {
        case .waiting(.notReady), .proposing, .committing, .lost: break
        case .waiting:
            failures = 0
            retryAt = min(retryAt ?? instant, instant)
        case .keeping: recheckAt = min(recheckAt ?? instant, instant)
        }
    }

    /// A replica has forgotten what it had: it is asked again by `instant`.
    mutating func replicaReturned(_ index: Int, by instant: Instant) {
        switch phase {
        case .waiting, .proposing, .committing, .lost: recheck(by: instant)
        case .keeping:
            targets[index].answer = .silent
            hasMajority = storedCount >= majority
            repeats = 0
            repeatInterval = StoreLimits.storeInterval
            repeatAt = min(repeatAt ?? instant, instant)
        }
    }

    /// As status shows it.
    var view: StoreLease {
        let state: StoreLease.State
        switch phase {
        case .waiting(let reason): state = .waiting(reason)
        case .proposing, .committing: state = lastWait.map { .waiting($0) } ?? .creating
        case .keeping where heldUntil == nil && key.kind == .shared: state = lastWait.map { .waiting($0) } ?? .creating
        case .keeping: state = .held(unconfirmedSince: unconfirmedSince)
        case .lost(let winner): state = .lost(to: winner.holder, node: winner.owner)
        }
        return StoreLease(
            key: key, value: value, state: state, epoch: epoch, sequence: sequence, lifetimeSeconds: lifetimeSeconds,
            expires: heldUntil, replicas: targets.map(\.node), storedCount: storedCount)
    }
}

/// One replica, and what it says to the attempt or round under way.
struct StoreTarget: Equatable, Sendable {
    enum Answer: Equatable, Sendable {
        case silent
        case voted(epoch: UInt64)
        case stored
        /// Promised to another creator.
        case promised(to: NodeAddress)
        /// Another site's record, confirmed or not, is in the way.
        case rival(StoreCopy)
        case refused(StoreRefusalReason)
    }

    let node: NodeAddress
    var answer: Answer = .silent
    /// The epoch of a live confirmed record of our own that it has.
    var ownEpoch: UInt64?

    init(node: NodeAddress) {
        self.node = node
    }
}

/// A release of our own, kept for one lifetime of what was released.
struct OwnRelease: Sendable {
    var record: StoreRecord
    var madeAt: Instant
    var identifier: UInt64
    /// Replicas that have not answered.
    var missing: [NodeAddress]
    var repeatAt: Instant?
    var repeatInterval: Duration = StoreLimits.storeInterval
    var repeats = 0
    var forgetAt: Instant

    var nextAt: Instant { min(repeatAt ?? forgetAt, forgetAt) }

    func copy(now: Instant) -> StoreCopy {
        StoreCopy(record: record, ageSeconds: UInt32(clamping: max(0, (now - madeAt).components.seconds)))
    }
}
