import NetworkTypes
import WireFormat

/// Joins slices into what they were cut from: a bounded number of places, the oldest gives way.
///
/// Slices of one packet have consecutive counters, so counter less index names the packet. All but the last have one
/// size. Only authentic slices come here, each at most once (the replay window sees to it).
final class SliceReassembly {
    /// What became of a slice.
    enum Outcome {
        /// Kept until the others come.
        case waiting
        /// Contradicts itself or the others.
        case malformed
        /// The last that was missing: the whole is in the slot. Call `release` after use.
        case complete(Int)
    }

    /// What a slice brings along.
    struct Slice {
        var header: SealedHeader
        var bytes: UnsafeRawBufferPointer
        var trafficClass: UInt8
        var peer: UnsafeMutablePointer<PeerRecord>
    }

    private struct Slot {
        var frame: UnsafeMutableRawPointer?
        var peer: UnsafeMutablePointer<PeerRecord>?
        var localIndex: UInt32 = 0
        var base: UInt64 = 0
        var since = Instant(nanoseconds: 0)
        /// Flags that all slices share.
        var kind: SealedFlags = []
        /// One bit for each slice that is there.
        var received: UInt64 = 0
        /// Bytes of every slice but the last; 0 while unknown.
        var size = 0
        /// The last slice's index; -1 while unknown.
        var lastIndex = -1
        var lastByteCount = 0
        var trafficClass: UInt8 = 0
    }

    private static let shared: SealedFlags = [.partialChecksum, .validChecksum, .slicedControl]
    private static let room = ForwardingLimits.packetByteCount + 1

    private let limits: ForwardingLimits
    private let tally: Tally
    private let slots: UnsafeMutablePointer<Slot>
    private(set) var usedCount = 0

    init(limits: ForwardingLimits, tally: Tally) {
        precondition(limits.reassemblySlots > 0 && limits.reassemblySlotsPerPeer > 0, "at least one packet is joined")
        self.limits = limits
        self.tally = tally
        slots = .allocate(capacity: limits.reassemblySlots)
        slots.initialize(repeating: Slot(), count: limits.reassemblySlots)
    }

    deinit {
        for index in 0..<limits.reassemblySlots { slots[index].frame?.deallocate() }
        slots.deallocate()
    }

    /// Where the frame of a complete slot begins; the packet or message stands at `FrameLayout.packetOffset`.
    func frame(_ slot: Int) -> UnsafeMutableRawPointer { slots[slot].frame! }

    /// Bytes of a complete slot.
    func byteCount(_ slot: Int) -> Int { slots[slot].lastIndex * slots[slot].size + slots[slot].lastByteCount }

    /// The flags that the slices of a slot share.
    func kind(_ slot: Int) -> SealedFlags { slots[slot].kind }

    /// The outer traffic class: congestion that any slice met is there.
    func trafficClass(_ slot: Int) -> UInt8 { slots[slot].trafficClass }

    func insert(_ slice: Slice, now: Instant) -> Outcome {
        let flags = slice.header.flags
        let index = flags.sliceIndex
        let isLast = flags.contains(.last)
        guard UInt64(index) <= slice.header.counter, !slice.bytes.isEmpty, index > 0 || !isLast else {
            return .malformed
        }
        let base = slice.header.counter - UInt64(index)
        let position = find(slice.header.receiverIndex, base) ?? occupy(slice, base: base, now: now)
        guard place(slice, index: index, isLast: isLast, in: slots + position) else {
            tally.drop(.slicesMissing)
            release(position)
            return .malformed
        }
        let lastIndex = slots[position].lastIndex
        guard lastIndex > 0, slots[position].received == UInt64.max >> UInt64(63 - lastIndex) else { return .waiting }
        return .complete(position)
    }

    func release(_ position: Int) {
        guard let peer = slots[position].peer else { return }
        peer.pointee.reassemblySlots -= 1
        slots[position].peer = nil
        usedCount -= 1
    }

    /// Gives up what has waited too long.
    func expire(now: Instant) {
        guard usedCount > 0 else { return }
        var position = 0
        while position < limits.reassemblySlots {
            if slots[position].peer != nil, now - slots[position].since > limits.reassemblyTime {
                tally.drop(.slicesMissing)
                release(position)
            }
            position += 1
        }
    }

