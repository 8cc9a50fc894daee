/// A function and how long it is, from the line of its name to its closing brace.
struct FunctionSpan: Equatable {
    /// The line of its name, from 1.
    let line: Int
    let lineCount: Int
}

/// Finds functions by counting braces in masked code.
enum FunctionFinder {
    /// The functions, initialisers and subscripts of a Swift file; a protocol's requirements have no body.
    static func swift(_ file: SourceFile) -> [FunctionSpan] {
        let name =
            #/
            ^\s*(?:@\w+(?:\([^)]*\))?\s+)*
            (?:[a-z]+(?:\([a-z]+\))?\s+)*
            (?:func|init[?!]?|deinit|subscript)\b(?!\s*\.)
            /#
        return file.code.indices.compactMap { index in
            let line = file.code[index]
            guard line.contains("func") || line.contains("init") || line.contains("subscript") else { return nil }
            guard line.firstMatch(of: name) != nil, isDeclaration(line) else { return nil }
            return body(in: file.code, from: index).map { FunctionSpan(line: index + 1, lineCount: $0 - index + 1) }
        }
    }

    /// The functions of a C file: a brace at the outermost level behind a closing parenthesis.
    static func c(_ file: SourceFile) -> [FunctionSpan] {
        var spans: [FunctionSpan] = []
        var depth = 0
        var start: Int?
        var last: Character = " "
        for (index, line) in file.code.enumerated() where !line.hasPrefix("#") {
            for character in line where !character.isWhitespace {
                if character == "{" {
                    if depth == 0 { start = last == ")" ? index : nil }
                    depth += 1
                } else if character == "}" {
                    depth -= 1
                    if depth == 0, let from = start {
                        spans.append(FunctionSpan(line: from + 1, lineCount: index - from + 1))
                    }
                }
                last = character
            }
        }
        return spans
    }

    /// `return init(...)`, `try init(...)` and the like are calls.
    private static func isDeclaration(_ line: String) -> Bool {
        guard let word = line.split(whereSeparator: { !$0.isLetter }).first else { return false }
        return !["return", "try", "await", "case", "guard", "if", "let", "var", "in", "else"].contains(String(word))
    }

    /// The line of the brace that closes the body of the function on line `start`; `nil` when it has none.
    private static func body(in code: [String], from start: Int) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            if index > start, braces == 0, parentheses == 0, endsRequirement(code[index]) { return nil }
            for character in code[index] {
                switch character {
                case "(", "[": parentheses += braces == 0 ? 1 : 0
                case ")", "]": parentheses -= braces == 0 ? 1 : 0
                case "{" where parentheses == 0: braces += 1
                case "}" where parentheses == 0:
                    braces -= 1
                    if braces < 0 { return nil }
                    if braces == 0 { return index }
                default: break
                }
            }
        }
        return nil
    }

    /// Whether a line behind a function's head shows that the head had no body: a blank line or another declaration.
    private static func endsRequirement(_ line: String) -> Bool {
        let declaration =
            #/
            ^\s*(?:@\w+\s+)*(?:[a-z]+\s+)*
            (?:func|init|deinit|subscript|var|let|case|associatedtype|typealias|struct|enum|class)\b
            /#
        return line.allSatisfy(\.isWhitespace) || line.firstMatch(of: declaration) != nil
    }
}
