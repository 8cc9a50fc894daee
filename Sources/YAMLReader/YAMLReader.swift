package import GatewayConfiguration

/// Reads a YAML document into a `ConfigurationNode` tree, by libyaml.
///
/// One document, mappings with plain keys, lists and scalars: anchors, aliases, tags and merged documents are refused,
/// since a reader of the file would have to know them by heart. Whatever the bytes, the answer is a tree or a problem.
package enum YAMLReader {
    /// A longer file is refused.
    package static let byteCountLimit = 1 << 20
    /// Levels of nesting; ipop.yaml has three.
    package static let depthLimit = 16

    /// The tree of `bytes`, or the first thing that is wrong. An empty document is an empty mapping.
    package static func node(from bytes: [UInt8], file: String) -> Result<ConfigurationNode, ConfigurationProblem> {
        guard bytes.count <= byteCountLimit else {
            return .failure(
                ConfigurationProblem(file: file, .syntax, "the file is longer than \(byteCountLimit) bytes"))
        }
        guard let parser = EventParser() else {
            return .failure(ConfigurationProblem(file: file, .syntax, "libyaml has no memory for a parser"))
        }
        return bytes.withUnsafeBufferPointer { buffer in
            parser.setInput(buffer)
            do throws(YAMLFault) {
                return .success(try parser.document())
            } catch {
                return .failure(error.problem(file: file, bytes: buffer))
            }
        }
    }
}

/// What is wrong with a document.
struct YAMLFault: Error {
    var position: SourcePosition?
    /// The byte in question, when libyaml knows no line (bytes that are not UTF-8).
    var offset: Int?
    var message: String
    var suggestion: String?

    init(at position: SourcePosition?, _ message: String, suggestion: String? = nil) {
        self.position = position
        self.message = message
        self.suggestion = suggestion
    }

    /// The fault for an operator, with a hint where the bytes tell one.
    func problem(file: String, bytes: UnsafeBufferPointer<UInt8>) -> ConfigurationProblem {
        var position = position
        if let offset {
            let before = bytes.prefix(offset)
            let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            position = SourcePosition(line: line, column: before.count - lineStart + 1)
        }
        var suggestion = suggestion
        if suggestion == nil, let position, Self.hasTabIndent(bytes, line: position.line) {
            suggestion = "indent with blanks, YAML does not take tabs"
        }
        return ConfigurationProblem(file: file, at: position, .syntax, message, suggestion: suggestion)
    }

    private static func hasTabIndent(_ bytes: UnsafeBufferPointer<UInt8>, line: Int) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: line, omittingEmptySubsequences: false)
        guard line >= 1, line <= lines.count else { return false }
        let indent = lines[line - 1].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return indent.contains(UInt8(ascii: "\t"))
    }
}
