import NetworkTypes

/// A kind of traffic: one frame of the TAP, sent again and again.
struct Load {
    let name: String
    let frame: [UInt8]
    /// Frames in one batch.
    let batch: Int

    static let all = [
        Load(name: "TCP super-packet, 45 segments of 1,388", payload: 62_460, segmentSize: 1_388, batch: 4),
        Load(
            name: "UDP super-packet, 45 segments of 1,400", payload: 63_000, segmentSize: 1_400, isTCP: false,
            batch: 4),
        Load(name: "TCP, whole packets of 1,440", payload: 1_400, segmentSize: nil, batch: 64),
        Load(name: "TCP, 64-byte packets", payload: 24, segmentSize: nil, batch: 64),
        Load(name: "UDP, packets of 1,500 in 2 slices", payload: 1_472, segmentSize: nil, isTCP: false, batch: 32),
    ]

    init(name: String, payload: Int, segmentSize: Int?, isTCP: Bool = true, batch: Int) {
        self.name = name
        self.batch = batch
        let transport = isTCP ? 20 : 8
        let total = 20 + transport + payload
        var frame = [UInt8](repeating: 0, count: 24 + total)
        frame[0] = 1
        frame[1] = segmentSize == nil ? 0 : (isTCP ? 1 : 5)
        Self.store(UInt16(14 + 20 + transport), &frame, 2)
        Self.store(UInt16(segmentSize ?? 0), &frame, 4)
        Self.store(34, &frame, 6)
        Self.store(isTCP ? 16 : 6, &frame, 8)
        frame[22] = 8
        frame.replaceSubrange(
            24..<44,
            with: [
                0x45, 0, UInt8(total >> 8), UInt8(total & 255), 0, 1, 0x40, 0, 61, isTCP ? 6 : 17, 0, 0,
                10, 1, 0, 5, 10, 2, 0, 9,
            ])
        if isTCP {
            frame[56] = 0x50
            frame[57] = 0x10
        } else {
            frame[48] = UInt8((8 + payload) >> 8)
            frame[49] = UInt8((8 + payload) & 255)
        }
        self.frame = frame
    }

    /// The offload header's numbers are in the host's byte order.
    private static func store(_ value: UInt16, _ frame: inout [UInt8], _ offset: Int) {
        withUnsafeBytes(of: value) { frame.replaceSubrange(offset..<offset + 2, with: $0) }
    }
}
