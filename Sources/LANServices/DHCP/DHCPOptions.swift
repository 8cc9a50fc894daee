import NetworkTypes
import WireFormat

/// The options of a DHCP message in their order (RFC 2132), long ones put together (RFC 3396).
struct DHCPOptions: Equatable {
    struct Entry: Equatable {
        let code: DHCPOption
        var bytes: [UInt8]
    }

    private(set) var entries: [Entry] = []

    /// Different options of one message; clients send about ten.
    private static let entryLimit = 64
    /// Pieces of options, and bytes of filling, of one message: as many as a frame holds.
    private static let pieceLimit = 1_500

    init() {}

    /// The bytes of an option; `nil` when the message has none.
    subscript(code: DHCPOption) -> [UInt8]? { entries.first { $0.code == code }?.bytes }

    /// Adds an option behind those that are there.
    mutating func append(_ code: DHCPOption, _ bytes: [UInt8]) { entries.append(Entry(code: code, bytes: bytes)) }

    /// Adds addresses as an option, if there are any.
    mutating func append(_ code: DHCPOption, _ addresses: [IPAddress]) {
        if !addresses.isEmpty { append(code, addresses.flatMap(\.bytes)) }
    }

    /// Adds a number of 32 bits as an option.
    mutating func append(_ code: DHCPOption, _ value: UInt32) {
        append(code, (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) })
    }

    mutating func remove(_ code: DHCPOption) { entries.removeAll { $0.code == code } }

    /// The address that an option holds; `nil` when the message has none. Another length is an error.
    func address(_ code: DHCPOption) throws(LANDrop) -> IPAddress? {
        guard let bytes = self[code] else { return nil }
        guard bytes.count == 4, let address = IPAddress(bytes: bytes) else { throw .dhcpOptionLength }
        return address
    }

    /// The number of one or two bytes that an option holds.
    func number(_ code: DHCPOption, byteCount: Int) throws(LANDrop) -> Int? {
        guard let bytes = self[code] else { return nil }
        guard bytes.count == byteCount else { throw .dhcpOptionLength }
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// Reads one field of options: up to its end mark, or its end.
    mutating func read(_ field: RawSpan) throws(WireError) {
        var reader = WireReader(field)
        var pieces = 0
        while reader.left > 0 {
            pieces += 1
            guard pieces <= Self.pieceLimit else {
                throw .tooLong(field: "options", count: pieces, limit: Self.pieceLimit)
            }
            let code = DHCPOption(rawValue: try reader.readUInt8())
            if code == .pad { continue }
            if code == .end { return }
            let bytes = try reader.readBytes(Int(try reader.readUInt8()))
            if let index = entries.firstIndex(where: { $0.code == code }) {
                entries[index].bytes += bytes
            } else {
                guard entries.count < Self.entryLimit else {
                    throw .tooLong(field: "options", count: entries.count + 1, limit: Self.entryLimit)
                }
                entries.append(Entry(code: code, bytes: bytes))
            }
        }
    }

    /// The field's bytes, its end mark included.
    var encoded: [UInt8] {
        var writer = WireWriter()
        for entry in entries {
            var rest = entry.bytes[...]
            repeat {
                let piece = rest.prefix(255)
                writer.write(entry.code.rawValue)
                writer.write(UInt8(piece.count))
                writer.write(raw: piece)
                rest = rest.dropFirst(255)
            } while !rest.isEmpty
        }
        writer.write(DHCPOption.end.rawValue)
        return writer.bytes
    }
}

/// The number of an option (RFC 2132, RFC 3046, RFC 3442).
struct DHCPOption: RawRepresentable, Equatable {
    let rawValue: UInt8

    static let pad = DHCPOption(rawValue: 0)
    static let subnetMask = DHCPOption(rawValue: 1)
    static let routers = DHCPOption(rawValue: 3)
    static let nameServers = DHCPOption(rawValue: 6)
    static let hostName = DHCPOption(rawValue: 12)
    static let domainName = DHCPOption(rawValue: 15)
    static let interfaceMTU = DHCPOption(rawValue: 26)
    static let broadcastAddress = DHCPOption(rawValue: 28)
    static let requestedAddress = DHCPOption(rawValue: 50)
    static let leaseTime = DHCPOption(rawValue: 51)
    static let overload = DHCPOption(rawValue: 52)
    static let messageType = DHCPOption(rawValue: 53)
    static let serverIdentifier = DHCPOption(rawValue: 54)
    static let parameterList = DHCPOption(rawValue: 55)
    static let maximumSize = DHCPOption(rawValue: 57)
    static let renewalTime = DHCPOption(rawValue: 58)
    static let rebindingTime = DHCPOption(rawValue: 59)
    static let vendorClass = DHCPOption(rawValue: 60)
    static let clientIdentifier = DHCPOption(rawValue: 61)
    static let relayInformation = DHCPOption(rawValue: 82)
    static let classlessRoutes = DHCPOption(rawValue: 121)
    static let end = DHCPOption(rawValue: 255)
}
