import Testing

/// A broken rule and where.
struct Violation: CustomStringConvertible, Equatable {
    let file: String
    /// From 1.
    let line: Int
    let what: String

    var description: String { "\(file):\(line): \(what)" }
}

/// Fails the running test when a rule is broken, with one line for each place.
func expectNone(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
    guard !violations.isEmpty else { return }
    let list = violations.map(\.description).joined(separator: "\n")
    Issue.record("\(violations.count) violations\n\(list)", sourceLocation: sourceLocation)
}
