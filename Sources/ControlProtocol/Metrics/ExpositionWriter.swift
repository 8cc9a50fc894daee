/// Writes Prometheus' text exposition format, version 0.0.4: families of samples, each with its help and its type.
///
/// A family without a sample leaves no trace. A sample whose value is not finite is left out: nobody can add it up.
struct ExpositionWriter {
    /// What a family's samples are.
    enum Kind: String {
        /// Goes up only, until its source starts again; its name ends in `_total`.
        case counter
        case gauge
    }

    /// The page so far.
    private(set) var bytes: [UInt8] = []
    /// The lines that stand before the family's first sample; empty once they are written.
    private var pendingHead = ""
    private var name = ""

    /// Begins a family. All its samples follow before the next one begins.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        pendingHead = "# HELP \(name) \(Self.escape(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One sample of the running family; `labels` as `labels(_:)` made them.
    mutating func sample(_ labels: String = "", _ value: some BinaryInteger) {
        put(labels, String(value))
    }

    /// One sample of the running family; `labels` as `labels(_:)` made them.
    mutating func sample(_ labels: String = "", _ value: Double) {
        guard value.isFinite else { return }
        // The shortest text that reads back as the same value: 0.0121, 12.0, 1e-07.
        put(labels, value.description)
    }

    /// A truth value as 1 or 0.
    mutating func sample(_ labels: String = "", _ value: Bool) {
        put(labels, value ? "1" : "0")
    }

    private mutating func put(_ labels: String, _ value: String) {
        bytes.append(contentsOf: pendingHead.utf8)
        pendingHead = ""
        bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes.append(contentsOf: labels.utf8)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: value.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// `name="value",...`: what stands between the braces. The values may be anything, the names are ours.
    static func labels(_ labels: KeyValuePairs<String, String>) -> String {
        labels.map { "\($0.key)=\"\(escape($0.value, quotes: true))\"" }.joined(separator: ",")
    }

    /// Reverse solidus and line feed, and in label values the quotation mark, stand behind a reverse solidus.
    private static func escape(_ text: String, quotes: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
