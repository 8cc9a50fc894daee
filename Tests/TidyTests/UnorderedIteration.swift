/// Finds loops over unordered collections, as far as a file's text can tell.
enum UnorderedIteration {
    /// Variables and parameters of the file whose written type is a Dictionary or a Set.
    static func names(in file: SourceFile) -> Set<String> {
        let typed = /(\w+)\s*:\s*(?:inout\s+|borrowing\s+|consuming\s+)?(?:Set<|Dictionary<|\[[\w.]+\s*:\s)/
        let made = /(?:let|var)\s+(\w+)\s*=\s*(?:Set<|Set\(|Dictionary[<(]|\[[\w.]+\s*:\s*[\w.?\[\]]+\]\(|\[:\])/
        return Set(
            file.code.flatMap { line in
                line.matches(of: typed).map { String($0.1) } + line.matches(of: made).map { String($0.1) }
            })
    }

    /// Places where one of `names` is iterated: `for ... in name`, `name.keys`, `name.values`, `name.map`, ...
    ///
    /// What comes out in the same order whatever the order of the loop is fine: `.sorted`, `.count`, `.isEmpty`,
    /// `.contains`, `.allSatisfy`, `.min`, `.max`, `.removeAll`, `.filter` into the same type.
    static func find(in file: SourceFile, named names: Set<String>) -> [Violation] {
        let ordered = regex("\\.(?:sorted|count|isEmpty|contains|allSatisfy|min|max)\\b")
        return names.sorted().flatMap { name in
            let loops = loops(over: name)
            return file.code.enumerated().compactMap { index, line -> Violation? in
                guard line.contains(name), iterates(line, loops: loops, ordered: ordered) else { return nil }
                return Violation(file: file.path, line: index + 1, what: "the order of `\(name)` is not defined")
            }
        }
    }

    private static func iterates(
        _ line: String, loops: [Regex<AnyRegexOutput>], ordered: Regex<AnyRegexOutput>
    ) -> Bool {
        loops.contains { loop in
            guard let match = line.firstMatch(of: loop) else { return false }
            return line[match.range.upperBound...].firstMatch(of: ordered) == nil
        }
    }

    private static func loops(over name: String) -> [Regex<AnyRegexOutput>] {
        let word = "(?:^|[^\\w.])(?:self\\.)?\(name)"
        let unordered = "(?:map|compactMap|flatMap|forEach|reduce|first|enumerated|prefix|popFirst|lazy)\\b"
        return [
            "\\bin\(word)\\s*(?:\\{|where\\b)", "\\bin\(word)\\.(?:keys|values)\\s*(?:\\{|where\\b)",
            "\(word)\\.\(unordered)", "\(word)\\.(?:keys|values)\\.\(unordered)",
            "Array\\((?:self\\.)?\(name)(?:\\.keys|\\.values)?\\)",
        ].map(regex)
    }

    private static func regex(_ pattern: String) -> Regex<AnyRegexOutput> {
        do {
            return try Regex(pattern)
        } catch {
            preconditionFailure("the pattern is built here, from an identifier: \(error)")
        }
    }
}
