package import NetworkTypes

/// What a store node wants done, in order. One `StoreEffects` is reused; whoever embeds the node drains it after each
/// input.
package struct StoreEffects: ~Copyable {
    /// One order.
    package enum Effect: Equatable, Sendable {
        /// Send a store message to this member, by whatever way leads there. It may be lost, doubled and late.
        case send(to: NodeAddress, bytes: [UInt8])
        /// What became of the operation that was given this token.
        case completed(token: UInt64, StoreOutcome)
        /// We held the key, and another site's record wins: stop using it.
        case lost(StoreKey, winner: StoreRecord)
        /// A lease or value of our own has another state, or is gone: ask `lease(_:now:)`, and remember what it says
        /// for the next start.
        case leaseChanged(StoreKey)
        case notice(StoreNotice)
    }

    package private(set) var list: [Effect] = []

    package init() {
        list.reserveCapacity(32)
    }

    /// Adds an order behind the others.
    package mutating func append(_ effect: Effect) { list.append(effect) }

    /// Forgets what has been carried out.
    package mutating func removeAll() { list.removeAll(keepingCapacity: list.count <= 64) }
}

/// How an operation ended.
package enum StoreOutcome: Equatable, Sendable {
    /// The lease is ours: a majority of the replicas holds this record.
    case created(StoreRecord)
    /// The value stands: a majority of the replicas holds this record.
    case stored(StoreRecord)
    /// Another site has the key.
    case owned(by: StoreRecord)
    /// What stands under a key. `isCertain` when a majority of the replicas answered.
    case read([StoreRecord], isCertain: Bool)
    /// Not begun, or called off.
    case refused(StoreRefusal)
}

/// Why an operation was not even begun, or called off by its own side.
package enum StoreRefusal: Equatable, Sendable {
    case badName
    case valueTooLong
    case badLifetime
    case tooManyOperations
    /// The same key is being created already.
    case alreadyUnderWay
    /// Released before it had come to an end.
    case released
}

/// Something that a log or an assertion may want to know.
package enum StoreNotice: Equatable, Sendable {
    /// A message was dropped before it touched any state.
    case dropped(StoreFault)
    /// As a replica, we did not take an owner's record.
    case refused(owner: NodeAddress, StoreKey, StoreRefusalReason)
}

/// Why a message is dropped.
package enum StoreFault: Int, CaseIterable, Sendable {
    case malformed
    /// Meant for somebody else, or from ourselves.
    case misdirected
    /// The sender is no member.
    case unknownSender
    case badSignature
    /// The message is its sender's, but the record in it is not by its owner, or names another site than the owner's.
    case badRecord
}

/// Why a replica does not take a record. The raw value is the wire's.
package enum StoreRefusalReason: UInt8, Sendable, CaseIterable {
    /// Promised to another site's creator for a moment.
    case promised = 1
    /// Another site's creator has committed, and does not say yet that it has a majority.
    case undecided = 2
    /// Another site's record wins.
    case held = 3
    /// The replica has a newer record of the same owner.
    case newer = 4
    /// A commit without a promise.
    case notPromised = 5
    /// A commit with an epoch that is not above what the replica has voted.
    case lowEpoch = 6
    /// By the replica's directory, enough others are nearer to the key's place.
    case notResponsible = 7
    /// The owner has too many records at this replica.
    case quota = 8
    /// The replica has no room.
    case full = 9
    /// The shared key has as many records as it may.
    case tooManyRecords = 10
    /// Older than its lifetime.
    case expired = 11
}

/// When `handleTimeout` wants to be called next, and what for.
package struct StoreWakeup: Equatable, Sendable {
    /// In the order in which what is due at the same time is handled.
    package enum Reason: Int, CaseIterable, Sendable {
        case leases
        case releases
        case reads
        case sweep
    }

    package var deadline: Instant
    package var reason: Reason

    package init(deadline: Instant, reason: Reason) {
        self.deadline = deadline
        self.reason = reason
    }
}

/// One optional deadline for each reason.
struct StoreTimers {
    /// Made once: the order in which what is due at the same time is handled.
    static let reasons = StoreWakeup.Reason.allCases

    private var deadlines = [Instant?](repeating: nil, count: StoreTimers.reasons.count)
    private(set) var next: StoreWakeup?

    func deadline(_ reason: StoreWakeup.Reason) -> Instant? { deadlines[reason.rawValue] }

    mutating func set(_ reason: StoreWakeup.Reason, _ deadline: Instant?) {
        deadlines[reason.rawValue] = deadline
        next = nil
        for reason in Self.reasons {
            guard let deadline = deadlines[reason.rawValue] else { continue }
            if let earliest = next, earliest.deadline <= deadline { continue }
            next = StoreWakeup(deadline: deadline, reason: reason)
        }
    }

    /// Brings the deadline forward to `deadline`; never puts it off.
    mutating func advance(_ reason: StoreWakeup.Reason, to deadline: Instant) {
        if let current = self.deadline(reason), current <= deadline { return }
        set(reason, deadline)
    }
}
