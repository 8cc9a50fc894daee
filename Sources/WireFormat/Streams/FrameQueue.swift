package import NetworkTypes

/// Datagrams that wait for room on a stream. TCP takes no more than the network does, so what waits grows old: the
/// oldest data is dropped first, as a router does, and nothing is sent that has waited too long. Handshakes and control
/// messages overtake data.
package struct FrameQueue {
    /// Bytes of data that wait: about 180 datagrams of full size, a window of 40 ms at 50 Mbit/s.
    package static let dataByteLimit = 256 * 1_024
    /// The same of handshakes and control messages.
    package static let urgentByteLimit = 128 * 1_024
    /// Data that has waited longer is of no use to anybody: TCP inside has sent it again.
    package static let dataAgeLimit: Duration = .milliseconds(500)

    private var urgent = Lane(byteLimit: Self.urgentByteLimit)
    private var data = Lane(byteLimit: Self.dataByteLimit)
    /// Datagrams that were dropped.
    package private(set) var dropCount: UInt64 = 0

    package init() {}

    /// Whether nothing waits.
    package var isEmpty: Bool { urgent.isEmpty && data.isEmpty }
    /// Bytes that wait.
    package var byteCount: Int { urgent.byteCount + data.byteCount }

    /// Puts a datagram in, and drops older ones for it if need be.
    package mutating func add(_ datagram: UnsafeRawBufferPointer, now: Instant) {
        guard let first = datagram.first, datagram.count <= StreamFrames.datagramByteCount else {
            dropCount += 1
            return
        }
        if Self.isUrgent(first) {
            dropCount += urgent.add(datagram, now: now)
        } else {
            dropCount += data.add(datagram, now: now)
        }
    }

    /// Moves datagrams as frames to the end of `stream`, as many as keep it within `limit` bytes, or one.
    package mutating func take(into stream: inout [UInt8], limit: Int, now: Instant) {
        while let next = urgent.first, fits(next.bytes, stream, limit) { move(&urgent, &stream) }
        while let next = data.first {
            if now - next.queued > Self.dataAgeLimit {
                data.removeFirst()
                dropCount += 1
                continue
            }
            guard urgent.isEmpty, fits(next.bytes, stream, limit) else { return }
            move(&data, &stream)
        }
    }

    private func fits(_ datagram: [UInt8], _ stream: [UInt8], _ limit: Int) -> Bool {
        stream.isEmpty || stream.count + StreamFrames.headerByteCount + datagram.count <= limit
    }

    private func move(_ lane: inout Lane, _ stream: inout [UInt8]) {
        lane.first?.bytes.withUnsafeBytes { StreamFrames.append($0, to: &stream) }
        lane.removeFirst()
    }

    /// DTLS records (RFC 7983) and sealed control messages; everything else is data, or may be.
    private static func isUrgent(_ first: UInt8) -> Bool {
        20...63 ~= first || first == SealedType.control.rawValue
    }

    /// Datagrams of one kind, oldest first.
    private struct Lane {
        let byteLimit: Int
        private(set) var byteCount = 0
        /// Those before `start` have gone; they are cleared away together.
        private var entries: [(bytes: [UInt8], queued: Instant)] = []
        private var start = 0

        init(byteLimit: Int) { self.byteLimit = byteLimit }

        var isEmpty: Bool { start == entries.count }
        var first: (bytes: [UInt8], queued: Instant)? { isEmpty ? nil : entries[start] }

        /// Returns how many older ones were dropped for it.
        mutating func add(_ datagram: UnsafeRawBufferPointer, now: Instant) -> UInt64 {
            var dropped: UInt64 = 0
            while !isEmpty, byteCount + datagram.count > byteLimit {
                removeFirst()
                dropped += 1
            }
            entries.append((Array(datagram), now))
            byteCount += datagram.count
            return dropped
        }

        mutating func removeFirst() {
            byteCount -= entries[start].bytes.count
            entries[start].bytes = []
            start += 1
            guard start == entries.count || start >= 256 else { return }
            entries.removeFirst(start)
            start = 0
        }
    }
}
