/// Where something stands in a text file; lines and columns count from 1.
package struct SourcePosition: Hashable, Comparable, Sendable {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (lhs: SourcePosition, rhs: SourcePosition) -> Bool {
        lhs.line != rhs.line ? lhs.line < rhs.line : lhs.column < rhs.column
    }
}

/// A value of a structured configuration file with the place where it stands.
///
/// What a YAML document is once anchors, aliases and tags are refused. Duplicate keys are kept: the strict reader names
/// both places.
package struct ConfigurationNode: Equatable, Sendable {
    /// One key of a mapping with its value.
    package struct Entry: Equatable, Sendable {
        package let key: String
        package let position: SourcePosition
        package let value: ConfigurationNode

        package init(key: String, position: SourcePosition, value: ConfigurationNode) {
            self.key = key
            self.position = position
            self.value = value
        }
    }

    /// The three shapes of a value.
    package enum Content: Equatable, Sendable {
        /// `isQuoted` tells `"7867"`, a text, from `7867`, a number.
        case scalar(String, isQuoted: Bool)
        case sequence([ConfigurationNode])
        case mapping([Entry])
    }

    package let content: Content
    package let position: SourcePosition

    package init(_ content: Content, at position: SourcePosition) {
        self.content = content
        self.position = position
    }

    /// The value that `keys` lead to through mappings; `nil` when one is not there.
    package func value(at keys: String...) -> ConfigurationNode? {
        var node = self
        for key in keys {
            guard case .mapping(let entries) = node.content, let entry = entries.first(where: { $0.key == key }) else {
                return nil
            }
            node = entry.value
        }
        return node
    }

    /// Whether the value was left out (`key:` and nothing behind it) or is YAML's null.
    package var isAbsent: Bool {
        guard case .scalar(let text, isQuoted: false) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// What the value is, for messages: "a list", "the text 'x'".
    package var kindDescription: String {
        switch content {
        case .scalar where isAbsent: "nothing"
        case .scalar(let text, isQuoted: true): "the quoted text \"\(text)\""
        case .scalar(let text, isQuoted: false): "'\(text)'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
