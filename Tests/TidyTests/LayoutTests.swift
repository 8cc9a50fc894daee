import Testing

/// Sizes: what fits a screen and a head.
@Suite struct LayoutTests {
    @Test func `no file is longer than 400 lines`() {
        let found = (SourceTree.swift + SourceTree.c).compactMap { file -> Violation? in
            let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
            return count > 400 ? Violation(file: file.path, line: count, what: "\(count) lines, 400 at most") : nil
        }
        expectNone(found)
    }

    @Test func `no function is longer than 70 lines`() {
        let found = (SourceTree.swift + SourceTree.c).flatMap { file in
            (file.path.hasSuffix(".swift") ? FunctionFinder.swift(file) : FunctionFinder.c(file))
                .filter { $0.lineCount > 70 }
                .map {
                    Violation(file: file.path, line: $0.line, what: "function of \($0.lineCount) lines, 70 at most")
                }
        }
        expectNone(found)
    }

    @Test func `no line is longer than 120 characters`() {
        let scripts = SourceTree.rest.filter { !$0.path.hasSuffix(".svg") }
        let found = (SourceTree.swift + SourceTree.c + scripts).flatMap { file in
            file.lines.enumerated().filter { $0.element.count > 120 }
                .map {
                    Violation(file: file.path, line: $0.offset + 1, what: "\($0.element.count) characters, 120 at most")
                }
        }
        expectNone(found)
    }

    @Test func `no line ends in blanks and every file ends in one newline`() {
        let found = (SourceTree.swift + SourceTree.c + SourceTree.pages + SourceTree.rest).flatMap { file in
            var list = file.lines.enumerated().filter { $0.element.last?.isWhitespace == true }
                .map { Violation(file: file.path, line: $0.offset + 1, what: "blanks at the end") }
            if !file.text.hasSuffix("\n") || file.text.hasSuffix("\n\n") {
                list.append(Violation(file: file.path, line: file.lines.count, what: "must end in one newline"))
            }
            return list
        }
        expectNone(found)
    }
}
