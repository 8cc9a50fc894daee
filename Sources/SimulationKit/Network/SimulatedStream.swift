import NetworkTypes

/// A TLS connection between two hosts: in order and without loss, as long as both ends can reach each other.
struct SimulatedStream {
    /// One end of it.
    struct End {
        /// The host there.
        let handle: Int
        /// As that host numbers it.
        let number: UInt64
        /// Where that host sees the other end.
        let remote: Endpoint
        /// When the last datagram to this end arrives: later ones do not overtake it.
        var lastArrival: UInt64 = 0
    }

    /// Who opened it, and who accepted it.
    var ends: [End]
    /// Something could not be delivered: both ends will hear of it.
    var isBroken = false

    /// What TCP, TLS and the frame's length add to a datagram: 20 + 32 + 22 + 2 bytes.
    static let headerByteCount = 76
    /// How long a connection may take to be made, and how long what was sent may stay unacknowledged.
    static let timeout: Duration = .seconds(10)
}

/// A stream as one host knows it: look-ups only.
struct StreamKey: Hashable {
    let handle: Int
    let number: UInt64
}

/// One end of a stream, by its place among all streams: one word for the event queue.
struct StreamEnd: Equatable {
    let stream: Int
    /// 0 is who opened it.
    let end: Int

    init(stream: Int, end: Int) {
        self.stream = stream
        self.end = end
    }

    init(subject: Int) { self.init(stream: subject >> 1, end: subject & 1) }

    var subject: Int { stream << 1 | end }
    var other: StreamEnd { StreamEnd(stream: stream, end: 1 - end) }
}
