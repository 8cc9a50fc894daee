extension JSONValue {
    /// The value on one line, without blanks and without line breaks: what goes over the control socket.
    package var compact: String {
        var writer = JSONWriter(indentation: nil)
        writer.write(self, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The value over several lines, indented by two blanks, without a line break at the end.
    package var pretty: String {
        var writer = JSONWriter(indentation: 2)
        writer.write(self, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// Prints JSON (RFC 8259). Equal values print equal bytes.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let indentation: Int?

    init(indentation: Int?) { self.indentation = indentation }

    mutating func write(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: put("null")
        case .bool(let truth): put(truth ? "true" : "false")
        case .integer(let number): put(String(number))
        case .unsigned(let number): put(String(number))
        // The shortest text that reads back as the same value: 0.4, 12.0, 1e-07.
        case .number(let number): put(number.isFinite ? number.description : "null")
        case .string(let text): writeString(text)
        case .array(let elements): writeArray(elements, depth: depth)
        case .object(let object): writeObject(object, depth: depth)
        }
    }

    private mutating func writeArray(_ elements: [JSONValue], depth: Int) {
        put("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { put(",") }
            breakLine(depth: depth + 1)
            write(element, depth: depth + 1)
        }
        if !elements.isEmpty { breakLine(depth: depth) }
        put("]")
    }

    private mutating func writeObject(_ object: JSONObject, depth: Int) {
        put("{")
        for (index, member) in object.members.enumerated() {
            if index > 0 { put(",") }
            breakLine(depth: depth + 1)
            writeString(member.key)
            put(indentation == nil ? ":" : ": ")
            write(member.value, depth: depth + 1)
        }
        if !object.members.isEmpty { breakLine(depth: depth) }
        put("}")
    }

    /// RFC 8259 §7: quotation mark, reverse solidus and the control characters must be escaped, nothing else is. DEL
    /// and the C1 controls are escaped too: a peer's text must not drive the terminal that shows it.
    private mutating func writeString(_ text: String) {
        put("\"")
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: put("\\\"")
            case 0x5c: put("\\\\")
            case 0x08: put("\\b")
            case 0x09: put("\\t")
            case 0x0a: put("\\n")
            case 0x0c: put("\\f")
            case 0x0d: put("\\r")
            case 0..<0x20, 0x7f..<0xa0:
                put("\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16))
            default: bytes.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
        put("\"")
    }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func breakLine(depth: Int) {
        guard let indentation else { return }
        put("\n")
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * indentation))
    }
}
