/// A JSON text (RFC 8259) as a value. Objects keep the order of their members, so that one report prints one way.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits `Int64`.
    case integer(Int64)
    /// A number without fraction or exponent above `Int64.max`; smaller ones are always `.integer`.
    case unsigned(UInt64)
    /// Any other number. Not finite prints as `null`.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// An integer of any width, in its one representation.
    package init(_ value: some BinaryInteger) {
        if let small = Int64(exactly: value) {
            self = .integer(small)
        } else if let large = UInt64(exactly: value) {
            self = .unsigned(large)
        } else {
            self = .number(Double(value))
        }
    }

    /// A text.
    package init(_ text: String) { self = .string(text) }

    /// A truth value.
    package init(_ truth: Bool) { self = .bool(truth) }

    /// `value` in its JSON form, or `null`.
    package static func optional<Wrapped>(_ value: Wrapped?, _ form: (Wrapped) -> JSONValue) -> JSONValue {
        value.map(form) ?? .null
    }

    /// `value` as a string, or `null`.
    package static func text(_ value: (some CustomStringConvertible)?) -> JSONValue {
        value.map { .string($0.description) } ?? .null
    }

    /// An integer, or `null`.
    package static func count(_ value: (some BinaryInteger)?) -> JSONValue {
        value.map { JSONValue($0) } ?? .null
    }

    /// A number rounded to tenths, or `null`: enough for percentages and ages, and short to read.
    package static func tenths(_ value: Double?) -> JSONValue {
        guard let value, value.isFinite else { return .null }
        return .number((value * 10).rounded() / 10)
    }

    /// Every element of `values` in its JSON form.
    package static func list<Element>(_ values: [Element], _ form: (Element) -> JSONValue) -> JSONValue {
        .array(values.map(form))
    }

    /// Every element of `values` as a string.
    package static func texts(_ values: [some CustomStringConvertible]) -> JSONValue {
        .array(values.map { .string($0.description) })
    }

    /// The member `key` of an object; `nil` when there is none or when this is no object.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }

    /// The elements of an array; `nil` for anything else.
    package var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The text of a string; `nil` for anything else.
    package var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}

/// The members of a JSON object, in order, keys unique.
package struct JSONObject: Equatable, Sendable, ExpressibleByDictionaryLiteral {
    /// One name and its value.
    package struct Member: Equatable, Sendable {
        package var key: String
        package var value: JSONValue

        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// In the order in which they are printed.
    package private(set) var members: [Member] = []

    /// An empty object.
    package init() {}

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    /// The keys, in order.
    package var keys: [String] { members.map(\.key) }

    /// Reads, replaces in place, appends, or (with `nil`) removes a member. Linear in the number of members.
    package subscript(key: String) -> JSONValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Appends a member whose key is known to be new: the parser's way in, constant time.
    mutating func append(unchecked key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
