import HeapModule
import NetworkTypes

/// What happens at a point of virtual time. Plain words: the queue moves millions of them.
struct VirtualEvent {
    enum Kind: UInt8 {
        /// `payload` is the message's place in the slab.
        case message
        /// The node's wake-up.
        case wakeup
        /// An attempt of `node` towards `peer` ends well, or badly.
        case sessionUp
        case attemptFailed
        /// `node` notices that the session with `peer` is over.
        case sessionDown
    }

    var kind: Kind
    var node: Int32
    var peer: Int32
    /// For messages the slab index; for the end of a session 1 when the peer closed it.
    var payload: Int32
}

/// Events by time, and by the order of their making within one instant.
struct VirtualEvents {
    private struct Entry: Comparable {
        let time: UInt64
        let number: UInt64
        let event: VirtualEvent

        static func < (lhs: Entry, rhs: Entry) -> Bool {
            lhs.time != rhs.time ? lhs.time < rhs.time : lhs.number < rhs.number
        }

        static func == (lhs: Entry, rhs: Entry) -> Bool { lhs.number == rhs.number }
    }

    private var heap = Heap<Entry>()
    private var counter: UInt64 = 0
    private var slab: [[UInt8]] = []
    private var free: [Int32] = []

    var nextTime: Instant? { heap.min.map { Instant(nanoseconds: $0.time) } }
    var count: Int { heap.count }

    mutating func add(_ event: VirtualEvent, at time: Instant) {
        counter += 1
        heap.insert(Entry(time: time.nanoseconds, number: counter, event: event))
    }

    mutating func removeFirst() -> VirtualEvent { heap.removeMin().event }

    /// Keeps a message until it is taken.
    mutating func store(_ bytes: [UInt8]) -> Int32 {
        if let place = free.popLast() {
            slab[Int(place)] = bytes
            return place
        }
        slab.append(bytes)
        return Int32(slab.count - 1)
    }

    mutating func take(_ place: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        swap(&bytes, &slab[Int(place)])
        free.append(place)
        return bytes
    }
}
