package import NetworkTypes

/// One way from a site to the WAN: decides what becomes of each packet, and when.
///
///     enter -> lost
///           -> full                                     the queue before the rate, or the line
///           -> waits for the rate -> travels -> leaves  in the order in which they entered,
///                                                       but for those that are reordered
///
/// It knows packets by the number of the slot that holds their bytes. The same settings, seed and row of packets give
/// the same losses, copies and order, whenever the packets come: what concerns the order alone counts packets.
package struct EmulatedLine: Sendable {
    /// What has become of the packets so far.
    package private(set) var counters = LineCounters()
    /// What it does to them.
    package private(set) var settings: LineSettings
    private var random: SeededRandom
    /// When the last of those waiting for the rate will have been sent.
    private var rateIsFree = Instant(nanoseconds: 0)
    /// The departure of the last packet in `travelling`, before which none leaves that enters later.
    private var lastDeparture = Instant(nanoseconds: 0)
    private var travelling = PacketRing(capacity: LineLimits.packets)
    /// Those held back until others have overtaken them; at most `LineLimits.reorderedAtOnce`.
    private var held: [HeldPacket] = []

    /// A line with nothing on it.
    package init(_ settings: LineSettings, seed: UInt64) {
        self.settings = settings
        random = SeededRandom(seed: seed)
        held.reserveCapacity(LineLimits.reorderedAtOnce)
    }

    /// Does something else to the packets that enter from now on, with luck from a new seed or, without one, the old
    /// row of luck continued.
    package mutating func change(_ settings: LineSettings, seed: UInt64?) {
        self.settings = settings
        if let seed { random = SeededRandom(seed: seed) }
    }

    /// Puts a packet on the line. Unless it is taken, its slot is free again.
    ///
    /// - Parameter isTraffic: whether it can be lost, copied and reordered; what keeps the link itself going cannot.
    package mutating func enter(slot: Int32, byteCount: Int, isTraffic: Bool, now: Instant) -> LineEntry {
        var isReordered = false, isCopied = false, jitter = Duration.zero
        if isTraffic {
            counters.entered += 1
            // All are drawn for every packet, whatever the settings and the other draws.
            let isLost = settings.loss.happens(&random)
            isCopied = settings.duplicate.happens(&random)
            isReordered = settings.reorder.happens(&random)
            jitter = drawJitter()
            if isLost {
                counters.lost += 1
                return .lost
            }
        }
        travelling.markSent(now)
        guard travelling.count + held.count < LineLimits.packets,
            settings.rate == nil || travelling.waiting < settings.queue
        else {
            if isTraffic { counters.full += 1 }
            return .full
        }
        let sent = max(now, rateIsFree) + (settings.rate?.duration(byteCount: byteCount) ?? .zero)
        rateIsFree = sent
        let departure = max(sent + max(.zero, settings.delay + jitter), lastDeparture)
        let packet = TravellingPacket(
            slot: slot, byteCount: Int32(byteCount), copies: isCopied ? 2 : 1, isTraffic: isTraffic, sent: sent,
            departure: departure)
        if isCopied { counters.duplicated += 1 }
        if isReordered && held.count < LineLimits.reorderedAtOnce {
            counters.reordered += 1
            held.append(HeldPacket(packet: packet, remaining: LineLimits.reorderDistance))
            return .taken
        }
        lastDeparture = departure
        travelling.append(packet)
        if isTraffic { overtakeHeld() }
        return .taken
    }

    /// The next packet whose time has come; nil when there is none.
    package mutating func leave(now: Instant) -> LineDeparture? {
        let tired = held.first.map { $0.deadline <= now } ?? false
        // A packet that waits for others no longer goes behind all that are due.
        if let next = travelling.first, next.departure <= now {
            travelling.removeFirst()
            return departure(of: next)
        }
        return tired ? departure(of: held.removeFirst().packet) : nil
    }

    /// When `leave` has something next; nil while the line is empty.
    package var nextDeparture: Instant? {
        guard let deadline = held.first?.deadline else { return travelling.first?.departure }
        return travelling.first.map { min($0.departure, deadline) } ?? deadline
    }

    /// How many packets are on the line.
    package var packetCount: Int { travelling.count + held.count }

    /// From `-jitter` to `jitter`, evenly.
    private mutating func drawJitter() -> Duration {
        let jitter = settings.jitter.wholeNanoseconds
        return .nanoseconds(Int64(random.below(UInt64(2 * jitter + 1))) - jitter)
    }

    /// Lets the packet that has just entered overtake those held back; who has been overtaken often enough follows it.
    private mutating func overtakeHeld() {
        for index in held.indices { held[index].remaining -= 1 }
        while let first = held.first, first.remaining <= 0 {
            var packet = held.removeFirst().packet
            packet.departure = max(packet.departure, lastDeparture)
            lastDeparture = packet.departure
            travelling.append(packet)
        }
    }

    private mutating func departure(of packet: TravellingPacket) -> LineDeparture {
        if packet.isTraffic {
            counters.left += UInt64(packet.copies)
            counters.leftBytes += UInt64(packet.copies) * UInt64(packet.byteCount)
        }
        return LineDeparture(slot: packet.slot, copies: packet.copies)
    }
}

/// What becomes of a packet that enters a line.
package enum LineEntry: Equatable, Sendable {
    /// It will leave; its slot is in use until then.
    case taken
    /// Lost, as the settings have it.
    case lost
    /// Too many wait for the rate, or are on the line.
    case full
}

/// A packet that leaves a line: to be sent `copies` times, after which its slot is free.
package struct LineDeparture: Equatable, Sendable {
    package let slot: Int32
    package let copies: Int
}

/// How many packets something has happened to; what keeps the link itself going is not counted.
package struct LineCounters: Equatable, Sendable {
    /// All that came.
    package var entered: UInt64 = 0
    /// Dropped by chance.
    package var lost: UInt64 = 0
    /// Dropped because too many waited or travelled.
    package var full: UInt64 = 0
    /// Sent twice.
    package var duplicated: UInt64 = 0
    /// Held back until others had overtaken them.
    package var reordered: UInt64 = 0
    /// Sent, copies included.
    package var left: UInt64 = 0
    /// Bytes of those sent, Ethernet headers included.
    package var leftBytes: UInt64 = 0

    /// Nothing has happened.
    package init() {}
}

/// A packet held back, and how many are still to overtake it.
private struct HeldPacket: Sendable {
    let packet: TravellingPacket
    var remaining: Int
    /// When it goes although they have not.
    var deadline: Instant { packet.departure + LineLimits.reorderWait }
}
