import NetworkTypes

// What the ends of a link tell each other.
extension RingNode {
    /// The other end's purposes and neighbours.
    mutating func receive(_ status: LinkStatus, at index: Int, now: Instant, effects: inout RingEffects) {
        let node = links[index].node
        effects.append(.send(to: node, bytes: RingMessage.statusAnswer(version: status.version).encoded))
        guard status.version > links[index].heardVersion else { return }
        links[index].heardVersion = status.version
        let wasNear = links[index].isNear
        links[index].theirPurposes = status.purposes
        noteUse(at: index, now: now)
        let heard = links[index].isNear ? status.neighbours.map(HeardNeighbours.init) : nil
        let listsChanged = heard != links[index].heard
        let routableChanged = status.isRoutable != links[index].isRoutable
        links[index].isRoutable = status.isRoutable
        if listsChanged { links[index].heard = heard }
        // A new neighbour has not seen our lists; the others have not seen that this one is routable now.
        if !wasNear, links[index].isNear { oweStatus(at: index, now: now) }
        if routableChanged, left.contains(node) || right.contains(node) { oweStatusToNeighbours(now: now) }
        if listsChanged { updateNear(now: now, effects: &effects) }
    }

    /// All ring neighbours are to be told of our lists.
    mutating func oweStatusToNeighbours(now: Instant) {
        for index in links.indices where links[index].isNear { oweStatus(at: index, now: now) }
    }

    private mutating func oweStatus(at index: Int, now: Instant) {
        links[index].owesStatus = true
        timers.advance(.status, to: now + RingLimits.statusDelay)
    }

    /// Sends what is owed and repeats what was not answered.
    mutating func sendStatuses(now: Instant, effects: inout RingEffects) {
        for index in links.indices {
            let isDue = links[index].repeatAt.map { $0 <= now } ?? false
            guard links[index].owesStatus || isDue else { continue }
            if !links[index].owesStatus { links[index].repeatDoublings = min(links[index].repeatDoublings + 1, 16) }
            sendStatus(at: index, now: now, effects: &effects)
        }
        var next: Instant?
        for index in links.indices {
            guard let repeatAt = links[index].repeatAt else { continue }
            next = min(next ?? repeatAt, repeatAt)
        }
        timers.set(.status, next)
    }

    /// Sends the status of one link at once.
    mutating func sendStatus(to node: NodeAddress, now: Instant, effects: inout RingEffects) {
        guard let index = linkIndex(of: node) else { return }
        sendStatus(at: index, now: now, effects: &effects)
    }

    private mutating func sendStatus(at index: Int, now: Instant, effects: inout RingEffects) {
        if links[index].owesStatus { links[index].repeatDoublings = 0 }
        links[index].owesStatus = false
        links[index].sentVersion &+= 1
        let repeatAt = now + links[index].repeatInterval
        links[index].repeatAt = repeatAt
        timers.advance(.status, to: repeatAt)
        let status = LinkStatus(
            version: links[index].sentVersion, purposes: links[index].purposes, isRoutable: isRoutable,
            neighbours: links[index].isNear ? neighbourLists() : nil)
        effects.append(.send(to: links[index].node, bytes: RingMessage.status(status).encoded))
    }

    private func neighbourLists() -> NeighbourLists {
        NeighbourLists(left: left.compactMap(listed), right: right.compactMap(listed))
    }

    private func listed(_ node: NodeAddress) -> ListedNeighbour? {
        linkIndex(of: node).map {
            ListedNeighbour(contact: links[$0].contact, isRoutable: links[$0].isRoutable)
        }
    }

    /// The near links' contacts, nearest first, sides in turn.
    func neighbourContacts() -> [RingContact] {
        var contacts: [RingContact] = []
        for position in 0..<max(left.count, right.count) {
            for side in [right, left] where position < side.count {
                guard let index = linkIndex(of: side[position]) else { continue }
                if !contacts.contains(where: { $0.node == side[position] }) { contacts.append(links[index].contact) }
            }
        }
        return Array(contacts.prefix(RingLimits.contacts))
    }
}
