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
    ///
    /// `requirements` are the members that protocols of the package ask for, by protocol: where a file names the
    /// protocol, its members are witnesses, and documented there.
    static func missing(in file: SourceFile, requirements: [String: Set<String>] = [:]) -> [Violation] {
        let code = file.code.joined(separator: "\n")
        let met = requirements.filter { code.contains($0.key) && !code.contains("protocol \($0.key)") }
            .values.reduce(into: witnesses) { $0.formUnion($1) }
        let declaration =
            #/
            ^\s*(?:@\w+(?:\([^)]*\))?\s+)*
            (?:public|package)(?:\((?:set|get)\))?\s+
            (?:(?:@\w+|[a-z]+(?:\([a-z]+\))?)\s+)*?
            (func|var|let|init|subscript|struct|enum|class|protocol|actor|typealias|extension|import)\b[?!]?\s*
            ([^\s(:<=,{]*)
            /#
        return file.code.enumerated().compactMap { index, line in
            guard line.contains("public ") || line.contains("package "),
                let match = line.firstMatch(of: declaration)
            else { return nil }
            let (kind, name) = (String(match.1), String(match.2))
            guard !["import", "extension", "init", "let"].contains(kind), !isWitness(name, line, met) else {
                return nil
            }
            guard !isStored(kind, line), !hasComment(above: index, in: file) else { return nil }
            return Violation(file: file.path, line: index + 1, what: "\(kind) \(name) has no doc comment")
        }
    }

    /// The members of every protocol that `files` declare.
    static func requirements(in files: [SourceFile]) -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        for file in files {
            var name: String?
            for line in file.code {
                if let match = line.firstMatch(of: /^\s*(?:[a-z]+\s+)*protocol\s+(\w+)/) { name = String(match.1) }
                if line.hasPrefix("}") { name = nil }
                guard let name, let member = line.firstMatch(of: /^\s+(?:mutating\s+)?(?:func|var)\s+(\w+)/) else {
                    continue
                }
                found[name, default: []].insert(String(member.1))
            }
        }
        return found
    }

    private static func isWitness(_ name: String, _ line: String, _ witnesses: Set<String>) -> Bool {
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
