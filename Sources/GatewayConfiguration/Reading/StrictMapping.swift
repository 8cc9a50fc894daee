import NetworkTypes

/// Gathers problems of one file.
struct ProblemList {
    let file: String
    private(set) var problems: [ConfigurationProblem] = []

    init(file: String) { self.file = file }

    var hasErrors: Bool { problems.contains { $0.severity == .error } }

    /// In the file's order.
    var sorted: [ConfigurationProblem] {
        problems.enumerated()
            .sorted {
                ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
            }
            .map(\.element)
    }

    /// Beyond so many problems the rest is not told: a wrong file (a log, a binary) would else print thousands.
    static let limit = 50
    var isFull: Bool { problems.count >= Self.limit }

    mutating func error(
        _ code: ConfigurationCode, at position: SourcePosition?, _ message: String, suggestion: String? = nil
    ) {
        append(ConfigurationProblem(file: file, at: position, .error, code, message, suggestion: suggestion))
    }

    mutating func warning(
        _ code: ConfigurationCode, at position: SourcePosition?, _ message: String, suggestion: String? = nil
    ) {
        append(ConfigurationProblem(file: file, at: position, .warning, code, message, suggestion: suggestion))
    }

    private mutating func append(_ problem: ConfigurationProblem) {
        guard !isFull else { return }
        problems.append(problem)
        if isFull {
            problems.append(ConfigurationProblem(file: file, .syntax, "too many problems; the rest is not told"))
        }
    }
}

/// A mapping of which every key is known and stands once. Its readers report what is wrong and return `nil` then, and
/// also when the key is not there: the caller keeps the default.
struct StrictMapping {
    /// Name of the section; empty at the top.
    let section: String
    let position: SourcePosition
    private var entries: [ConfigurationNode.Entry] = []

    /// Checks the keys of `node`. `homes` tells in which section a key that is not known here belongs.
    init?(
        _ node: ConfigurationNode, section: String, keys: [String], homes: (String) -> String? = { _ in nil },
        _ problems: inout ProblemList
    ) {
        self.section = section
        self.position = node.position
        guard case .mapping(let found) = node.content else {
            let name = section.isEmpty ? "the file" : "'\(section)'"
            let example = keys.prefix(2).map { "\($0): .." }.joined(separator: ", ")
            problems.error(
                .wrongType, at: node.position,
                "\(name) must be a mapping of keys to values, not \(node.kindDescription)",
                suggestion: "write \(section.isEmpty ? example : "\(section): {\(example)}")")
            return nil
        }
        for entry in found where !problems.isFull {
            if let first = entries.first(where: { $0.key == entry.key }) {
                problems.error(
                    .duplicate, at: entry.position, "key '\(entry.key)' stands twice\(place)",
                    suggestion: "it stands at line \(first.position.line) already; keep one")
            } else if keys.contains(entry.key) {
                entries.append(entry)
            } else {
                problems.error(
                    .unknownKey, at: entry.position, "unknown key '\(entry.key)'\(place)",
                    suggestion: Self.suggestion(for: entry.key, keys: keys, homes: homes))
            }
        }
    }

    private var place: String { section.isEmpty ? "" : " in '\(section)'" }

    private static func suggestion(for key: String, keys: [String], homes: (String) -> String?) -> String {
        if let home = homes(key) {
            return home.isEmpty ? "'\(key)' belongs at the top level" : "'\(key)' belongs under '\(home)'"
        }
        return NameSuggestion.text(for: key, among: keys)
    }

    /// The value of `key` if it is there.
    func node(_ key: String) -> ConfigurationNode? {
        entries.first { $0.key == key }?.value
    }

    /// `section.key`, for messages.
    func name(_ key: String) -> String { section.isEmpty ? key : "\(section).\(key)" }

    /// Reports `key` as missing unless it is there.
    func require(_ key: String, example: String, _ problems: inout ProblemList) {
        guard node(key) == nil else { return }
        problems.error(.missingKey, at: position, "'\(name(key))' is missing", suggestion: "add '\(example)'")
    }

