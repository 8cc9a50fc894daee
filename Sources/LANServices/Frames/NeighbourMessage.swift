import NetworkTypes
import WireFormat

/// A neighbour solicitation or advertisement (RFC 4861 §4.3, §4.4).
///
///     | type 1 | code 1 = 0 | checksum 2 | flags 4 | target 16 | options: type 1, count of 8 bytes 1, ... |
struct NeighbourMessage: Equatable {
    enum Kind: UInt8 {
        case solicitation = 135
        case advertisement = 136
    }

    let kind: Kind
    let target: IPAddress
    /// Of a solicitation its sender's, of an advertisement the target's link-layer address, if it tells one.
    let linkLayer: MACAddress?
    /// An advertisement that answers a solicitation.
    var isSolicited = false

    /// Options of a message that are looked at: one of each kind that RFC 4861 knows, and as many again.
    private static let optionLimit = 10

    init(kind: Kind, target: IPAddress, linkLayer: MACAddress?, isSolicited: Bool = false) {
        self.kind = kind
        self.target = target
        self.linkLayer = linkLayer
        self.isSolicited = isSolicited
    }

    /// Reads the content of an ICMPv6 packet, as RFC 4861 §7.1 has it validated; `nil` for other messages.
    init?(reading content: RawSpan, of packet: IPHeader) throws(WireError) {
        var reader = WireReader(content)
        guard let kind = Kind(rawValue: try reader.readUInt8()) else { return nil }
        guard packet.hopLimit == 255, try reader.readUInt8() == 0 else { throw .invalid(field: "hop limit") }
        try reader.skip(2)
        let flags = try reader.readUInt32()
        let target = try reader.readIPv6()
        guard !target.isMulticast else { throw .invalid(field: "target") }
        var sum = InternetSum(
            from: packet.source, to: packet.destination, transport: IPHeader.Transport.icmpV6,
            byteCount: content.byteCount)
        sum.add(content)
        guard sum.checksum == 0 else { throw .invalid(field: "checksum") }
        self.kind = kind
        self.target = target
        isSolicited = flags >> 30 & 1 == 1
        linkLayer = try Self.readLinkLayer(of: kind, &reader)
        guard kind == .advertisement || !packet.source.isUnspecified || linkLayer == nil else {
            throw .invalid(field: "link layer of nobody")
        }
    }

    private static func readLinkLayer(of kind: Kind, _ reader: inout WireReader) throws(WireError) -> MACAddress? {
        var found: MACAddress?
        var count = 0
        while reader.left > 0 {
            count += 1
            guard count <= optionLimit else { throw .tooLong(field: "options", count: count, limit: optionLimit) }
            let type = try reader.readUInt8()
            let byteCount = Int(try reader.readUInt8()) * 8
            guard byteCount > 0 else { throw .invalid(field: "option length") }
            guard type == linkLayerOption(of: kind), byteCount == 8 else {
                try reader.skip(byteCount - 2)
                continue
            }
            found = try reader.readMACAddress()
        }
        return found
    }

    private static func linkLayerOption(of kind: Kind) -> UInt8 { kind == .solicitation ? 1 : 2 }

    /// A whole IPv6 packet with the message in it.
    func packet(from source: IPAddress, to destination: IPAddress) -> [UInt8] {
        var message = WireWriter(capacity: 32)
        message.write(UInt16(kind.rawValue) << 8)
        message.write(UInt16(0))
        // An advertisement overrides what the cache has.
        let flags: UInt32 = kind == .solicitation ? 0 : (isSolicited ? 3 : 1) << 29
        message.write(flags)
        message.write(bare: target)
        if let linkLayer {
            message.write(UInt16(Self.linkLayerOption(of: kind)) << 8 | 1)
            message.write(linkLayer)
        }
        return ICMPPacket.packet(from: source, to: destination, hopLimit: 255, message: message.bytes)
    }

    /// The group in which the owner of `target` listens for solicitations (RFC 4291 §2.7.1).
    static func solicitedGroup(of target: IPAddress) -> IPAddress {
        IPAddress(v6High: 0xff02 << 48, low: 0x1_ff00_0000 | target.low & 0xff_ffff)
    }

    /// ff02::1.
    static let allNodes = IPAddress(v6High: 0xff02 << 48, low: 1)
}
