import NetworkTypes
import WireFormat

/// Answers of a name server (RFC 1035 §4).
struct DNSAnswer {
    /// Bytes of an answer to a client that has not said what it takes (RFC 1035 §4.2.1), and the most that anybody
    /// gets: what passes every network in one piece (RFC 9715).
    static let plainByteCount = 512
    static let byteCountLimit = 1_232

    /// One answer record's type and data.
    struct Record {
        let type: UInt16
        let data: [UInt8]
    }

    let query: DNSQuery
    let code: DNSResponseCode
    var records: [Record] = []
    /// The zone whose start of authority tells how long "nothing" holds (RFC 2308 §3); `nil`: nothing is told.
    var zone: [String]?

    /// The message. What does not fit is left out whole, and the client is told so (RFC 2181 §9).
    func encoded(over transport: DNSTransport) -> [UInt8] {
        let limit =
            switch transport {
            case .datagram: min(max(query.sizeLimit ?? 0, Self.plainByteCount), Self.byteCountLimit)
            case .stream: Int(UInt16.max)
            }
        let whole = encode(records, isTruncated: false)
        return whole.count <= limit ? whole : encode([], isTruncated: true)
    }

    private func encode(_ records: [Record], isTruncated: Bool) -> [UInt8] {
        let authority = records.isEmpty && !isTruncated ? zone : nil
        var writer = WireWriter(capacity: Self.plainByteCount)
        writer.write(query.identifier)
        // An answer, by who has authority unless it is refused.
        let authoritative: UInt16 = code == .refused ? 0 : 0x0400
        writer.write(0x8000 | query.repeatedFlags | authoritative | (isTruncated ? 0x0200 : 0) | code.rawValue & 15)
        writer.write(UInt16(1))
        writer.write(UInt16(records.count))
        writer.write(UInt16(authority == nil ? 0 : 1))
        writer.write(UInt16(query.sizeLimit == nil ? 0 : 1))
        writer.write(raw: query.question)
        for record in records {
            // The question's name, by a pointer (RFC 1035 §4.1.4).
            writer.write(UInt16(0xc000) | UInt16(DNSQuery.headerByteCount))
            Self.write(record.type, record.data, &writer)
        }
        if let authority {
            writer.write(raw: Self.name(authority))
            Self.write(DNSQuery.Record.authority, Self.startOfAuthority(authority), &writer)
        }
        if query.sizeLimit != nil { writer.write(raw: Self.options(extended: 0)) }
        return writer.bytes
    }

    /// The answer to what is not a proper question: it repeats nothing of it.
    static func fault(_ head: DNSHead, _ code: DNSResponseCode) -> [UInt8] {
        var writer = WireWriter(capacity: 24)
        writer.write(head.identifier)
        writer.write(0x8000 | head.repeatedFlags | code.rawValue & 15)
        writer.write(UInt32(0))
        writer.write(UInt16(0))
        writer.write(UInt16(code.rawValue > 15 ? 1 : 0))
        if code.rawValue > 15 { writer.write(raw: options(extended: UInt8(code.rawValue >> 4))) }
        return writer.bytes
    }

    /// A name's bytes. Labels of more than 63 bytes cannot be: they come from names that follow the rule.
    static func name(_ labels: [String]) -> [UInt8] {
        labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static func write(_ type: UInt16, _ data: [UInt8], _ writer: inout WireWriter) {
        writer.write(type)
        writer.write(DNSQuery.internet)
        writer.write(LANLimits.nameSeconds)
        writer.write(block: data)
    }

    /// RFC 1035 §3.3.13: server and mailbox are the zone itself, and nobody transfers it.
    private static func startOfAuthority(_ zone: [String]) -> [UInt8] {
        var writer = WireWriter()
        writer.write(raw: name(zone))
        writer.write(raw: name(zone))
        writer.write(UInt32(1))
        for _ in 0..<4 { writer.write(LANLimits.nameSeconds) }
        return writer.bytes
    }

    private static func options(extended: UInt8) -> [UInt8] {
        let size = UInt16(byteCountLimit)
        return [0, 0, 41, UInt8(size >> 8), UInt8(size & 255), extended, 0, 0, 0, 0, 0]
    }
}
