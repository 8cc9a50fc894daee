import NetworkTypes

/// An address as a key: IPv4 in the place that RFC 4291 §2.5.5.2 gives it among the IPv6 ones.
struct HostKey: Equatable {
    private let value: UInt128
    private static let v4Block: UInt128 = 0xffff_0000_0000

    /// The address at `bytes`, as it stands in a packet.
    @inline(__always)
    init(at bytes: UnsafeRawPointer, isV6: Bool) {
        value = isV6 ? bytes.wide(0) : Self.v4Block | UInt128(bytes.doubleWord(0))
    }

    init(_ address: IPAddress) {
        value = address.family == .v6 ? address.wide : Self.v4Block | address.wide
    }

    /// The address again.
    var address: IPAddress {
        value >> 32 == Self.v4Block >> 32
            ? IPAddress(v4: UInt32(truncatingIfNeeded: value))
            : IPAddress(
                v6High: UInt64(truncatingIfNeeded: value >> 64), low: UInt64(truncatingIfNeeded: value))
    }

    /// A number that is another for nearly every address; which, depends on `seed`.
    @inline(__always)
    func hash(seed: UInt64) -> UInt64 {
        var hash = (UInt64(truncatingIfNeeded: value) ^ seed) &* 0x9e37_79b9_7f4a_7c15
        hash = (hash ^ hash >> 32 ^ UInt64(truncatingIfNeeded: value >> 64)) &* 0xd6e8_feb8_6659_fd93
        return hash ^ hash >> 32
    }
}

/// Where the hosts of bridged subnets are: open addressing with linear probing, at most half full.
///
/// Hosts come and go one by one: each change costs what a look-up costs. Only `insert` allocates, when the table grows.
struct HostTable: ~Copyable {
    /// Where one host is.
    enum Place {
        /// On this LAN, at this Ethernet address.
        case station(MACAddress)
        /// Behind a peer.
        case peer(PeerTable.Record)
    }

    private struct Entry {
        var key: HostKey
        /// `nil`: the place is free.
        var place: Place?
    }

    private static let smallest = 64

    private var entries = Self.allocate(Self.smallest)
    private var capacity = Self.smallest
    private let limit: Int
    /// Hosts choose their addresses themselves: mixed in, so that nobody can choose such that fall on one place.
    private let seed: UInt64
    private(set) var count = 0

    /// A table of at most `limit` hosts.
    init(limit: Int, seed: UInt64) {
        self.limit = limit
        self.seed = seed
    }

    deinit {
        entries.deallocate()
    }

    /// Where the host is, if it is known.
    func find(_ key: HostKey) -> Place? {
        var position = home(key)
        while let place = entries[position].place {
            if entries[position].key == key { return place }
            position = (position + 1) & (capacity - 1)
        }
        return nil
    }

    /// Notes where a host is; returns where it was. `false` when the table is full.
    mutating func insert(_ key: HostKey, _ place: Place) -> (isTaken: Bool, old: Place?) {
        if let position = position(of: key) {
            let old = entries[position].place
            entries[position].place = place
            return (true, old)
        }
        guard count < limit else { return (false, nil) }
        if (count + 1) * 2 > capacity { grow() }
        put(Entry(key: key, place: place))
        count += 1
        return (true, nil)
    }

    /// Forgets a host; returns where it was.
    mutating func remove(_ key: HostKey) -> Place? {
        guard var hole = position(of: key) else { return nil }
        let old = entries[hole].place
        entries[hole].place = nil
        count -= 1
        // What was pushed on past the hole moves back into it, so that no chain is broken.
        var position = (hole + 1) & (capacity - 1)
        while entries[position].place != nil {
            let distance = (position - home(entries[position].key)) & (capacity - 1)
            if distance >= (position - hole) & (capacity - 1) {
                entries[hole] = entries[position]
                entries[position].place = nil
                hole = position
            }
            position = (position + 1) & (capacity - 1)
        }
        return old
    }

    /// The hosts behind a peer. O(n), for changes only.
    func hosts(behind peer: PeerTable.Record) -> [HostKey] {
        var keys: [HostKey] = []
        for position in 0..<capacity {
            if case .peer(peer)? = entries[position].place { keys.append(entries[position].key) }
        }
        return keys
    }

    private func position(of key: HostKey) -> Int? {
        var position = home(key)
        while entries[position].place != nil {
            if entries[position].key == key { return position }
            position = (position + 1) & (capacity - 1)
        }
        return nil
    }

    /// Where the search for a key begins.
    @inline(__always)
    private func home(_ key: HostKey) -> Int {
        Int(truncatingIfNeeded: key.hash(seed: seed) & UInt64(capacity - 1))
    }

    private mutating func put(_ entry: Entry) {
        var position = home(entry.key)
        while entries[position].place != nil { position = (position + 1) & (capacity - 1) }
        entries[position] = entry
    }

    private mutating func grow() {
        let old = entries
        let oldCapacity = capacity
        capacity *= 2
        entries = Self.allocate(capacity)
        for position in 0..<oldCapacity where old[position].place != nil { put(old[position]) }
        old.deallocate()
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Entry> {
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        entries.initialize(repeating: Entry(key: HostKey(IPAddress(v4: 0)), place: nil), count: capacity)
        return entries
    }
}
