import NetworkTypes
import WireFormat

/// The header of an Ethernet frame without VLAN tags (IEEE 802.3 §3, type interpretation).
///
///     | destination 6 | source 6 | type 2 |
struct EthernetHeader: Equatable {
    static let byteCount = 14

    /// What follows the header.
    enum Content: UInt16 {
        case ipv4 = 0x0800
        case arp = 0x0806
        case ipv6 = 0x86dd
    }

    let destination: MACAddress
    let source: MACAddress
    let content: Content

    init(destination: MACAddress, source: MACAddress, content: Content) {
        self.destination = destination
        self.source = source
        self.content = content
    }

    /// Reads the first bytes of a frame. Other contents, and sources that are no station, are errors.
    init(reading frame: RawSpan) throws(WireError) {
        var reader = WireReader(frame)
        destination = try reader.readMACAddress()
        source = try reader.readMACAddress()
        guard source.isStation else { throw .invalid(field: "source") }
        let type = try reader.readUInt16()
        guard let content = Content(rawValue: type) else {
            throw .unknownValue(field: "type", value: UInt64(type))
        }
        self.content = content
    }

    /// The whole frame with `payload`, filled up to the 60 bytes that a frame has at least.
    func frame(_ payload: [UInt8]) -> [UInt8] {
        var writer = WireWriter(capacity: max(60, Self.byteCount + payload.count))
        writer.write(destination)
        writer.write(source)
        writer.write(content.rawValue)
        writer.write(raw: payload)
        writer.write(raw: repeatElement(0, count: max(0, 60 - Self.byteCount - payload.count)))
        return writer.bytes
    }
}
