/// Finds declarations for other modules that say nothing about themselves.
enum DocComments {
    /// Requirements of well-known protocols say nothing new when they are met.
    private static let witnesses: Set<String> = [
        "==", "<", "hash", "description", "debugDescription", "makeIterator", "next", "body", "encode",
        "errorDescription",
    ]

    /// The `public` and `package` declarations of a file without a doc comment.
    ///
    /// Exempt are protocol witnesses, initialisers (their parameters are documented properties) and stored properties,
    /// which their names and their type's comment explain.
    static func missing(in file: SourceFile) -> [Violation] {
        let declaration =
            #/
            ^\s*(?:@\w+(?:\([^)]*\))?\s+)*
            (?:public|package)(?:\((?:set|get)\))?\s+
            (?:(?:@\w+|[a-z]+(?:\([a-z]+\))?)\s+)*?
            (func|var|let|init|subscript|struct|enum|class|protocol|actor|typealias|extension|import)\b[?!]?\s*
            ([^\s(:<=,{]*)
            /#
        return file.code.enumerated().compactMap { index, line in
            guard let match = line.firstMatch(of: declaration) else { return nil }
            let (kind, name) = (String(match.1), String(match.2))
            guard !["import", "extension", "init", "let"].contains(kind), !isWitness(kind, name, line) else {
                return nil
            }
            guard !isStored(kind, line), !hasComment(above: index, in: file) else { return nil }
            return Violation(file: file.path, line: index + 1, what: "\(kind) \(name) has no doc comment")
        }
    }

    private static func isWitness(_ kind: String, _ name: String, _ line: String) -> Bool {
        witnesses.contains(name) || line.contains("static func <") || line.contains("static func ==")
            || line.contains(" override ")
    }

    /// A stored property: its type's comment and its name carry it.
    private static func isStored(_ kind: String, _ line: String) -> Bool {
        kind == "var" && !line.contains("{")
    }

    private static func hasComment(above index: Int, in file: SourceFile) -> Bool {
        var line = index - 1
        while line >= 0 {
            let text = file.lines[line].drop(while: \.isWhitespace)
            if text.hasPrefix("///") { return true }
            guard text.hasPrefix("@") || text.hasPrefix("#if") || text.hasPrefix("// ") else { return false }
            line -= 1
        }
        return false
    }
}
