/// A scenario's text that cannot be understood: where, and what was expected there.
package struct ScenarioError: Error, Equatable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1.
    package let line: Int
    /// In characters, from 1.
    package let column: Int
    package let expected: String
    /// What stands there; `nil` at the end of the line.
    package let found: String?

    package var description: String {
        "\(file):\(line):\(column): expected \(expected), found \(found.map { "'\($0)'" } ?? "the end of the line")"
    }
}
