import NetworkTypes
import WireFormat

/// What is needed of an IP header (RFC 791 §3.1, RFC 8200 §3): whom a packet is from and to, and where its content is.
///
/// Extension headers of IPv6 are not followed: what has one is no message to the services of the LAN.
struct IPHeader: Equatable {
    /// Protocol numbers (IANA).
    enum Transport {
        static let icmp: UInt8 = 1
        static let tcp: UInt8 = 6
        static let udp: UInt8 = 17
        static let icmpV6: UInt8 = 58
    }

    let source: IPAddress
    let destination: IPAddress
    let transport: UInt8
    let hopLimit: UInt8
    /// A piece of a packet.
    let isFragment: Bool
    /// Where the content lies behind the header's first byte.
    let content: Range<Int>

    /// Reads the header of `packet`, whose end may be a frame's filling. Wrong lengths and a wrong header checksum are
    /// errors.
    init(reading packet: RawSpan, family: AddressFamily) throws(WireError) {
        switch family {
        case .v4: self = try Self.readV4(packet)
        case .v6: self = try Self.readV6(packet)
        }
    }

    private init(
        source: IPAddress, destination: IPAddress, transport: UInt8, hopLimit: UInt8, isFragment: Bool,
        content: Range<Int>
    ) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.hopLimit = hopLimit
        self.isFragment = isFragment
        self.content = content
    }

    private static func readV4(_ packet: RawSpan) throws(WireError) -> IPHeader {
        var reader = WireReader(packet)
        let first = try reader.readUInt8()
        let headerByteCount = Int(first & 15) * 4
        guard first >> 4 == 4, headerByteCount >= 20 else { throw .invalid(field: "version") }
        try reader.skip(1)
        let byteCount = Int(try reader.readUInt16())
        guard byteCount >= headerByteCount, byteCount <= packet.byteCount else { throw .invalid(field: "length") }
        try reader.skip(2)
        // More fragments, or not the first one.
        let isFragment = try reader.readUInt16() & 0x3fff != 0
        let hopLimit = try reader.readUInt8()
        let transport = try reader.readUInt8()
        try reader.skip(2)
        let source = try reader.readIPv4()
        let destination = try reader.readIPv4()
        var sum = InternetSum()
        sum.add(packet.extracting(..<headerByteCount))
        guard sum.checksum == 0 else { throw .invalid(field: "checksum") }
        return IPHeader(
            source: source, destination: destination, transport: transport, hopLimit: hopLimit,
            isFragment: isFragment, content: headerByteCount..<byteCount)
    }

    private static func readV6(_ packet: RawSpan) throws(WireError) -> IPHeader {
        var reader = WireReader(packet)
        guard try reader.readUInt32() >> 28 == 6 else { throw .invalid(field: "version") }
        let byteCount = Int(try reader.readUInt16())
        let transport = try reader.readUInt8()
        let hopLimit = try reader.readUInt8()
        let source = try reader.readIPv6()
        let destination = try reader.readIPv6()
        guard byteCount <= reader.left else { throw .invalid(field: "length") }
        return IPHeader(
            source: source, destination: destination, transport: transport, hopLimit: hopLimit, isFragment: false,
            content: 40..<40 + byteCount)
    }

    /// A packet with `content`: not to be cut, precedence 0. Neighbour discovery asks for a hop limit of 255.
    static func packet(
        from source: IPAddress, to destination: IPAddress, transport: UInt8, hopLimit: UInt8 = 64, content: [UInt8]
    ) -> [UInt8] {
        var writer = WireWriter(capacity: 40 + content.count)
        switch source.family {
        case .v4:
            writer.write(UInt32(0x4500) << 16 | UInt32(20 + content.count))
            writer.write(UInt32(0x4000))
            writer.write(UInt16(hopLimit) << 8 | UInt16(transport))
            var sum = InternetSum()
            sum.add(writer.bytes)
            sum.add(source.bytes + destination.bytes)
            writer.write(sum.checksum)
        case .v6:
            writer.write(UInt32(6) << 28)
            writer.write(UInt16(content.count))
            writer.write(UInt16(transport) << 8 | UInt16(hopLimit))
        }
        writer.write(bare: source)
        writer.write(bare: destination)
        writer.write(raw: content)
        return writer.bytes
    }
}
