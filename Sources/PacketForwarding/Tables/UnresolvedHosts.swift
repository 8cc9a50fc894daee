import NetworkTypes

/// Addresses of bridged subnets that packets wait for until it is known where they are.
///
/// Few at a time: hosts resolve an address before they send to it, so that only stale entries of theirs come here, and
/// whoever tries all addresses of a range.
struct UnresolvedHosts: ~Copyable {
    /// One address. The packets' queue is that of a peer which does not exist.
    struct Slot {
        var key: HostKey
        var isUsed = false
        var askedAt: Instant?
        let queue: PeerTable.Record
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let limit: Int
    private(set) var count = 0

    init(limit: Int) {
        self.limit = limit
        slots = .allocate(capacity: max(limit, 1))
        for index in 0..<limit {
            let queue = PeerTable.Record.allocate(capacity: 1)
            queue.initialize(to: PeerRecord(node: NodeAddress(high: 0, middle: 0, low: 0)))
            (slots + index).initialize(to: Slot(key: HostKey(IPAddress(v4: 0)), queue: queue))
        }
    }

    deinit {
        for index in 0..<limit { slots[index].queue.deallocate() }
        slots.deallocate()
    }

    /// The slot of an address.
    func find(_ key: HostKey) -> UnsafeMutablePointer<Slot>? {
        guard count > 0 else { return nil }
        for index in 0..<limit where slots[index].isUsed && slots[index].key == key { return slots + index }
        return nil
    }

    /// A slot for an address that has none: a free one, or that of an address for which nothing waits any more.
    mutating func claim(_ key: HostKey) -> UnsafeMutablePointer<Slot>? {
        for index in 0..<limit where !slots[index].isUsed || slots[index].queue.pointee.waitingPackets == 0 {
            if !slots[index].isUsed { count += 1 }
            slots[index].key = key
            slots[index].isUsed = true
            slots[index].askedAt = nil
            return slots + index
        }
        return nil
    }

    /// Gives a slot back; nothing may wait in it.
    mutating func release(_ slot: UnsafeMutablePointer<Slot>) {
        precondition(slot.pointee.queue.pointee.waitingPackets == 0, "what waits is taken or discarded before")
        slot.pointee.isUsed = false
        count -= 1
    }
}
