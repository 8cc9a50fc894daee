import Foundation
import Testing

/// Comments, pages and links.
@Suite struct WordingTests {
    @Test func `no marker of unfinished work is left`() {
        let markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
        let found = (SourceTree.swift + SourceTree.c + SourceTree.pages + SourceTree.rest).flatMap { file in
            file.lines.enumerated().compactMap { index, line -> Violation? in
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                return markers.first { words.contains(Substring($0)) }
                    .map { Violation(file: file.path, line: index + 1, what: "\($0) is left") }
            }
        }
        expectNone(found)
    }

    @Test func `every public and package declaration has a doc comment`() {
        let sources = SourceTree.swift.filter { $0.path.hasPrefix("Sources/") }
        let requirements = DocComments.requirements(in: sources)
        let found = sources.flatMap { DocComments.missing(in: $0, requirements: requirements) }
        expectNone(found)
    }

    @Test func `every link in the pages resolves`() {
        let link = /\]\(([^)\s]+)\)/
        let found = SourceTree.pages.flatMap { page in
            page.lines.enumerated().flatMap { index, line in
                line.matches(of: link).map { String($0.1) }.filter { !resolves($0, from: page) }
                    .map { Violation(file: page.path, line: index + 1, what: "\($0) leads nowhere") }
            }
        }
        expectNone(found)
    }

    @Test func `every path of this package that a page names exists`() {
        let path = /`((?:Sources|Tests|Packaging|systemd|docs|\.ci)\/[\w.\/-]*[\w\/-])`/
        let found = SourceTree.pages.flatMap { page in
            page.lines.enumerated().flatMap { index, line in
                line.matches(of: path).map { String($0.1) }
                    .filter { !FileManager.default.fileExists(atPath: SourceTree.root.appending(path: $0).path) }
                    .map { Violation(file: page.path, line: index + 1, what: "there is no \($0)") }
            }
        }
        expectNone(found)
    }

    @Test func `no file names a place on a developer's machine`() {
        let places = ["/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/", "/wo" + "rk/"]
        let all = SourceTree.swift + SourceTree.c + SourceTree.pages + SourceTree.rest
        let found = all.flatMap { file in
            file.lines.enumerated().compactMap { index, line -> Violation? in
                places.first { line.contains($0) }
                    .map { Violation(file: file.path, line: index + 1, what: "\($0) is a place on one machine") }
            }
        }
        expectNone(found)
    }

    private func resolves(_ target: String, from page: SourceFile) -> Bool {
        if target.hasPrefix("https://") || target.hasPrefix("http://") || target.hasPrefix("mailto:") { return true }
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let folder = SourceTree.root.appending(path: page.path).deletingLastPathComponent()
        let file = parts[0].isEmpty ? SourceTree.root.appending(path: page.path) : folder.appending(path: parts[0])
        guard FileManager.default.fileExists(atPath: file.path) else { return false }
        guard parts.count == 2, file.pathExtension == "md" else { return true }
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return anchors(of: text).contains(parts[1])
    }

    /// The names that headings get: lower case, blanks as hyphens, punctuation gone.
    private func anchors(of text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
                heading.drop { $0 == "#" || $0 == " " }.lowercased()
                    .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                    .map { $0 == " " ? "-" : String($0) }.joined()
            })
    }
}
