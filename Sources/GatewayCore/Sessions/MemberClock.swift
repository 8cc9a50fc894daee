import NetworkTypes

/// When the first of the members wants to be looked at, and which. It is asked after every input, of which most concern
/// one member, so it looks at those that have changed and at nobody else: a binary heap of deadlines that lie beside
/// each other, one at most for each member.
final class MemberClock {
    /// Of two at one time the one with the lower number comes first.
    private struct Entry {
        let deadline: Instant
        let number: Int32
        let reason: Wakeup.Reason

        func precedes(_ other: Entry) -> Bool {
            deadline != other.deadline ? deadline < other.deadline : number < other.number
        }
    }

    private static let nowhere: Int32 = -1

    /// Members by their numbers; numbers are used again.
    private var nodes: [NodeAddress] = []
    private var freeNumbers: [Int32] = []
    private var changed: [Member] = []
    private var heap: [Entry] = []
    /// Where in the heap a number's entry is.
    private var places: [Int32] = []

    /// A number for a member that appears.
    func takeNumber(for node: NodeAddress) -> Int32 {
        if let number = freeNumbers.popLast() {
            nodes[Int(number)] = node
            return number
        }
        nodes.append(node)
        places.append(Self.nowhere)
        return Int32(nodes.count - 1)
    }

    /// The deadlines of a member are others than before.
    func changed(_ member: Member) { changed.append(member) }

    /// The member that wants to be looked at first, and when. O(log members) for each that has changed.
    func next() -> (node: NodeAddress, wakeup: Wakeup)? {
        for member in changed where !member.isGone { note(member.nextWakeup, of: member.number) }
        changed.removeAll(keepingCapacity: true)
        guard let first = heap.first else { return nil }
        return (nodes[Int(first.number)], Wakeup(deadline: first.deadline, reason: first.reason))
    }

    /// The member is gone: nothing wakes it any more.
    func forget(_ member: Member) {
        member.isGone = true
        note(nil, of: member.number)
        freeNumbers.append(member.number)
    }

    private func note(_ wakeup: Wakeup?, of number: Int32) {
        let place = Int(places[Int(number)])
        guard let wakeup else {
            if place >= 0 { remove(at: place) }
            return
        }
        let entry = Entry(deadline: wakeup.deadline, number: number, reason: wakeup.reason)
        if place >= 0 {
            settle(entry, at: place)
        } else {
            heap.append(entry)
            rise(entry, from: heap.count - 1)
        }
    }

    private func remove(at place: Int) {
        places[Int(heap[place].number)] = Self.nowhere
        let last = heap.removeLast()
        if place < heap.count { settle(last, at: place) }
    }

    /// Puts an entry into a place whose own is void, or as far above or below it as it belongs.
    private func settle(_ entry: Entry, at place: Int) {
        let isEarly = place > 0 && entry.precedes(heap[(place - 1) / 2])
        if isEarly { rise(entry, from: place) } else { sink(entry, from: place) }
    }

    private func rise(_ entry: Entry, from place: Int) {
        var hole = place
        while hole > 0, entry.precedes(heap[(hole - 1) / 2]) {
            put(heap[(hole - 1) / 2], at: hole)
            hole = (hole - 1) / 2
        }
        put(entry, at: hole)
    }

    private func sink(_ entry: Entry, from place: Int) {
        var hole = place
        while 2 * hole + 1 < heap.count {
            var child = 2 * hole + 1
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(entry) else { break }
            put(heap[child], at: hole)
            hole = child
        }
        put(entry, at: hole)
    }

    private func put(_ entry: Entry, at place: Int) {
        heap[place] = entry
        places[Int(entry.number)] = Int32(place)
    }
}
