import GatewayConfiguration
import NetworkTypes
import Testing
import YAMLReader

@Suite struct YAMLReaderTests {
    private func read(_ text: String) -> Result<ConfigurationNode, ConfigurationProblem> {
        YAMLReader.node(from: Array(text.utf8), file: "f")
    }

    private func problem(_ text: String) -> String? {
        guard case .failure(let problem) = read(text) else { return nil }
        return problem.description
    }

    @Test func `a tree carries the places of keys and values`() throws {
        let root = try read("a: [1, \"x\"]\nb:\n  c: d\nb: e\n").get()
        guard case .mapping(let entries) = root.content else {
            Issue.record("not a mapping")
            return
        }

        #expect(entries.map(\.key) == ["a", "b", "b"])
        #expect(entries.map(\.position) == [1, 2, 4].map { SourcePosition(line: $0, column: 1) })
        #expect(entries[0].value.position == SourcePosition(line: 1, column: 4))
        #expect(
            entries[0].value.content
                == .sequence([
                    ConfigurationNode(.scalar("1", isQuoted: false), at: SourcePosition(line: 1, column: 5)),
                    ConfigurationNode(.scalar("x", isQuoted: true), at: SourcePosition(line: 1, column: 8)),
                ]))
        #expect(entries[2].value.content == .scalar("e", isQuoted: false))
    }

    @Test(arguments: ["", "# only a comment\n", "---\n", "---\n...\n", "~\n"])
    func `a document of nothing is an empty mapping`(text: String) throws {
        #expect(try read(text).get().content == .mapping([]))
    }

    @Test(
        arguments: Mistake.list(
            """
            a: &x 1\\n
                f:1:4: error: anchors (&name) are not taken here; write the value out
            a: *x\\n
                f:1:4: error: aliases (*name) are not taken here; write the value out
            a: !!str 1\\n
                f:1:4: error: tags (!name) are not taken here; write the value without
            %TAG ! tag:x,2000:\\n---\\na: 1\\n
                f:1:1: error: tag directives are not taken here; remove the %TAG line
            a: 1\\n---\\nb: 1\\n
                f:2:1: error: a second document begins here; the file is one document
            ? [a]\\n: 1\\n
                f:1:3: error: a key must be a word, not a list or a mapping
            a:\\n\\tb: 1\\n
                f:2:1: error: not YAML: found character that cannot start any token while scanning for the next
                token; indent with blanks, YAML does not take tabs
            a: [1, 2\\nb: 1\\n
                f:2:2: error: not YAML: did not find expected ',' or ']' while parsing a flow sequence
            """))
    func `what is refused is named`(mistake: Mistake) {
        #expect(problem(mistake.text) == mistake.told)
    }

    @Test func `bytes that are not text are placed`() {
        guard case .failure(let problem) = YAMLReader.node(from: Array("a: 1\nb: ".utf8) + [0xff, 0x0a], file: "f")
        else {
            Issue.record("taken")
            return
        }
        #expect(problem.line == 2 && problem.column == 4)
    }

    @Test func `depth and length are bounded`() {
        let deep = String(repeating: "[", count: 17) + String(repeating: "]", count: 17)
        #expect(problem(deep) == "f:1:17: error: nested more than 16 levels deep")
        #expect(problem(String(repeating: "[", count: 100_000)) != nil)
        #expect(problem(String(repeating: "#", count: YAMLReader.byteCountLimit + 1)) != nil)
        #expect((try? read(String(deep.dropFirst().dropLast())).get()) != nil)
    }

    @Test func `a sample cut at any byte is read or refused, never half taken`() {
        let bytes = Array(completeSettings.utf8)
        for count in bytes.indices {
            let reading = readSettings(Array(bytes[..<count]))
            #expect((reading.settings == nil) == reading.problems.contains { $0.severity == .error })
        }
    }

    @Test func `noise never breaks the reader`() {
        var random = SeededRandom(seed: 11)
        let bytes = Array(completeSettings.utf8)
        for _ in 0..<1_000 {
            var noisy = bytes
            for _ in 0..<6 {
                noisy[random.index(of: noisy)] = random.byte()
            }
            let reading = readSettings(noisy)
            #expect((reading.settings == nil) == reading.problems.contains { $0.severity == .error })
            let alphabet = Array("{}[]:,-?&*!|>'\"%@`# \n\tabc0~".utf8)
            let soup = (0..<60).map { _ in alphabet[random.index(of: alphabet)] }
            _ = readSettings(soup)
            _ = readSettings((0..<100).map { _ in random.byte() })
        }
    }
}
