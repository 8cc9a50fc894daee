import ArgumentParser
import Foundation
import Testing

@testable import ipop

/// What the pages tell people to type.
@Suite struct DocumentedCommandTests {
    /// Programs of Debian that the pages may use.
    private static let others: Set<String> = [
        "adduser", "apt", "cp", "dig", "ip", "iptables", "mkdir", "nft", "sysctl", "systemctl", "swift",
    ]

    @Test func `the pages have commands to check`() throws {
        #expect(try Self.lines().filter { $0.words.first == "ipop" }.count >= 8)
    }

    @Test func `every ipop command in a fenced block is one that the parser takes`() throws {
        for line in try Self.lines() where line.words.first == "ipop" {
            do {
                _ = try IpopCommand.parseAsRoot(Array(line.words.dropFirst()))
            } catch {
                let message = IpopCommand.message(for: error)
                Issue.record("\(line.place): \(line.words.joined(separator: " ")): \(message)")
            }
        }
    }

    @Test func `every other command in a fenced block is a script of ours or a known program`() throws {
        for line in try Self.lines() where line.words.first != "ipop" {
            let program = try #require(line.words.first)
            if program.hasPrefix("./") {
                let path = Self.root.appending(path: String(program.dropFirst(2))).path
                #expect(FileManager.default.isExecutableFile(atPath: path), "\(line.place): \(program)")
            } else {
                #expect(Self.others.contains(program), "\(line.place): \(program)")
            }
        }
    }

    @Test func `every example that a command names is shipped`() throws {
        let folder = "/usr/share/doc/ipop-gateway/examples/"
        for line in try Self.lines() {
            for word in line.words where word.hasPrefix(folder) {
                let path = Self.root.appending(path: "Packaging/examples/" + word.dropFirst(folder.count)).path
                #expect(FileManager.default.fileExists(atPath: path), "\(line.place): \(word)")
            }
        }
    }

    @Test func `every subcommand that a page names exists`() throws {
        let configuration = IpopCommand.configuration
        let commands = configuration.subcommands + configuration.groupedSubcommands.flatMap { $0.subcommands }
        let names = Set(commands.compactMap { $0.configuration.commandName })
        for page in try Self.pages() {
            for (index, text) in page.lines.enumerated() {
                for match in text.matches(of: /`(?:sudo )?ipop ([a-z]+)/) {
                    #expect(names.contains(String(match.1)), "\(page.path):\(index + 1): ipop \(match.1)")
                }
            }
        }
    }

    private struct Line {
        let place: String
        let words: [String]
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func pages() throws -> [(path: String, lines: [String])] {
        let docs = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "docs").path)
        return try (["README.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }).map { path in
            let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
            return (path, text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }

    /// The commands of all blocks that begin with "```sh", one for each side of `&&`.
    private static func lines() throws -> [Line] {
        var found: [Line] = []
        for page in try pages() {
            var isInside = false
            for (index, text) in page.lines.enumerated() {
                if text.hasPrefix("```") {
                    isInside = text == "```sh"
                } else if isInside, !text.hasPrefix("#"), !text.isEmpty {
                    for command in text.split(separator: " && ") {
                        let words = command.split(separator: " ").map(String.init).drop { $0 == "sudo" }
                        found.append(Line(place: "\(page.path):\(index + 1)", words: Array(words)))
                    }
                }
            }
        }
        return found
    }
}
