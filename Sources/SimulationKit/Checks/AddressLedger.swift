package import NetworkTypes

/// Which gateways' hosts use which addresses of a bridged subnet, and for how long nobody held one that was wanted.
///
///     wanted, not held --held--> in order --lost, holder dead--> wanted, not held
package final class AddressLedger {
    /// One address; gateways are named by their handles.
    private struct Entry {
        let address: IPAddress
        /// Gateways of which a host uses the address, because it is held or because it is of an own block.
        var users: [Int] = []
        /// Those among them whose lease it is.
        var holders: [Int] = []
        /// Living hosts that want it.
        var wanterCount = 0
        /// Since when it has been wanted and nobody's.
        var ownerlessSince: Instant?
    }

    /// Whether no two gateways may come to hold an address now: the grid is one, and has been for a while.
    package var isWhole = true
    /// Addresses that two gateways came to hold while the grid was one. One that is used because the grid has not
    /// answered yet does not count: what it is worth is seen from the answer.
    package private(set) var clashes: [IPAddress] = []
    /// The longest that ended.
    private var longestEndedGap: Duration = .zero
    private var entries: [Entry] = []
    private var positions: [IPAddress: Int] = [:]

    package init() {}

    /// A living host begins to want the address.
    package func want(_ address: IPAddress, now: Instant) {
        change(address, now: now) { $0.wanterCount += 1 }
    }

    /// It wants the address no more: it takes another, or has ended.
    package func unwant(_ address: IPAddress, now: Instant) {
        change(address, now: now) { $0.wanterCount -= 1 }
    }

    /// A gateway's host uses the address.
    package func use(_ address: IPAddress, by gateway: Int, isHeld: Bool, now: Instant) {
        change(address, now: now) { entry in
            if !entry.users.contains(gateway) { entry.users.append(gateway) }
            if isHeld, !entry.holders.contains(gateway) { entry.holders.append(gateway) }
        }
    }

    /// No host of the gateway uses the address any more.
    package func letGo(_ address: IPAddress, by gateway: Int, now: Instant) {
        change(address, now: now) { entry in
            entry.users.removeAll { $0 == gateway }
            entry.holders.removeAll { $0 == gateway }
        }
    }

    /// The gateway has ended: nothing is its own any more.
    package func end(_ gateway: Int, now: Instant) {
        for entry in entries where entry.users.contains(gateway) { letGo(entry.address, by: gateway, now: now) }
    }

    /// Addresses that hosts of two living gateways use now.
    package var shared: [IPAddress] { entries.filter { $0.users.count > 1 }.map(\.address) }

    /// The longest that a wanted address was nobody's, until now where it still is.
    package func longestGap(now: Instant) -> Duration {
        entries.reduce(longestEndedGap) { longest, entry in
            max(longest, entry.ownerlessSince.map { now - $0 } ?? .zero)
        }
    }

    private func change(_ address: IPAddress, now: Instant, _ body: (inout Entry) -> Void) {
        let position = positions[address] ?? entries.count
        if position == entries.count {
            positions[address] = position
            entries.append(Entry(address: address))
        }
        let wasShared = entries[position].holders.count > 1
        body(&entries[position])
        if isWhole, !wasShared, entries[position].holders.count > 1 { clashes.append(address) }
        let isOwnerless = entries[position].wanterCount > 0 && entries[position].holders.isEmpty
        if let since = entries[position].ownerlessSince {
            guard !isOwnerless else { return }
            longestEndedGap = max(longestEndedGap, now - since)
            entries[position].ownerlessSince = nil
        } else if isOwnerless {
            entries[position].ownerlessSince = now
        }
    }
}
