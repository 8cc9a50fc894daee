import NetworkTypes

/// When the first of the members wants to be looked at. It is asked after every input, of which most concern one
/// member, so it looks at those that have changed only.
final class MemberClock {
    private var changed: [Member] = []
    private var first: Wakeup?
    private var firstNode: NodeAddress?
    /// Everybody must be looked at again.
    private var isStale = true

    /// The deadlines of a member are others than before.
    func changed(_ member: Member) { changed.append(member) }

    /// A member is new, or gone.
    func membersChanged() { isStale = true }

    /// The earliest of all deadlines of `members`.
    func next(of members: some Collection<Member>) -> Wakeup? {
        for member in changed where !isStale { consider(member) }
        changed.removeAll(keepingCapacity: true)
        guard isStale else { return first }
        isStale = false
        first = nil
        firstNode = nil
        for member in members { consider(member) }
        return first
    }

    private func consider(_ member: Member) {
        let wakeup = member.nextWakeup
        if member.node == firstNode {
            // It was the first; later than before it may not be any more.
            guard let wakeup, let first, wakeup.deadline <= first.deadline else {
                isStale = true
                return
            }
            self.first = wakeup
        } else if let wakeup, wakeup.deadline < first?.deadline ?? Instant(nanoseconds: .max) {
            first = wakeup
            firstNode = member.node
        }
    }
}
