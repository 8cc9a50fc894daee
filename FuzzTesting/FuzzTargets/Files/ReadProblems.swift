import GatewayConfiguration
import YAMLReader

/// What holds for the reader of any configuration file.
enum ReadProblems {
    /// More problems of one file are not told (and one line says so).
    private static let limit = 51
    /// Beyond what it quotes of the file, a problem is a sentence or two.
    private static let sentenceByteCount = 1_000

    static func check(_ problems: [ConfigurationProblem], isRead: Bool, of input: [UInt8]) throws(PropertyViolation) {
        try expect(isRead != problems.contains { $0.severity == .error }, "a file is read, or an error says why not")
        try expect(problems.count <= limit, "\(problems.count) problems of one file")
        // YAML has line ends of two bytes and more too, and the end of a text stands on a line of its own.
        let lineCount = input.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } + input.count / 2 + 2
        for problem in problems {
            let text = "\(problem)"
            try expect(text.utf8.count <= 5 * input.count + sentenceByteCount, "a problem of \(text.utf8.count) bytes")
            try expect(problem.line <= lineCount, "line \(problem.line) of \(lineCount)")
            try expect(problem.column <= input.count + 1, "column \(problem.column)")
            try expect((problem.line == 0) == (problem.column == 0), "a line has a column")
        }
    }

    /// The tree, or the check of the problem that took its place.
    static func tree(_ input: [UInt8]) throws(PropertyViolation) -> ConfigurationNode? {
        switch YAMLReader.node(from: input, file: "f") {
        case .success(let root):
            return root
        case .failure(let problem):
            try check([problem], isRead: false, of: input)
            return nil
        }
    }
}
