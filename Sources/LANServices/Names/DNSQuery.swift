import WireFormat

/// A question to a name server (RFC 1035 §4).
///
///     | identifier 2 | flags 2 | questions 2 = 1 | answers 2 = 0 | authorities 2 = 0 | additional 2 |
///     | name: length 1, label, ..., 0 | type 2 | class 2 | additional records |
package struct DNSQuery: Equatable, Sendable {
    /// What is asked for, or an answer's (RFC 1035 §3.2.2, RFC 3596 §2.1, RFC 6891 §6.1.1).
    enum Record {
        static let address: UInt16 = 1
        static let authority: UInt16 = 6
        static let pointer: UInt16 = 12
        static let address6: UInt16 = 28
        static let options: UInt16 = 41
        static let any: UInt16 = 255
    }

    let identifier: UInt16
    /// Operation and whether recursion is desired: what an answer repeats.
    let repeatedFlags: UInt16
    /// The labels in lower case.
    let name: [String]
    let type: UInt16
    /// The question as it was asked: names come back in the letters in which they were asked for.
    let question: [UInt8]
    /// How long an answer may be, if the client has said so (RFC 6891 §6.2.3).
    let sizeLimit: Int?

    /// Where the name of a question stands in a message.
    static let headerByteCount = 12
    static let internet: UInt16 = 1
    static let repeatedFlagsMask: UInt16 = 0x7900
    /// Additional records of a question: EDNS, a signature.
    private static let additionalLimit = 4

    /// Reads a message of a client. What is no proper question says how it is answered, if at all.
    init(reading message: RawSpan) throws(DNSFault) {
        var reader = WireReader(message)
        guard let identifier = try? reader.readUInt16(), let flags = try? reader.readUInt16(), flags >> 15 == 0,
            message.byteCount >= Self.headerByteCount
        else { throw .silent }
        let head = DNSHead(identifier: identifier, repeatedFlags: flags & Self.repeatedFlagsMask)
        guard flags >> 11 & 15 == 0 else { throw .answered(head, .notImplemented) }
        self.identifier = identifier
        repeatedFlags = head.repeatedFlags
        let recordClass: UInt16
        let isKnown: Bool
        do throws(WireError) {
            let counts = (try reader.readUInt16(), try reader.readUInt32(), try reader.readUInt16())
            guard counts.0 == 1, counts.1 == 0, counts.2 <= Self.additionalLimit else {
                throw .invalid(field: "counts")
            }
            name = try Self.readName(&reader)
            type = try reader.readUInt16()
            recordClass = try reader.readUInt16()
            let end = message.byteCount - reader.left
            var again = WireReader(message.extracting(Self.headerByteCount..<end))
            question = try again.readBytes(again.left)
            (sizeLimit, isKnown) = try Self.readOptions(&reader, count: Int(counts.2))
        } catch {
            throw .answered(head, .malformed)
        }
        guard recordClass == Self.internet else { throw .answered(head, .refused) }
        guard isKnown else { throw .answered(head, .badVersion) }
    }

    /// Labels up to the root. A question has nothing before it that it could point to.
    private static func readName(_ reader: inout WireReader) throws(WireError) -> [String] {
        var labels: [String] = []
        var byteCount = 1
        while true {
            let count = Int(try reader.readUInt8())
            if count == 0 { return labels }
            byteCount += count + 1
            guard count <= 63, byteCount <= 255 else { throw .invalid(field: "name") }
            let bytes = try reader.readBytes(count)
            let lowered = bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
            labels.append(String(decoding: lowered, as: UTF8.self))
        }
    }

    /// Looks for the record of EDNS; `isKnown`: its version is 0, or there is none.
    private static func readOptions(
        _ reader: inout WireReader, count: Int
    ) throws(WireError) -> (sizeLimit: Int?, isKnown: Bool) {
        var found: (Int, Bool)?
        for _ in 0..<count {
            let isRoot = try readName(&reader).isEmpty
            let type = try reader.readUInt16()
            let size = try reader.readUInt16()
            let version = try reader.readUInt32() >> 16 & 255
            try reader.skip(Int(try reader.readUInt16()))
            guard type == Record.options else { continue }
            guard isRoot, found == nil else { throw .invalid(field: "options") }
            found = (Int(size), version == 0)
        }
        return found ?? (nil, true)
    }
}

/// What an answer repeats of a question.
struct DNSHead: Equatable {
    let identifier: UInt16
    let repeatedFlags: UInt16
}

/// What is the matter with a message to a name server.
enum DNSFault: Error {
    /// It is no question: an answer to it could begin a quarrel of two servers.
    case silent
    case answered(DNSHead, DNSResponseCode)
}

/// RFC 1035 §4.1.1, RFC 6891 §9.
enum DNSResponseCode: UInt16 {
    case done = 0
    case malformed = 1
    case failed = 2
    case noSuchName = 3
    case notImplemented = 4
    case refused = 5
    /// An extended code: its upper bits are in the record of EDNS.
    case badVersion = 16
}
