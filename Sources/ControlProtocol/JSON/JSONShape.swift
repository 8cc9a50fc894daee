/// A JSON text of another shape than the message it should be.
package enum JSONShapeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A member that must be there is not.
    case missing(String)
    /// A member is not what it must be.
    case wrong(String, expected: String)

    package var description: String {
        switch self {
        case .missing(let key): "\"\(key)\" is missing"
        case .wrong(let key, let expected): "\"\(key)\" is not \(expected)"
        }
    }
}

/// Reads the members of one object into Swift values. An optional member may be absent or `null`; keys that it is not
/// asked for are ignored, so that a newer sender may add some.
package struct JSONShape {
    private let object: JSONObject

    /// `name` is what the error calls the value when it is no object.
    package init(_ value: JSONValue, name: String) throws(JSONShapeError) {
        guard case .object(let object) = value else { throw .wrong(name, expected: "an object") }
        self.object = object
    }

    /// The member `key`, which may be anything but absent.
    package func value(_ key: String) throws(JSONShapeError) -> JSONValue {
        guard let value = object[key] else { throw .missing(key) }
        return value
    }

    /// The member `key`; `nil` when it is absent or `null`.
    package func optionalValue(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    /// A string; `nil` when it is absent or `null`.
    package func optionalText(_ key: String) throws(JSONShapeError) -> String? {
        guard let value = optionalValue(key) else { return nil }
        guard case .string(let text) = value else { throw .wrong(key, expected: "a string") }
        return text
    }

    /// A string.
    package func text(_ key: String) throws(JSONShapeError) -> String {
        guard let text = try optionalText(key) else { throw .missing(key) }
        return text
    }

    /// A string that `Parsed` can be read from: an address, a prefix, a node.
    package func optionalParsed<Parsed: LosslessStringConvertible>(
        _ key: String, _ type: Parsed.Type = Parsed.self
    ) throws(JSONShapeError) -> Parsed? {
        guard let text = try optionalText(key) else { return nil }
        guard let parsed = Parsed(text) else { throw .wrong(key, expected: "a \(type)") }
        return parsed
    }

    /// A string that must be there and that `Parsed` can be read from.
    package func parsed<Parsed: LosslessStringConvertible>(
        _ key: String, _ type: Parsed.Type = Parsed.self
    ) throws(JSONShapeError) -> Parsed {
        guard let parsed = try optionalParsed(key, type) else { throw .missing(key) }
        return parsed
    }

    /// A string that names a case of an enumeration.
    package func optionalCode<Code: RawRepresentable<String>>(
        _ key: String, _ type: Code.Type = Code.self
    ) throws(JSONShapeError) -> Code? {
        guard let text = try optionalText(key) else { return nil }
        guard let code = Code(rawValue: text) else { throw .wrong(key, expected: "a known code") }
        return code
    }

    /// A string that must be there and that names a case of an enumeration.
    package func code<Code: RawRepresentable<String>>(
        _ key: String, _ type: Code.Type = Code.self
    ) throws(JSONShapeError) -> Code {
        guard let code = try optionalCode(key, type) else { throw .missing(key) }
        return code
    }

    /// An array of strings that each name a case of an enumeration.
    package func codes<Code: RawRepresentable<String>>(
        _ key: String, _ type: Code.Type = Code.self
    ) throws(JSONShapeError) -> [Code] {
        try list(key) { (element) throws(JSONShapeError) -> Code in
            guard case .string(let text) = element, let code = Code(rawValue: text) else {
                throw .wrong(key, expected: "a list of known codes")
            }
            return code
        }
    }

    /// A whole number that fits `Number`.
    package func optionalInteger<Number: FixedWidthInteger>(
        _ key: String, _ type: Number.Type = Number.self
    ) throws(JSONShapeError) -> Number? {
        guard let value = optionalValue(key) else { return nil }
        let number: Number? =
            switch value {
            case .integer(let small): Number(exactly: small)
            case .unsigned(let large): Number(exactly: large)
            default: nil
            }
        guard let number else { throw .wrong(key, expected: "a \(type)") }
        return number
    }

    /// A whole number that must be there and fits `Number`.
    package func integer<Number: FixedWidthInteger>(
        _ key: String, _ type: Number.Type = Number.self
    ) throws(JSONShapeError) -> Number {
        guard let number = try optionalInteger(key, type) else { throw .missing(key) }
        return number
    }

    /// A number.
    package func optionalNumber(_ key: String) throws(JSONShapeError) -> Double? {
        switch optionalValue(key) {
        case nil: return nil
        case .number(let number): return number
        case .integer(let number): return Double(number)
        case .unsigned(let number): return Double(number)
        default: throw .wrong(key, expected: "a number")
        }
    }

    /// A truth value.
    package func optionalTruth(_ key: String) throws(JSONShapeError) -> Bool? {
        guard let value = optionalValue(key) else { return nil }
        guard case .bool(let truth) = value else { throw .wrong(key, expected: "true or false") }
        return truth
    }

    /// A truth value that must be there.
    package func truth(_ key: String) throws(JSONShapeError) -> Bool {
        guard let truth = try optionalTruth(key) else { throw .missing(key) }
        return truth
    }

    /// An array whose elements `read` understands; empty when it is absent or `null`.
    package func list<Element>(
        _ key: String, _ read: (JSONValue) throws(JSONShapeError) -> Element
    ) throws(JSONShapeError) -> [Element] {
        guard let value = optionalValue(key) else { return [] }
        guard case .array(let elements) = value else { throw .wrong(key, expected: "an array") }
        var result: [Element] = []
        result.reserveCapacity(elements.count)
        for element in elements { result.append(try read(element)) }
        return result
    }

    /// An array of strings, each read as `Parsed`.
    package func parsedList<Parsed: LosslessStringConvertible>(
        _ key: String, _ type: Parsed.Type = Parsed.self
    ) throws(JSONShapeError) -> [Parsed] {
        try list(key) { (element) throws(JSONShapeError) -> Parsed in
            guard case .string(let text) = element, let parsed = Parsed(text) else {
                throw .wrong(key, expected: "a list of \(type)")
            }
            return parsed
        }
    }
}
