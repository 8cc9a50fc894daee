import LinuxSystem
import NetworkTypes
import WANEmulation

/// One site's way to the WAN. What the site sends goes over the line; what it receives comes from the bridge.
///
///     [site] --wan--port-2--> EmulatedPort --line-2--plug-2--> br0
///                        <------------------------------------
final class EmulatedPort {
    let site: String
    let siteSocket: PacketSocket
    let wanSocket: PacketSocket
    var line: EmulatedLine
    /// Frames that the kernel had no room for, or that did not fit a slot: what the emulator itself lost.
    private(set) var missed: UInt64 = 0
    private var slots: FrameSlots
    private let batch = FrameBatch()
    /// How many batches are taken before others have their turn.
    private static let batchesAtOnce = 4
    /// The slots of the frames in the batch: that have come, or that leave.
    private var used: [Int32] = []
    private var leaving: [Int32] = []

    init(_ site: LabSite, mtu: Int, settings: LineSettings, seed: UInt64) throws(SystemError) {
        self.site = site.name
        siteSocket = try PacketSocket(interface: site.wanPort)
        wanSocket = try PacketSocket(interface: site.linePort, receives: false)
        line = EmulatedLine(settings, seed: Self.seed(seed, site))
        slots = FrameSlots(count: LineLimits.packets + FrameBatch.limit, mtu: mtu)
    }

    /// Each line has a row of luck of its own.
    static func seed(_ seed: UInt64, _ site: LabSite) -> UInt64 { seed &+ UInt64(site.number) << 32 }

    /// Takes what the site has sent. Returns whether there may be more.
    @discardableResult
    func receiveFromSite() throws(SystemError) -> Bool {
        for _ in 0..<Self.batchesAtOnce {
            batch.removeAll()
            while !batch.isFull { batch.append(slots.bytes(slots.peek(batch.count)), byteCount: slots.byteCount) }
            let count = try siteSocket.receive(batch)
            let now = MonotonicClock.now()
            // All are taken before any is put back, so that they are those that were looked at.
            used.removeAll(keepingCapacity: true)
            for _ in 0..<count { used.append(slots.take()) }
            for index in 0..<count { enter(index, used[index], now) }
            if count < FrameBatch.limit { return false }
        }
        return true
    }

    private func enter(_ index: Int, _ slot: Int32, _ now: Instant) {
        guard let frame = batch.frame(index), frame.count > PacketSocket.headerByteCount else {
            missed += 1
            return slots.free(slot)
        }
        let bare = UnsafeRawBufferPointer(rebasing: frame.dropFirst(PacketSocket.headerByteCount))
        let entry = line.enter(
            slot: slot, byteCount: bare.count, isTraffic: FrameKind.isTraffic(bare), now: now)
        if entry == .taken { slots.setLength(slot, frame.count) } else { slots.free(slot) }
    }

    /// Sends what has come to the end of the line.
    func sendDue(_ now: Instant) {
        batch.removeAll()
        while let departure = line.leave(now: now) {
            if batch.count + departure.copies > FrameBatch.limit { flush() }
            for _ in 0..<departure.copies {
                batch.append(slots.bytes(departure.slot), byteCount: slots.length(departure.slot))
            }
            leaving.append(departure.slot)
        }
        flush()
    }

    private func flush() {
        missed += sendAll()
        batch.removeAll()
        for slot in leaving { slots.free(slot) }
        leaving.removeAll(keepingCapacity: true)
    }

    /// Sends the batch; returns how many frames could not be sent. What cannot be sent is gone, as on a wire.
    private func sendAll() -> UInt64 {
        var failed: UInt64 = 0
        while batch.count > 0 {
            let sent = wanSocket.send(batch)
            batch.remove(first: sent)
            if sent == 0 {
                failed += 1
                batch.remove(first: 1)
            }
        }
        return failed
    }

    /// What the operator is told of it.
    func report() throws(SystemError) -> LineReport {
        missed += try siteSocket.missed()
        return LineReport(
            site: site, settings: line.settings, counters: line.counters, packets: line.packetCount, missed: missed)
    }
}

/// Memory for frames, in pieces of one size. The one freed last is taken first, so that memory is touched only as far
/// as it is needed.
private struct FrameSlots {
    /// Bytes of a slot: a virtio-net header, an Ethernet header with a tag, and the packet.
    let byteCount: Int
    private let memory: UnsafeMutableRawPointer
    private var lengths: [UInt32]
    private var freeSlots: [Int32]

    init(count: Int, mtu: Int) {
        byteCount = (PacketSocket.headerByteCount + 18 + mtu + 63) & ~63
        // For the life of the process: its ports are never taken away.
        memory = .allocate(byteCount: count * byteCount, alignment: 64)
        lengths = Array(repeating: 0, count: count)
        freeSlots = (0..<Int32(count)).reversed()
    }

    /// The slot that the `index`-th `take` from now will give.
    func peek(_ index: Int) -> Int32 { freeSlots[freeSlots.count - 1 - index] }

    mutating func take() -> Int32 {
        precondition(!freeSlots.isEmpty, "there are more slots than a line and a batch hold")
        return freeSlots.removeLast()
    }

    mutating func free(_ slot: Int32) { freeSlots.append(slot) }

    func bytes(_ slot: Int32) -> UnsafeMutableRawPointer { memory + Int(slot) * byteCount }

    mutating func setLength(_ slot: Int32, _ length: Int) { lengths[Int(slot)] = UInt32(length) }

    func length(_ slot: Int32) -> Int { Int(lengths[Int(slot)]) }
}
