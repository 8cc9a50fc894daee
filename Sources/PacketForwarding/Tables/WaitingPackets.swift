import NetworkTypes

/// Frames that wait until their peer has keys and a path: a ring of bytes, allocated once, the oldest gives way.
///
///     head                                  tail
///      | header | frame | header | frame ... |
///
/// Each record is contiguous; a record that would cross the end starts again at 0. Taken records stay as dead ones
/// until the head passes them.
final class WaitingPackets {
    private struct Header {
        /// `nil` when taken.
        var peer: UnsafeMutablePointer<PeerRecord>?
        var since: Instant
        var byteCount: Int
        /// Bytes of the whole record.
        var room: Int
    }

    private static let headerByteCount = MemoryLayout<Header>.stride

    private let arena: UnsafeMutableRawPointer
    private let capacity: Int
    private let tally: Tally
    private var head = 0
    private var tail = 0
    /// Records in the ring, dead ones and fillers too.
    private var recordCount = 0

    init(byteCount: Int, tally: Tally) {
        capacity = byteCount & ~15
        arena = .allocate(byteCount: max(capacity, 16), alignment: 16)
        self.tally = tally
    }

    deinit {
        arena.deallocate()
    }

    var isEmpty: Bool { recordCount == 0 }

    /// Keeps a copy of a frame. Makes room by dropping the oldest, first of the same peer when that has its share.
    func append(
        _ frame: UnsafeRawBufferPointer, peer: UnsafeMutablePointer<PeerRecord>, peerLimit: Int, now: Instant
    ) {
        let room = (Self.headerByteCount + frame.count + 15) & ~15
        guard room <= capacity, peerLimit > 0 else {
            tally.drop(.waitingOverflow)
            return
        }
        if peer.pointee.waitingPackets >= peerLimit, let oldest = first(of: peer) {
            kill(oldest)
            tally.drop(.waitingOverflow)
        }
        makeRoom(room)
        let record = arena + tail
        record.storeBytes(of: Header(peer: peer, since: now, byteCount: frame.count, room: room), as: Header.self)
        if let source = frame.baseAddress {
            (record + Self.headerByteCount).copyMemory(from: source, byteCount: frame.count)
        }
        tail += room
        recordCount += 1
        peer.pointee.waitingPackets += 1
    }

    /// Moves the oldest frame of a peer to `frame`, which has room for any. Returns its bytes' count.
    func take(of peer: UnsafeMutablePointer<PeerRecord>, to frame: UnsafeMutableRawPointer) -> Int? {
        guard peer.pointee.waitingPackets > 0, let record = first(of: peer) else { return nil }
        let byteCount = (arena + record).load(as: Header.self).byteCount
        frame.copyMemory(from: arena + record + Self.headerByteCount, byteCount: byteCount)
        kill(record)
        trim()
        return byteCount
    }

    /// Moves the oldest frame of all to `frame` if it came before `limit`.
    func takeExpired(before limit: Instant, to frame: UnsafeMutableRawPointer) -> Int? {
        trim()
        guard recordCount > 0 else { return nil }
        let header = (arena + head).load(as: Header.self)
        guard header.since < limit else { return nil }
        frame.copyMemory(from: arena + head + Self.headerByteCount, byteCount: header.byteCount)
        kill(head)
        trim()
        return header.byteCount
    }

    /// Forgets the frames of a peer. Returns how many there were.
    func discard(of peer: UnsafeMutablePointer<PeerRecord>) -> Int {
        var count = 0
        while let record = first(of: peer) {
            kill(record)
            count += 1
        }
        trim()
        return count
    }

    private func first(of peer: UnsafeMutablePointer<PeerRecord>) -> Int? {
        var position = head
        for _ in 0..<recordCount {
            position = wrapped(position)
            let header = (arena + position).load(as: Header.self)
            if header.peer == peer { return position }
            position += header.room
        }
        return nil
    }

    private func kill(_ position: Int) {
        var header = (arena + position).load(as: Header.self)
        header.peer?.pointee.waitingPackets -= 1
        header.peer = nil
        (arena + position).storeBytes(of: header, as: Header.self)
    }

    /// Moves the head past dead records.
    private func trim() {
        while recordCount > 0 {
            head = wrapped(head)
            let header = (arena + head).load(as: Header.self)
            guard header.peer == nil else { return }
            head += header.room
            recordCount -= 1
        }
        head = 0
        tail = 0
    }

    /// Drops from the head until `room` bytes are free at the tail in one piece.
    private func makeRoom(_ room: Int) {
        while true {
            trim()
            if recordCount == 0 { return }
            if tail > head {
                if capacity - tail >= room { return }
                // A filler up to the end; the ring goes on at 0 when there is room before the head.
                if head > 0 {
                    if capacity - tail >= Self.headerByteCount {
                        let filler = Header(
                            peer: nil, since: Instant(nanoseconds: 0), byteCount: 0, room: capacity - tail)
                        (arena + tail).storeBytes(of: filler, as: Header.self)
                        recordCount += 1
                    }
                    tail = 0
                    continue
                }
            } else if head - tail >= room {
                return
            }
            kill(head)
            tally.drop(.waitingOverflow)
        }
    }

    /// Where the record that follows `position` really starts.
    private func wrapped(_ position: Int) -> Int {
        capacity - position < Self.headerByteCount ? 0 : position
    }
}
