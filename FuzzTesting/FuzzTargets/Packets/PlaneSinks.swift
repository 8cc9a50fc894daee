import NetworkTypes
import PacketForwarding

/// All three sinks of a plane: checks what comes, and keeps the trains.
final class PlaneSinks: DatagramSink, FrameSink, ControlSink {
    struct Train {
        var bytes: [UInt8]
        var segmentSize: Int
        var trafficClass: UInt8
    }

    /// Who may be the source of frames for the TAP, and their destination.
    private let sources: [IPPrefix]
    private let destinations: [IPPrefix]
    /// The first property that did not hold.
    private(set) var violation: PropertyViolation?
    private(set) var trains: [Train] = []
    /// Bytes of IP packets in frames.
    private(set) var packetByteCount = 0
    private(set) var frameCount = 0
    /// Packets that leave the kernel for these frames.
    private(set) var segmentCount = 0
    private(set) var controlByteCount = 0
    private(set) var toldCount = 0

    init(sources: [IPPrefix], destinations: [IPPrefix]) {
        self.sources = sources
        self.destinations = destinations
    }

    /// Throws what was found wrong.
    func check() throws(PropertyViolation) {
        if let violation { throw violation }
    }

    /// The trains since the last call.
    func takeTrains() -> [Train] {
        defer { trains = [] }
        return trains
    }

    func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8) {
        note { () throws(PropertyViolation) in
            try expect(!train.isEmpty && train.count <= ForwardingLimits.trainByteCount, "a train fits one UDP payload")
            try expect(segmentSize > 0, "the segments of a train have a size")
            try expect((train.count + segmentSize - 1) / segmentSize <= 64, "a train has at most 64 segments")
        }
        trains.append(Train(bytes: Array(train), segmentSize: segmentSize, trafficClass: trafficClass))
    }

    func write(_ frame: UnsafeRawBufferPointer) {
        note { () throws(PropertyViolation) in
            let found = try TapFrame(checking: Array(frame))
            try expect(sources.contains { $0.contains(found.source) }, "a frame from \(found.source) got through")
            try expect(destinations.contains { $0.contains(found.destination) }, "a frame went to \(found.destination)")
            segmentCount += found.segmentCount
        }
        frameCount += 1
        packetByteCount += frame.count - TapFrame.packetOffset
    }

    func receivedControl(_ message: UnsafeRawBufferPointer, from node: NodeAddress, source: Endpoint) {
        controlByteCount += message.count
    }

    func sourceChanged(_ node: NodeAddress, source: Endpoint) { toldCount += 1 }
    func confirmed(_ node: NodeAddress, localIndex: UInt32) { toldCount += 1 }
    func needsPath(_ node: NodeAddress) { toldCount += 1 }

    private func note(_ body: () throws(PropertyViolation) -> Void) {
        do throws(PropertyViolation) { try body() } catch { violation = violation ?? error }
    }
}

/// A frame for the TAP, as far as the kernel looks at it when it takes one (tun_get_user, virtio_net_hdr_to_skb).
struct TapFrame {
    static let packetOffset = 24
    let source: IPAddress
    let destination: IPAddress
    /// More than 1 for a super-packet.
    private(set) var segmentCount = 1

    init(checking frame: [UInt8]) throws(PropertyViolation) {
        try expect(frame.count >= Self.packetOffset + 20, "a frame has at least an IP header")
        try expect(frame.count <= Self.packetOffset + 65_535, "a frame has at most the largest IP packet")
        let packet = frame[Self.packetOffset...]
        let isV6 = packet[Self.packetOffset] >> 4 == 6
        let kind = Self.word(frame, 22)
        try expect(kind == (isV6 ? 0x86dd : 0x0800), "the Ethernet type is the packet's")
        try expect(!isV6 || packet.count >= 40, "an IPv6 packet has its header")
        let length = isV6 ? 40 + Self.word(frame, Self.packetOffset + 4) : Self.word(frame, Self.packetOffset + 2)
        try expect(length == packet.count, "the packet is as long as it says")
        let (from, to, count) = isV6 ? (8, 24, 16) : (12, 16, 4)
        guard let source = IPAddress(bytes: packet.dropFirst(from).prefix(count)),
            let destination = IPAddress(bytes: packet.dropFirst(to).prefix(count))
        else { throw PropertyViolation(description: "a frame has addresses") }
        self.source = source
        self.destination = destination
        try Self.checkOffload(frame, isV6: isV6)
        guard frame[1] != 0 else { return }
        let payloadByteCount = frame.count - 10 - Self.native(frame, 2)
        segmentCount = (payloadByteCount + Self.native(frame, 4) - 1) / Self.native(frame, 4)
    }

    private static func checkOffload(_ frame: [UInt8], isV6: Bool) throws(PropertyViolation) {
        let needsChecksum = frame[0] & 1 != 0
        let byteCount = frame.count - 10
        let (kind, hasCongestionBit) = (frame[1] & 0x7f, frame[1] & 0x80 != 0)
        if needsChecksum {
            try expect(native(frame, 6) + native(frame, 8) + 2 <= byteCount, "the checksum lies inside the frame")
            try expect(native(frame, 6) >= 34, "the checksum does not cover the IP header")
        }
        guard kind != 0 else { return try expect(!hasCongestionBit, "a single packet has no ECN bit") }
        try expect(needsChecksum, "a super-packet leaves its checksum open")
        try expect(kind == 5 || kind == (isV6 ? 4 : 1), "the super-packet is of the packet's family")
        try expect(kind != 5 || !hasCongestionBit, "UDP has no ECN bit")
        try expect((34...byteCount).contains(native(frame, 2)), "the headers lie inside the frame")
        try expect(native(frame, 4) > 0, "segments have a size")
        try expect(byteCount - native(frame, 2) > native(frame, 4), "a super-packet has more than one segment")
    }

    static func word(_ bytes: [UInt8], _ offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }

    /// A number in the host's order, as virtio_net_hdr has them.
    private static func native(_ bytes: [UInt8], _ offset: Int) -> Int {
        bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) }
    }
}