    /// Gives up what comes from a peer that is removed.
    func forget(_ peer: UnsafeMutablePointer<PeerRecord>) {
        for position in 0..<limits.reassemblySlots where slots[position].peer == peer { release(position) }
    }

    private func find(_ localIndex: UInt32, _ base: UInt64) -> Int? {
        guard usedCount > 0 else { return nil }
        var position = 0
        while position < limits.reassemblySlots {
            let isSame = slots[position].base == base && slots[position].localIndex == localIndex
            if isSame, slots[position].peer != nil { return position }
            position += 1
        }
        return nil
    }

    /// A place for a new packet: a free one, or the oldest of the peer when it has its share, or the oldest of all.
    private func occupy(_ slice: Slice, base: UInt64, now: Instant) -> Int {
        let hasShare = slice.peer.pointee.reassemblySlots >= limits.reassemblySlotsPerPeer
        var oldest = -1
        var position = 0
        while position < limits.reassemblySlots {
            let owner = slots[position].peer
            if owner == nil, !hasShare {
                oldest = position
                break
            }
            if owner != nil, !hasShare || owner == slice.peer {
                if oldest < 0 || slots[position].since < slots[oldest].since { oldest = position }
            }
            position += 1
        }
        if slots[oldest].peer != nil {
            tally.drop(.slicesMissing)
            release(oldest)
        }
        let frame =
            slots[oldest].frame ?? .allocate(byteCount: FrameLayout.packetOffset + Self.room, alignment: 64)
        slots[oldest] = Slot(
            frame: frame, peer: slice.peer, localIndex: slice.header.receiverIndex, base: base, since: now,
            kind: slice.header.flags.intersection(Self.shared), trafficClass: slice.trafficClass)
        slice.peer.pointee.reassemblySlots += 1
        usedCount += 1
        return oldest
    }

    /// Puts a slice in its place. The last one stands at the end of the room until the size of the others is known.
    private func place(_ slice: Slice, index: Int, isLast: Bool, in slot: UnsafeMutablePointer<Slot>) -> Bool {
        guard slot.pointee.kind == slice.header.flags.intersection(Self.shared), let frame = slot.pointee.frame,
            let source = slice.bytes.baseAddress, slot.pointee.peer == slice.peer
        else { return false }
        let bytes = frame + FrameLayout.packetOffset
        let count = slice.bytes.count
        if slice.trafficClass & 3 == CongestionMarking.experienced { slot.pointee.trafficClass |= 3 }
        if isLast {
            guard slot.pointee.lastIndex < 0, slot.pointee.received >> UInt64(index) == 0, count < Self.room else {
                return false
            }
            slot.pointee.lastIndex = index
            slot.pointee.lastByteCount = count
            if slot.pointee.size == 0 {
                (bytes + Self.room - count).copyMemory(from: source, byteCount: count)
            } else {
                guard fits(slot) else { return false }
                (bytes + index * slot.pointee.size).copyMemory(from: source, byteCount: count)
            }
        } else {
            guard slot.pointee.lastIndex < 0 || index < slot.pointee.lastIndex,
                slot.pointee.size == 0 || slot.pointee.size == count, (index + 1) * count < Self.room
            else { return false }
            if slot.pointee.size == 0 {
                slot.pointee.size = count
                if slot.pointee.lastIndex >= 0 {
                    guard fits(slot) else { return false }
                    let last = slot.pointee.lastByteCount
                    (bytes + slot.pointee.lastIndex * count).copyMemory(from: bytes + Self.room - last, byteCount: last)
                }
            }
            (bytes + index * count).copyMemory(from: source, byteCount: count)
        }
        slot.pointee.received |= 1 << UInt64(index)
        return true
    }

    /// Whether the whole, of which both sizes are known, has the form that a sender gives it.
    private func fits(_ slot: UnsafeMutablePointer<Slot>) -> Bool {
        slot.pointee.lastByteCount <= slot.pointee.size
            && slot.pointee.lastIndex * slot.pointee.size + slot.pointee.lastByteCount < Self.room
    }
}
