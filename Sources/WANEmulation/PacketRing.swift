import NetworkTypes

/// A packet on a line.
struct TravellingPacket: Sendable {
    var slot: Int32
    var byteCount: Int32
    var copies: Int
    var isTraffic: Bool
    /// When the rate has let it through.
    var sent: Instant
    var departure: Instant
}

/// Packets in the order in which they leave, in a row of places used over and over: nothing is allocated after it is
/// made.
struct PacketRing: Sendable {
    private var places: [TravellingPacket]
    private var start = 0
    private(set) var count = 0
    /// How many of the last ones the rate has not let through, as of the last `markSent`.
    private(set) var waiting = 0

    init(capacity: Int) {
        let never = Instant(nanoseconds: 0)
        places = Array(
            repeating: TravellingPacket(
                slot: -1, byteCount: 0, copies: 0, isTraffic: false, sent: never, departure: never),
            count: capacity)
    }

    var first: TravellingPacket? { count == 0 ? nil : places[start] }

    mutating func append(_ packet: TravellingPacket) {
        precondition(count < places.count, "a line refuses packets before its ring is full")
        places[(start + count) % places.count] = packet
        count += 1
        waiting += 1
    }

    mutating func removeFirst() {
        precondition(count > 0, "only a packet that is there leaves")
        start = (start + 1) % places.count
        count -= 1
        waiting = min(waiting, count)
    }

    /// Takes note of which packets the rate has let through by now. They are let through in their order.
    mutating func markSent(_ now: Instant) {
        while waiting > 0, places[(start + count - waiting) % places.count].sent <= now { waiting -= 1 }
    }
}
