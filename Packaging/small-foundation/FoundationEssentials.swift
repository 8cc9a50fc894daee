/// A stand-in for FoundationEssentials, of which swift-argument-parser uses a protocol and a JSON encoder.
///
/// The real module adds 7 MB to a statically linked `ipop`, a third of all that the package may take. `build-deb`
/// compiles this one in its place; nothing else that ships imports Foundation, and `TidyTests` sees to that.

/// An error that can say what it is.
public protocol LocalizedError: Error {
    var errorDescription: String? { get }
}

extension LocalizedError {
    public var errorDescription: String? { nil }
}

/// A row of bytes.
public struct Data {
    let bytes: [UInt8]
}

extension String {
    public enum Encoding { case utf8 }

    public init?(data: Data, encoding: Encoding) {
        self.init(decoding: data.bytes, as: UTF8.self)
    }
}

/// Writes values as JSON, indented and with sorted keys whatever is asked for.
public final class JSONEncoder {
    public struct OutputFormatting: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        public static let prettyPrinted = OutputFormatting(rawValue: 1)
        public static let sortedKeys = OutputFormatting(rawValue: 2)
    }

    public var outputFormatting: OutputFormatting = []

    public init() {}

    public func encode<T: Encodable>(_ value: T) throws -> Data {
        let place = Place()
        try value.encode(to: ValueEncoder(place: place, codingPath: []))
        return Data(bytes: Array(place.text(indent: "").utf8))
    }
}

/// Where a value will stand.
private final class Place {
    enum Content {
        case nothing
        case literal(String)
        case list([Place])
        case object([(key: String, place: Place)])
    }

    var content = Content.nothing

    func text(indent: String) -> String {
        let inner = indent + "  "
        switch content {
        case .nothing: return "{}"
        case .literal(let text): return text
        case .list(let places):
            if places.isEmpty { return "[]" }
            return "[\n" + places.map { inner + $0.text(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            let lines = members.sorted { $0.key < $1.key }.map { member in
                inner + Self.quoted(member.key) + " : " + member.place.text(indent: inner)
            }
            return lines.isEmpty ? "{}" : "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    func append() -> Place {
        let place = Place()
        if case .list(let places) = content { content = .list(places + [place]) } else { content = .list([place]) }
        return place
    }

    func member(_ key: String) -> Place {
        let place = Place()
        if case .object(let members) = content {
            content = .object(members + [(key, place)])
        } else {
            content = .object([(key, place)])
        }
        return place
    }

    /// RFC 8259 §7.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

private struct ValueEncoder: Encoder {
    let place: Place
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .nothing = place.content { place.content = .object([]) }
        return KeyedEncodingContainer(Members<Key>(place: place, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .nothing = place.content { place.content = .list([]) }
        return Items(place: place, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Value(place: place, codingPath: codingPath) }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: Place
    let codingPath: [any CodingKey]

    mutating func encodeNil(forKey key: Key) { place.member(key.stringValue).content = .literal("null") }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try value.encode(to: ValueEncoder(place: place.member(key.stringValue), codingPath: codingPath + [key]))
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
        -> KeyedEncodingContainer<Nested>
    {
        ValueEncoder(place: place.member(key.stringValue), codingPath: codingPath + [key]).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        ValueEncoder(place: place.member(key.stringValue), codingPath: codingPath + [key]).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { ValueEncoder(place: place.member("super"), codingPath: codingPath) }

    mutating func superEncoder(forKey key: Key) -> any Encoder {
        ValueEncoder(place: place.member(key.stringValue), codingPath: codingPath + [key])
    }
}

private struct Items: UnkeyedEncodingContainer {
    let place: Place
    let codingPath: [any CodingKey]
    var count: Int {
        if case .list(let places) = place.content { places.count } else { 0 }
    }

    mutating func encodeNil() { place.append().content = .literal("null") }

    mutating func encode<T: Encodable>(_ value: T) throws {
        try value.encode(to: ValueEncoder(place: place.append(), codingPath: codingPath))
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        ValueEncoder(place: place.append(), codingPath: codingPath).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        ValueEncoder(place: place.append(), codingPath: codingPath).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { ValueEncoder(place: place.append(), codingPath: codingPath) }
}

private struct Value: SingleValueEncodingContainer {
    let place: Place
    let codingPath: [any CodingKey]

    mutating func encodeNil() { place.content = .literal("null") }
    mutating func encode(_ value: Bool) { place.content = .literal(value ? "true" : "false") }
    mutating func encode(_ value: String) { place.content = .literal(Place.quoted(value)) }
    mutating func encode(_ value: Double) { place.content = .literal("\(value)") }
    mutating func encode(_ value: Float) { place.content = .literal("\(value)") }
    mutating func encode(_ value: Int) { place.content = .literal("\(value)") }
    mutating func encode(_ value: Int8) { place.content = .literal("\(value)") }
    mutating func encode(_ value: Int16) { place.content = .literal("\(value)") }
    mutating func encode(_ value: Int32) { place.content = .literal("\(value)") }
    mutating func encode(_ value: Int64) { place.content = .literal("\(value)") }
    mutating func encode(_ value: UInt) { place.content = .literal("\(value)") }
    mutating func encode(_ value: UInt8) { place.content = .literal("\(value)") }
    mutating func encode(_ value: UInt16) { place.content = .literal("\(value)") }
    mutating func encode(_ value: UInt32) { place.content = .literal("\(value)") }
    mutating func encode(_ value: UInt64) { place.content = .literal("\(value)") }

    mutating func encode<T: Encodable>(_ value: T) throws {
        try value.encode(to: ValueEncoder(place: place, codingPath: codingPath))
    }
}
