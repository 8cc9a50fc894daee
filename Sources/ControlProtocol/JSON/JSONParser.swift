/// Why a text is not JSON that we take. Offsets are in bytes from the start.
package enum JSONError: Error, Equatable, Sendable {
    /// More bytes than the caller allows.
    case tooLong
    /// Arrays and objects nested deeper than `JSONLimits.depth`.
    case tooDeep(offset: Int)
    /// The text ends inside a value.
    case truncated
    /// A byte that the grammar does not allow there; also what follows a complete value.
    case unexpected(offset: Int)
    /// A string with an invalid escape, an unpaired surrogate, a raw control character, or invalid UTF-8.
    case invalidString(offset: Int)
    /// A number that no `Double` holds.
    case numberOutOfRange(offset: Int)
    /// Two members of one object have the same name.
    case duplicateKey(offset: Int)
}

/// Limits of the JSON that we read.
package enum JSONLimits {
    /// Bytes of one text, unless the caller allows more.
    package static let byteCount = 1 << 20
    /// Nesting; our own messages need 5.
    package static let depth = 32
}

extension JSONValue {
    /// Reads exactly one value, with nothing but blanks around it (RFC 8259 §2).
    package init(parsing bytes: [UInt8], byteCountLimit: Int = JSONLimits.byteCount) throws(JSONError) {
        guard bytes.count <= byteCountLimit else { throw .tooLong }
        var parser = JSONParser(bytes: bytes)
        self = try parser.parseText()
    }

    /// Reads exactly one value.
    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}

/// A strict recursive-descent parser; recursion is bounded by `JSONLimits.depth`.
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func parseText() throws(JSONError) -> JSONValue {
        skipBlanks()
        let value = try parseValue(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw .unexpected(offset: position) }
        return value
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        switch try peek() {
        case UInt8(ascii: "{"): return try parseObject(depth: depth)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        default: return try parseNumber()
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONLimits.depth else { throw .tooDeep(offset: position) }
        position += 1
        var object = JSONObject()
        var seen: Set<String> = []
        skipBlanks()
        if try take(UInt8(ascii: "}")) { return .object(object) }
        while true {
            skipBlanks()
            let start = position
            guard try peek() == UInt8(ascii: "\"") else { throw .unexpected(offset: position) }
            let key = try parseString()
            guard seen.insert(key).inserted else { throw .duplicateKey(offset: start) }
            skipBlanks()
            guard try take(UInt8(ascii: ":")) else { throw .unexpected(offset: position) }
            skipBlanks()
            object.append(unchecked: key, try parseValue(depth: depth + 1))
            skipBlanks()
            if try take(UInt8(ascii: "}")) { return .object(object) }
            guard try take(UInt8(ascii: ",")) else { throw .unexpected(offset: position) }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONLimits.depth else { throw .tooDeep(offset: position) }
        position += 1
        var elements: [JSONValue] = []
        skipBlanks()
        if try take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            skipBlanks()
            elements.append(try parseValue(depth: depth + 1))
            skipBlanks()
            if try take(UInt8(ascii: "]")) { return .array(elements) }
            guard try take(UInt8(ascii: ",")) else { throw .unexpected(offset: position) }
        }
    }

    private mutating func parseString() throws(JSONError) -> String {
        let start = position
        position += 1
        var unescaped: [UInt8] = []
        while true {
            let byte = try peek()
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    throw .invalidString(offset: start)
                }
                return text
            case UInt8(ascii: "\\"):
                unescaped.append(contentsOf: UTF8.encode(try parseEscape())!)
            case 0..<0x20:
                throw .invalidString(offset: position - 1)
            default:
                unescaped.append(byte)
            }
        }
    }

    /// What stands behind a reverse solidus.
    private mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
        let byte = try peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try parseUnicodeEscape()
        default: throw .invalidString(offset: position - 1)
        }
    }

    /// `XXXX` or, beyond the basic plane, `XXXX\uXXXX` (RFC 8259 §7).
    private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        let first = try parseFourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xd800..<0xdc00).contains(first), try take(UInt8(ascii: "\\")), try take(UInt8(ascii: "u")) else {
            throw .invalidString(offset: start)
        }
        let second = try parseFourDigits()
        guard (0xdc00..<0xe000).contains(second),
            let scalar = Unicode.Scalar(0x1_0000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw .invalidString(offset: start) }
        return scalar
    }

    private mutating func parseFourDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try peek())).hexDigitValue else {
                throw .invalidString(offset: position)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// RFC 8259 §6: optional minus, digits without a leading zero, optional fraction, optional exponent.
    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = position
        var isWhole = true
        _ = try take(UInt8(ascii: "-"))
        if try !take(UInt8(ascii: "0")) { try skipDigits() }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            try skipDigits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            position += 1
            if try !take(UInt8(ascii: "+")) { _ = try take(UInt8(ascii: "-")) }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let small = Int64(text) { return .integer(small) }
        if isWhole, let large = UInt64(text) { return .unsigned(large) }
        guard let number = Double(text), number.isFinite else { throw .numberOutOfRange(offset: start) }
        return .number(number)
    }

    /// At least one decimal digit.
    private mutating func skipDigits() throws(JSONError) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        guard position > start else {
            if position == bytes.count { throw .truncated }
            throw .unexpected(offset: position)
        }
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard try take(word.utf8Start[index]) else { throw .unexpected(offset: position) }
        }
        return value
    }

    private mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        return bytes[position]
    }

    /// Moves over `byte` if it comes next.
    private mutating func take(_ byte: UInt8) throws(JSONError) -> Bool {
        guard try peek() == byte else { return false }
        position += 1
        return true
    }
}
