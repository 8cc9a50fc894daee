import LinkSecurity

/// What the data plane keeps of one key generation. Lives at a fixed place from install to removal.
struct GenerationRecord: ~Copyable {
    let generation: KeyGeneration
    let peer: UnsafeMutablePointer<PeerRecord>
    var window = ReplayWindow()
    /// An authentic datagram has come.
    var isConfirmed = false

    init(generation: KeyGeneration, peer: UnsafeMutablePointer<PeerRecord>) {
        self.generation = generation
        self.peer = peer
    }
}

/// Key generations by the receiver index that datagrams carry: open addressing with linear probing, at most half full.
///
/// Only `insert` allocates. Indexes are random numbers of our own choice, so their low bits spread well enough.
struct GenerationTable: ~Copyable {
    typealias Record = UnsafeMutablePointer<GenerationRecord>

    private struct Entry {
        var index: UInt32
        var record: Record?
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var capacity = 64
    private(set) var count = 0
    /// Changes whenever a record is added or removed: pointers to records hold while it stays.
    private(set) var version: UInt64 = 0

    init() {
        entries = Self.allocate(64)
    }

    deinit {
        for position in 0..<capacity {
            if let record = entries[position].record { Self.free(record) }
        }
        entries.deallocate()
    }

    /// The record of a receiver index.
    func find(_ index: UInt32) -> Record? {
        var position = Int(index) & (capacity - 1)
        while let record = entries[position].record {
            if entries[position].index == index { return record }
            position = (position + 1) & (capacity - 1)
        }
        return nil
    }

    mutating func insert(_ generation: KeyGeneration, peer: UnsafeMutablePointer<PeerRecord>) -> Record {
        if (count + 1) * 2 > capacity { grow() }
        let record = Record.allocate(capacity: 1)
        record.initialize(to: GenerationRecord(generation: generation, peer: peer))
        place(Entry(index: generation.localIndex, record: record))
        count += 1
        version &+= 1
        return record
    }

    mutating func remove(_ index: UInt32) {
        guard let record = find(index) else { return }
        Self.free(record)
        var hole = Int(index) & (capacity - 1)
        while entries[hole].index != index || entries[hole].record == nil { hole = (hole + 1) & (capacity - 1) }
        // Entries behind the hole move up, so that no search ends too early (Knuth, volume 3, algorithm 6.4 R).
        var position = hole
        while true {
            position = (position + 1) & (capacity - 1)
            guard entries[position].record != nil else { break }
            let home = Int(entries[position].index) & (capacity - 1)
            let distanceToHole = (hole - home) & (capacity - 1)
            let distanceToPosition = (position - home) & (capacity - 1)
            if distanceToHole <= distanceToPosition {
                entries[hole] = entries[position]
                hole = position
            }
        }
        entries[hole] = Entry(index: 0, record: nil)
        count -= 1
        version &+= 1
    }

    /// The indexes of a peer's generations. Looks at all: for control only.
    func indexes(of peer: UnsafeMutablePointer<PeerRecord>) -> [UInt32] {
        (0..<capacity).compactMap { position in
            guard let record = entries[position].record, record.pointee.peer == peer else { return nil }
            return entries[position].index
        }
    }

    private mutating func grow() {
        let old = entries
        let oldCapacity = capacity
        capacity *= 2
        entries = Self.allocate(capacity)
        for position in 0..<oldCapacity where old[position].record != nil { place(old[position]) }
        old.deallocate()
    }

    private mutating func place(_ entry: Entry) {
        var position = Int(entry.index) & (capacity - 1)
        while entries[position].record != nil { position = (position + 1) & (capacity - 1) }
        entries[position] = entry
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Entry> {
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        entries.initialize(repeating: Entry(index: 0, record: nil), count: capacity)
        return entries
    }

    private static func free(_ record: Record) {
        record.deinitialize(count: 1)
        record.deallocate()
    }
}