    /// A text with its place.
    func text(_ key: String, expected: String, _ problems: inout ProblemList) -> (text: String, at: SourcePosition)? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text, _) = node.content, !node.isAbsent else {
            reportType(key, node, expected: expected, &problems)
            return nil
        }
        return (text, node.position)
    }

    /// A whole number within `range`.
    func integer(_ key: String, in range: ClosedRange<Int>, _ problems: inout ProblemList) -> Int? {
        guard let node = node(key) else { return nil }
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard case .scalar(let text, let isQuoted) = node.content, !node.isAbsent else {
            reportType(key, node, expected: expected, &problems)
            return nil
        }
        guard let value = Self.decimal(text) else {
            if Self.looksNumeric(text) {
                reportValue(key, node, expected: expected, &problems)
            } else {
                reportType(key, node, expected: expected, &problems)
            }
            return nil
        }
        guard !isQuoted else {
            problems.error(
                .wrongType, at: node.position, "'\(name(key))' must be \(expected), not \(node.kindDescription)",
                suggestion: "remove the quotes")
            return nil
        }
        guard range.contains(value) else {
            reportValue(key, node, expected: expected, &problems)
            return nil
        }
        return value
    }

    /// `true` or `false`.
    func boolean(_ key: String, _ problems: inout ProblemList) -> Bool? {
        guard let node = node(key) else { return nil }
        switch node.content {
        case .scalar("true", isQuoted: false): return true
        case .scalar("false", isQuoted: false): return false
        case .scalar(let text, _):
            let meant: String? =
                switch text.lowercased() {
                case "yes", "on", "y", "1", "true": "true"
                case "no", "off", "n", "0", "false": "false"
                default: nil
                }
            problems.error(
                .wrongType, at: node.position, "'\(name(key))' must be true or false, not \(node.kindDescription)",
                suggestion: meant.map { "write \($0)" })
        case .sequence, .mapping:
            reportType(key, node, expected: "true or false", &problems)
        }
        return nil
    }

    /// One of the words of `Choice`.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of type: Choice.Type, _ problems: inout ProblemList
    ) -> (value: Choice, at: SourcePosition)? {
        let words = Choice.allCases.map(\.rawValue)
        let expected = "one of \(words.joined(separator: ", "))"
        guard let (text, position) = text(key, expected: expected, &problems) else { return nil }
        guard let value = Choice(rawValue: text) else {
            problems.error(
                .invalidValue, at: position, "'\(name(key))' must be \(expected), not '\(text)'",
                suggestion: NameSuggestion.nearest(to: text, among: words).map { "did you mean '\($0)'?" })
            return nil
        }
        return (value, position)
    }

    /// Items of a list: each is compared with all others, and nobody writes more by hand.
    static let itemLimit = 64

    /// Subnets of one site in a bundle: as many as a certificate's address blocks may be.
    static let subnetLimit = 4_096

    /// A list of at most `limit` texts.
    func texts(
        _ key: String, expected: String, limit: Int = Self.itemLimit, _ problems: inout ProblemList
    ) -> [(text: String, at: SourcePosition)] {
        guard let node = node(key) else { return [] }
        guard case .sequence(let items) = node.content else {
            if case .scalar(let text, _) = node.content, !node.isAbsent {
                problems.error(
                    .wrongType, at: node.position, "'\(name(key))' must be a list of \(expected), not '\(text)'",
                    suggestion: "write \(key): [\(text)]")
            } else {
                reportType(key, node, expected: "a list of \(expected)", &problems)
            }
            return []
        }
        guard items.count <= limit else {
            problems.error(
                .invalidValue, at: node.position,
                "'\(name(key))' lists \(items.count) items, more than \(limit)")
            return []
        }
        var texts: [(text: String, at: SourcePosition)] = []
        for item in items {
            guard case .scalar(let text, _) = item.content, !item.isAbsent else {
                problems.error(
                    .wrongType, at: item.position, "'\(name(key))' must list \(expected), not \(item.kindDescription)")
                continue
            }
            texts.append((text, item.position))
        }
        return texts
    }

    private func reportType(
        _ key: String, _ node: ConfigurationNode, expected: String, _ problems: inout ProblemList
    ) {
        problems.error(
            .wrongType, at: node.position, "'\(name(key))' must be \(expected), not \(node.kindDescription)",
            suggestion: node.isAbsent ? "give it a value or remove the key" : nil)
    }

    private func reportValue(
        _ key: String, _ node: ConfigurationNode, expected: String, _ problems: inout ProblemList
    ) {
        problems.error(
            .invalidValue, at: node.position, "'\(name(key))' must be \(expected), not \(node.kindDescription)")
    }

    /// Decimal digits without sign or leading zeros (YAML 1.1 reads 0123 as octal; it is refused instead).
    static func decimal(_ text: String) -> Int? {
        let digits = Array(text.utf8)
        guard !digits.isEmpty, digits.count <= 18, digits.count == 1 || digits[0] != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    private static func looksNumeric(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        let rest = first == UInt8(ascii: "-") || first == UInt8(ascii: "+") ? text.utf8.dropFirst() : text.utf8[...]
        return !rest.isEmpty
            && rest.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }
    }
}
