package import NetworkTypes

/// A live session with a member, as the ring sees it. Laid out to be small: a member has some twenty.
package struct RingLink: Sendable {
    package var contact: RingContact
    /// The other end's neighbours, as it told us.
    var heard: HeardNeighbours?
    /// What we keep it for.
    package var purposes: RingPurposes = []
    /// What the other end keeps it for, as it told us.
    package var theirPurposes: RingPurposes = []
    /// Whether packets may be routed through the other end: it has said so.
    package var isRoutable = false
    /// Whether its session has reason to think that the other end is gone.
    package internal(set) var isSuspected = false
    /// What has changed since the last status that we sent must be told.
    var owesStatus = true
    /// How often the interval between repetitions of a status has doubled.
    var repeatDoublings: UInt8 = 0
    /// The newest status that came, and the newest that we sent.
    var heardVersion: UInt32 = 0
    var sentVersion: UInt32 = 0
    /// The last measured round trip; 0 when there is none.
    private var roundTripMicroseconds: UInt32 = 0
    package let since: Instant
    /// When traffic last asked for it.
    var lastTraffic: Instant
    /// When the last status is repeated; `nil` when it has been answered.
    var repeatAt: Instant?
    /// Since when neither end has a purpose.
    var purposelessSince: Instant?

    init(contact: RingContact, now: Instant) {
        self.contact = contact
        since = now
        lastTraffic = now
        purposelessSince = now
    }

    /// The other end's neighbours, as it told us; `nil` when it does not.
    package var neighbours: NeighbourLists? { heard?.lists }

    /// The last measured round trip, in whole microseconds.
    package var roundTrip: Duration? {
        get { roundTripMicroseconds == 0 ? nil : .microseconds(Int64(roundTripMicroseconds)) }
        set { roundTripMicroseconds = newValue.map { UInt32(clamping: max(1, $0.wholeMicroseconds)) } ?? 0 }
    }

    /// How long an answer to a status is waited for.
    var repeatInterval: Duration {
        min(RingLimits.statusRepeat * (1 << Int(repeatDoublings)), RingLimits.statusRepeatLimit)
    }

    /// The other end.
    package var node: NodeAddress { contact.node }
    /// Whether either end holds the other for a ring neighbour.
    package var isNear: Bool { purposes.contains(.near) || theirPurposes.contains(.near) }
}

/// A session that is being made, or that could not be made.
struct RingAttempt {
    var contact: RingContact
    /// What we want it for; empty when only the other end wants it.
    var purposes: RingPurposes
    /// Failures in a row, this attempt not counted.
    var failures = 0
    /// While connecting: when it is given up. While blocked: when it may be tried again.
    var until: Instant
    var isConnecting: Bool
}

/// A contact somebody told us, which may be a neighbour of ours.
struct RingHint {
    var contact: RingContact
    /// A link over which requests reach it.
    var through: NodeAddress?
    var expires: Instant
}

/// A request whose answer is waited for.
struct OutstandingRequest {
    var token: UInt32
    var purposes: RingPurposes
    /// The link that it went out by.
    var through: NodeAddress?
    var expires: Instant
}

/// A far link, and sometimes a rival that may take its place.
struct FarSlot {
    var node: NodeAddress?
    var rival: NodeAddress?
    /// The request that looks for a link or a rival.
    var token: UInt32?
    /// When the next request may go out, or when the rival's time is over.
    var nextAction: Instant
    var retryInterval = RingLimits.farInterval
    var rivalInterval = RingLimits.rivalInterval
}

/// Traffic to one destination.
struct TrafficCount {
    var byteCount: UInt64
    var counted: Instant
}

/// A member that was linked and vanished.
struct LostMember {
    var contact: RingContact
    var nextTry: Instant
    var interval: Duration
}
