import NetworkTypes

/// What the data plane keeps of one peer. Lives at a fixed place as long as the plane; free ones are used again.
struct PeerRecord {
    var node: NodeAddress
    /// Added by the control core; a record that only routes name is not.
    var isAdded = false
    /// The path, if there is one.
    var endpoint: Endpoint?
    /// Inner bytes that one datagram of the path carries.
    var payloadByteCount = ForwardingLimits.defaultPayloadByteCount
    /// What datagrams to this peer are sealed with.
    var active: UnsafeMutablePointer<GenerationRecord>?
    var counters = PeerCounters()
    /// The batch in which `needsPath` was called last.
    var noticedBatch: UInt64 = 0
    var waitingPackets = 0
    /// Since when packets have found no path; `nil` while there is one or none was wanted.
    var waitingSince: Instant?
    var reportedSource: Endpoint?
    var reportedAt = Instant(nanoseconds: 0)
    var reassemblySlots = 0
    /// Hosts of bridged subnets that lie behind it: they name the record as routes do.
    var hostCount = 0

    init(node: NodeAddress) {
        self.node = node
    }

    /// Whether a packet can be sealed and sent now.
    var isUsable: Bool { endpoint != nil && active != nil }
}

/// Peers by node address, and the routes to them. Changed by control only; packets go by pointers.
struct PeerTable: ~Copyable {
    typealias Record = UnsafeMutablePointer<PeerRecord>

    /// One way for a prefix. Several gateways of a site may have the same prefix: they are linked in a list.
    struct Way {
        let peer: Record
        /// The next way for the same prefix, or -1.
        var next: Int32
    }

    private var byNode: [NodeAddress: Record] = [:]
    /// Every record that was ever allocated.
    private var all: [Record] = []
    /// Records without a peer, which routes may name.
    private var unclaimed: [Record] = []
    /// Records to use again.
    private var free: [Record] = []
    private var table = AddressTable()
    private var ways: UnsafeMutablePointer<Way> = .allocate(capacity: 1)

    init() {}

    deinit {
        for record in all { record.deallocate() }
        ways.deallocate()
    }

    /// The record of a node, if it is known.
    func find(_ node: NodeAddress) -> Record? { byNode[node] }

    /// The record of a node that the control core has named, made if need be.
    mutating func add(_ node: NodeAddress) -> Record {
        let record = make(node)
        record.pointee.isAdded = true
        return record
    }

    /// The record of a node that a host lies behind, made if need be; `leave` when the host is no longer there.
    mutating func lodge(at node: NodeAddress) -> Record {
        let record = make(node)
        record.pointee.hostCount += 1
        return record
    }

    func leave(_ record: Record) {
        record.pointee.hostCount -= 1
    }

    /// Forgets what is known of a node. The record stays while routes or hosts name it.
    mutating func remove(_ record: Record) {
        let hostCount = record.pointee.hostCount
        record.pointee = PeerRecord(node: record.pointee.node)
        record.pointee.hostCount = hostCount
        if !unclaimed.contains(record) { unclaimed.append(record) }
    }

    /// Replaces all routes. Of equal prefixes the first usable way in the list is taken.
    mutating func setRoutes(_ routes: [(prefix: IPPrefix, node: NodeAddress)]) {
        let records = routes.map { make($0.node) }
        ways.deallocate()
        ways = .allocate(capacity: max(1, routes.count))
        let order = routes.indices.sorted { left, right in
            let (first, second) = (routes[left].prefix, routes[right].prefix)
            return first != second ? first < second : left < right
        }
        var heads: [(prefix: IPPrefix, value: Int32)] = []
        for (position, index) in order.enumerated() {
            (ways + position).initialize(to: Way(peer: records[index], next: -1))
            if let head = heads.last, head.prefix == routes[index].prefix {
                ways[position - 1].next = Int32(position)
            } else {
                heads.append((routes[index].prefix, Int32(position)))
            }
        }
        table = AddressTable(heads)
        releaseUnclaimed(keeping: Set(records))
    }

    /// The first way to the address at `bytes`, or -1.
    func firstWay(to bytes: UnsafeRawPointer, isV6: Bool) -> Int32 { table.value(at: bytes, isV6: isV6) }

    /// The peer to send to: the first of the ways that is usable, else the first.
    func choose(_ first: Int32) -> Record {
        var index = first
        while index >= 0 {
            let way = ways[Int(index)]
            if way.peer.pointee.isUsable { return way.peer }
            index = way.next
        }
        return ways[Int(first)].peer
    }

    /// Whether `peer` is one of the ways.
    func contains(_ peer: Record, in first: Int32) -> Bool {
        var index = first
        while index >= 0 {
            if ways[Int(index)].peer == peer { return true }
            index = ways[Int(index)].next
        }
        return false
    }

    private mutating func make(_ node: NodeAddress) -> Record {
        if let record = byNode[node] { return record }
        let record: Record
        if let used = free.popLast() {
            record = used
        } else {
            record = .allocate(capacity: 1)
            all.append(record)
        }
        record.initialize(to: PeerRecord(node: node))
        byNode[node] = record
        unclaimed.append(record)
        return record
    }

    private mutating func releaseUnclaimed(keeping named: Set<Record>) {
        var kept: [Record] = []
        for record in unclaimed where !record.pointee.isAdded {
            if record.pointee.hostCount > 0 || named.contains(record) {
                kept.append(record)
            } else {
                byNode[record.pointee.node] = nil
                free.append(record)
            }
        }
        unclaimed = kept
    }
}
