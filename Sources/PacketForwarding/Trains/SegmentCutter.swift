import WireFormat

/// Writes the headers of the segments that a super-packet is cut into, each right in front of its payload.
///
/// As the kernel does it (inet_gso_segment, tcp_gso_segment, __udp_gso_segment): IPv4 identifications count up, TCP
/// sequence numbers go on, FIN and PSH stay with the last segment, CWR with the first (RFC 3168 §6.1.2). The transport
/// checksum is left to the far end.
struct SegmentCutter {
    /// The longest IP and TCP header that is cut: 60 bytes of TCP behind 196 of IPv6 with extensions.
    static let headerByteCountLimit = 256

    private static let finish: UInt8 = 0x01
    private static let push: UInt8 = 0x08
    private static let windowReduced: UInt8 = 0x80

    let headerByteCount: Int
    private let template: UnsafeRawPointer
    private let isV6: Bool
    private let isTCP: Bool
    private let transportOffset: Int
    private let segmentSize: Int
    /// Sum of the IPv4 header without length, identification and checksum.
    private let headerSum: UInt16
    private let identification: UInt16
    private let sequence: UInt32
    private let flags: UInt8

    /// Copies the header of the super-packet at `bytes` to `template`, which has room for `headerByteCountLimit` bytes.
    init(_ bytes: UnsafeRawPointer, _ packet: InnerPacket, segmentSize: Int, template: UnsafeMutableRawPointer) {
        headerByteCount = packet.headerByteCount
        precondition(headerByteCount <= Self.headerByteCountLimit, "longer headers are refused before")
        template.copyMemory(from: bytes, byteCount: headerByteCount)
        isV6 = packet.isV6
        isTCP = packet.isTCP
        transportOffset = packet.transportOffset
        self.segmentSize = segmentSize
        if isV6 {
            (identification, headerSum) = (0, 0)
        } else {
            identification = bytes.word(4)
            template.setWord(0, 2)
            template.setWord(0, 4)
            template.setWord(0, 10)
            headerSum = InternetChecksum.sum(template, packet.transportOffset)
        }
        sequence = isTCP ? bytes.doubleWord(transportOffset + 4) : 0
        flags = isTCP ? bytes.byte(transportOffset + 13) : 0
        self.template = UnsafeRawPointer(template)
    }

    /// Writes the header of segment `index`, which carries `payloadByteCount` bytes, to `place`.
    func writeHeader(to place: UnsafeMutableRawPointer, index: Int, payloadByteCount: Int, isLast: Bool) {
        place.copyMemory(from: template, byteCount: headerByteCount)
        let byteCount = headerByteCount + payloadByteCount
        if isV6 {
            place.setWord(UInt16(truncatingIfNeeded: byteCount - 40), 4)
        } else {
            let length = UInt16(truncatingIfNeeded: byteCount)
            let number = identification &+ UInt16(truncatingIfNeeded: index)
            place.setWord(length, 2)
            place.setWord(number, 4)
            place.setWord(~InternetChecksum.add(InternetChecksum.add(headerSum, length), number), 10)
        }
        if isTCP {
            place.setDoubleWord(sequence &+ UInt32(truncatingIfNeeded: index * segmentSize), transportOffset + 4)
            var flags = self.flags
            if index > 0 { flags &= ~Self.windowReduced }
            if !isLast { flags &= ~(Self.finish | Self.push) }
            place.setByte(flags, transportOffset + 13)
        } else {
            place.setWord(UInt16(truncatingIfNeeded: byteCount - transportOffset), transportOffset + 4)
        }
    }
}
