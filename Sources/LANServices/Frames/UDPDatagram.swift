import NetworkTypes
import WireFormat

/// The header of a UDP datagram (RFC 768).
///
///     | source port 2 | destination port 2 | length 2 | checksum 2 |
struct UDPDatagram: Equatable {
    static let headerByteCount = 8

    let sourcePort: UInt16
    let destinationPort: UInt16
    /// Where the payload lies behind the datagram's first byte.
    let payload: Range<Int>

    /// Reads the content of a packet. A wrong checksum is an error.
    init(reading content: RawSpan, of packet: IPHeader) throws(WireError) {
        var reader = WireReader(content)
        sourcePort = try reader.readUInt16()
        destinationPort = try reader.readUInt16()
        let byteCount = Int(try reader.readUInt16())
        let checksum = try reader.readUInt16()
        guard byteCount >= Self.headerByteCount, byteCount <= content.byteCount else {
            throw .invalid(field: "length")
        }
        payload = Self.headerByteCount..<byteCount
        // None is allowed over IPv4 alone (RFC 8200 §8.1).
        if checksum == 0, packet.source.family == .v4 { return }
        var sum = InternetSum(
            from: packet.source, to: packet.destination, transport: IPHeader.Transport.udp, byteCount: byteCount)
        sum.add(content.extracting(..<byteCount))
        guard sum.checksum == 0 else { throw .invalid(field: "checksum") }
    }

    /// A whole IP packet with a datagram in it.
    static func packet(from source: Endpoint, to destination: Endpoint, payload: [UInt8]) -> [UInt8] {
        var header = WireWriter(capacity: headerByteCount)
        header.write(source.port)
        header.write(destination.port)
        header.write(UInt16(headerByteCount + payload.count))
        var sum = InternetSum(
            from: source.address, to: destination.address, transport: IPHeader.Transport.udp,
            byteCount: headerByteCount + payload.count)
        sum.add(header.bytes)
        sum.add(payload)
        // 0 would mean that there is none.
        header.write(sum.checksum == 0 ? 0xffff : sum.checksum)
        header.write(raw: payload)
        return IPHeader.packet(
            from: source.address, to: destination.address, transport: IPHeader.Transport.udp, content: header.bytes)
    }
}
