package import WireFormat

/// What two linked members say to each other. The first byte is the type.
package enum RingMessage: Equatable, Sendable {
    case status(LinkStatus)
    /// The status of this version has arrived.
    case statusAnswer(version: UInt32)
    /// A packet on its way to somebody.
    case packet(RoutedPacket)
    /// The sender goes; these are the neighbours that it leaves behind.
    case leaving([RingContact])

    private enum Tag: UInt8 {
        case status = 1
        case statusAnswer = 2
        case packet = 3
        case leaving = 4
    }

    /// Where the hop count of a `.packet` stands.
    static let hopCountOffset = 4

    /// Whether these are the bytes of a `.packet`.
    static func isPacket(_ bytes: RawSpan) -> Bool {
        bytes.byteCount > hopCountOffset && bytes.unsafeLoad(as: UInt8.self) == Tag.packet.rawValue
    }

    /// Reads the packet of a message, but not its payload.
    static func passingPacket(reading bytes: RawSpan) throws(WireError) -> RoutedPacket {
        var reader = WireReader(bytes)
        try reader.skip(1)
        let packet = try RoutedPacket(reading: &reader, isPassing: true)
        try reader.finish()
        return packet
    }

    /// The message's bytes.
    package var encoded: [UInt8] {
        var writer = WireWriter(capacity: capacity)
        switch self {
        case .status(let status):
            writer.write(Tag.status.rawValue)
            status.write(to: &writer)
        case .statusAnswer(let version):
            writer.write(Tag.statusAnswer.rawValue)
            writer.write(version)
        case .packet(let packet):
            writer.write(Tag.packet.rawValue)
            packet.write(to: &writer)
        case .leaving(let contacts):
            writer.write(Tag.leaving.rawValue)
            writer.write(contacts: contacts, limit: RingLimits.contacts)
        }
        return writer.bytes
    }

    /// Room enough for most messages of the kind.
    private var capacity: Int {
        switch self {
        case .status(let status): status.neighbours == nil ? 16 : 384
        case .statusAnswer: 5
        case .packet(let packet): 96 + packet.payload.count
        case .leaving: 384
        }
    }

    /// Reads a message that fills `bytes`.
    package init(reading bytes: RawSpan) throws(WireError) {
        var reader = WireReader(bytes)
        let tag = try reader.readUInt8()
        switch Tag(rawValue: tag) {
        case .status: self = .status(try LinkStatus(reading: &reader))
        case .statusAnswer: self = .statusAnswer(version: try reader.readUInt32())
        case .packet: self = .packet(try RoutedPacket(reading: &reader))
        case .leaving: self = .leaving(try reader.readContacts(limit: RingLimits.contacts))
        case nil: throw .unknownValue(field: "ring message", value: UInt64(tag))
        }
        try reader.finish()
    }
}
