import Testing

/// A text with a mistake in it, and how the mistake must be told.
struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    /// `line:column: error: ..`, without the file's name.
    let told: String

    var testDescription: String { text }

    /// Reads a table: a line that is not indented is a text (`\n` and `\t` stand for themselves), the indented lines
    /// below it are what is told, joined by blanks.
    static func list(_ table: String) -> [Mistake] {
        var list: [Mistake] = []
        for line in table.split(separator: "\n") {
            let content = String(line.drop { $0 == " " })
            if line.hasPrefix(" "), let last = list.popLast() {
                let told = last.told.isEmpty ? content : last.told + " " + content
                list.append(Mistake(text: last.text, told: told))
            } else {
                let text = content.replacing("\\n", with: "\n").replacing("\\t", with: "\t")
                list.append(Mistake(text: text, told: ""))
            }
        }
        return list
    }
}
