import HeapModule
import NetworkTypes

/// When the first of the members wants to be looked at, and which. It is asked after every input, of which most concern
/// one member, so that it looks at those that have changed and at nobody else.
final class MemberClock {
    /// A member's place in the queue. An entry that is not the member's latest is void.
    private struct Entry: Comparable {
        let deadline: Instant
        /// Of two at one time the one that was put in first comes first.
        let number: UInt64
        let member: Member

        static func < (lhs: Entry, rhs: Entry) -> Bool {
            lhs.deadline != rhs.deadline ? lhs.deadline < rhs.deadline : lhs.number < rhs.number
        }

        static func == (lhs: Entry, rhs: Entry) -> Bool { lhs.number == rhs.number }
    }

    private var changed: [Member] = []
    private var queue = Heap<Entry>()
    private var counter: UInt64 = 0

    /// The deadlines of a member are others than before.
    func changed(_ member: Member) { changed.append(member) }

    /// The member that wants to be looked at first, and when.
    func next() -> (member: Member, wakeup: Wakeup)? {
        for member in changed where !member.isGone {
            guard let wakeup = member.nextWakeup else { continue }
            // A later deadline is seen when the earlier one has come.
            if let queued = member.queued, queued.deadline <= wakeup.deadline { continue }
            insert(member, at: wakeup.deadline)
        }
        changed.removeAll(keepingCapacity: true)
        while let first = queue.min {
            guard first.member.queued?.number == first.number else {
                queue.removeMin()
                continue
            }
            if let wakeup = first.member.nextWakeup, wakeup.deadline <= first.deadline {
                return (first.member, wakeup)
            }
            queue.removeMin()
            first.member.queued = nil
            if let wakeup = first.member.nextWakeup { insert(first.member, at: wakeup.deadline) }
        }
        return nil
    }

    /// The member is gone: nothing wakes it any more.
    func forget(_ member: Member) {
        member.isGone = true
        member.queued = nil
    }

    private func insert(_ member: Member, at deadline: Instant) {
        counter += 1
        member.queued = (deadline, counter)
        queue.insert(Entry(deadline: deadline, number: counter, member: member))
    }
}
