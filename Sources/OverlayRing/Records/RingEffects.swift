package import NetworkTypes

/// What a ring node wants done, in order. One `RingEffects` is reused; whoever embeds the node drains it after each
/// input.
package struct RingEffects: ~Copyable {
    /// One order.
    package enum Effect: Equatable, Sendable {
        /// Send a ring message over the link with this member.
        case send(to: NodeAddress, bytes: [UInt8])
        /// Make a session with this member; `linkUp` or `connectFailed` tells what became of it.
        case connect(RingContact, purposes: RingPurposes)
        /// Dial so many of the configured bootstrap endpoints, another choice each time: nobody knows their addresses
        /// on the ring; `linkUp` tells who answered.
        case connectBootstrap(count: Int)
        /// The ring needs this link no more: the session may end unless something else holds it.
        case disconnect(NodeAddress)
        /// A packet for this member.
        case deliver(RoutedPacket)
        /// A packet that ends here because no link leads on.
        case undeliverable(RoutedPacket, UndeliverableReason)
        case notice(RingNotice)
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

/// Why a packet ended before its destination.
package enum UndeliverableReason: UInt8, Sendable {
    /// No member on any link is nearer, and the way round has been tried.
    case noRoute
    case hopLimit
    case payloadTooLong
}

/// Something that a log or an assertion may want to know.
package enum RingNotice: Equatable, Sendable {
    /// The node has its neighbours and takes part in routing.
    case joined
    /// The near links have changed.
    case neighboursChanged
    /// All near links are gone.
    case isolated
    case malformedMessage(from: NodeAddress)
}

/// When `handleTimeout` wants to be called next, and what for.
package struct RingWakeup: Equatable, Sendable {
    /// In the order in which what is due at the same time is handled.
    package enum Reason: Int, CaseIterable, Sendable {
        case attempts
        case joining
        case stabilise
        case far
        case trim
        case lostMembers
        case bootstrap
        /// Last, because the others change what is to be told.
        case status
    }

    package var deadline: Instant
    package var reason: Reason

    package init(deadline: Instant, reason: Reason) {
        self.deadline = deadline
        self.reason = reason
    }
}

/// One optional deadline for each reason.
struct RingTimers {
    /// Made once: the order in which what is due at the same time is handled.
    static let reasons = RingWakeup.Reason.allCases

    /// What stands for no deadline.
    private static let never = UInt64.max

    /// In nanoseconds, by reason; without an allocation, because every member has one.
    private var deadlines = InlineArray<8, UInt64>(repeating: never)
    private var earliest: UInt8 = 0

    init() {
        precondition(Self.reasons.count == deadlines.count, "one deadline for each reason")
    }

    /// The earliest deadline; of equal ones that whose reason comes first.
    var next: RingWakeup? {
        guard deadlines[Int(earliest)] != Self.never else { return nil }
        return RingWakeup(
            deadline: Instant(nanoseconds: deadlines[Int(earliest)]), reason: Self.reasons[Int(earliest)])
    }

    func deadline(_ reason: RingWakeup.Reason) -> Instant? {
        let nanoseconds = deadlines[reason.rawValue]
        return nanoseconds == Self.never ? nil : Instant(nanoseconds: nanoseconds)
    }

    mutating func set(_ reason: RingWakeup.Reason, _ deadline: Instant?) {
        deadlines[reason.rawValue] = deadline?.nanoseconds ?? Self.never
        var first = 0
        for index in deadlines.indices where deadlines[index] < deadlines[first] { first = index }
        earliest = UInt8(first)
    }

    /// Brings the deadline forward to `deadline`; never puts it off.
    mutating func advance(_ reason: RingWakeup.Reason, to deadline: Instant) {
        if let current = self.deadline(reason), current <= deadline { return }
        set(reason, deadline)
    }
}
