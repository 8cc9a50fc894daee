package import NetworkTypes

/// What happens at a point of virtual time. One word: the queue moves millions of them.
package struct SimulationEvent: Equatable, Sendable {
    /// What `subject` is.
    package enum Kind: UInt8, Sendable {
        /// The place of a datagram in the slab: it arrives.
        case arrival
        /// The handle of a host: it wanted to be woken.
        case wakeup
        /// A `StreamEnd`: the stream is open there.
        case streamOpened
        /// A `StreamEnd`: the stream is closed there.
        case streamClosed
        /// The handle of a host and the number of a stream (32 bits): it could not be opened.
        case streamFailed
    }

    private let word: UInt64

    package init(_ kind: Kind, _ subject: Int) {
        word = UInt64(kind.rawValue) << 56 | UInt64(subject)
    }

    /// What happens.
    package var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: word >> 56)) ?? .arrival }
    /// To what it happens.
    package var subject: Int { Int(word & 0x00ff_ffff_ffff_ffff) }
}

/// Events by time, and by the order of their making within one instant: a heap of four branches, which is half as deep
/// as one of two, so that an insertion touches few cache lines. O(log events) each way.
package struct EventQueue {
    private struct Entry {
        let time: UInt64
        let number: UInt64
        let event: SimulationEvent

        @inline(__always)
        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private static let branches = 4
    private var entries: [Entry] = []
    private var counter: UInt64 = 0

    package init() {}

    /// When the first event is due.
    package var nextTime: Instant? { entries.isEmpty ? nil : Instant(nanoseconds: entries[0].time) }
    /// Events that wait.
    package var count: Int { entries.count }

    /// Puts an event in.
    package mutating func add(_ event: SimulationEvent, at time: Instant) {
        counter += 1
        let entry = Entry(time: time.nanoseconds, number: counter, event: event)
        entries.append(entry)
        entries.withUnsafeMutableBufferPointer { heap in
            var hole = heap.count - 1
            while hole > 0 {
                let parent = (hole - 1) / Self.branches
                guard entry.precedes(heap[parent]) else { break }
                heap[hole] = heap[parent]
                hole = parent
            }
            heap[hole] = entry
        }
    }

    /// Takes the first event out; there must be one.
    package mutating func removeFirst() -> SimulationEvent {
        let first = entries[0].event
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first }
        entries.withUnsafeMutableBufferPointer { heap in
            var hole = 0
            while true {
                let begin = hole * Self.branches + 1
                guard begin < heap.count else { break }
                var least = begin
                for child in (begin + 1)..<max(begin + 1, min(begin + Self.branches, heap.count))
                where heap[child].precedes(heap[least]) {
                    least = child
                }
                guard heap[least].precedes(last) else { break }
                heap[hole] = heap[least]
                hole = least
            }
            heap[hole] = last
        }
        return first
    }
}
