import ControlProtocol
import Foundation
import GatewayConfiguration
import GatewayCore
import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct CheckTests {
    /// Checks `etc` and returns the problems that are errors.
    private func errors(_ run: CommandRun, _ location: SourceLocation = #_sourceLocation) throws -> [JSONValue] {
        let answer = try run.ipop("check --config-dir etc --json")
        let json = try answer.json()
        let problems = try #require(json["problems"]?.elements, sourceLocation: location)
        let errors = problems.filter { $0["severity"] == "error" }
        #expect(json["schema"] == 1 && json["ok"] == JSONValue(errors.isEmpty), sourceLocation: location)
        #expect(answer.exitCode == (errors.isEmpty ? 0 : 2), sourceLocation: location)
        for problem in problems {
            #expect(
                problem["file"] != nil && problem["line"] != nil && problem["column"] != nil && problem["fix"] != nil,
                "a key is missing", sourceLocation: location)
        }
        return errors
    }

    @Test(arguments: [
        ("ipop.yaml", "listen: {port", "listen: {prot", "unknown key 'prot' in 'listen'; did you mean 'port'?"),
        ("ipop.yaml", "metric: 50", "metric: many", "'routes.metric' must be a number from 1 to 4294967295"),
        ("ipop.yaml", "mtu: auto", "mtu: auto\nmtu: auto", "key 'mtu' stands twice"),
        ("ipop.yaml", "mode: routed", "mode: bridged", "the LAN is bridged, and no line of subnets.map says"),
        ("ipop.yaml", "mtu: auto", "mtu: [", "not YAML"),
        ("subnets.map", "lsu ", "lsu 198.51.100.0/25 same\nlsu ", "198.51.100.0/24 overlaps 198.51.100.0/25"),
        ("subnets.map", "same", "smae", "did you mean 'same'?"),
        ("subnets.map", "same", "10.128.7.0/25", "did you mean '10.128.7.0/24'?"),
        ("subnets.map", "same", "172.31.7.0/24", "is not in the grid's pools; they are 10.128.0.0/9; take a prefix"),
        ("subnets.map", "lsu ", "lsu bridged 10.128.16.0/20\nlsu ", "but its LAN is routed"),
        ("grid.yaml", "pools:", "pool:", "unknown key 'pool'; did you mean 'pools'?"),
    ])
    func `a mistake in a file is told as file, line and column`(
        file: String, old: String, new: String, expected: String
    ) throws {
        let run = try CommandRun.joined()
        try run.edit(
            "etc/\(file)", file == "subnets.map" && old == "same" ? "  same" : old,
            file == "subnets.map" && old == "same" ? "  " + new : new)
        let answer = try run.ipop("check --config-dir etc")
        let told = answer.errors.split(separator: "\n").first { $0.contains(" error: ") && $0.contains(expected) }

        #expect(answer.exitCode == 2 && answer.output.isEmpty)
        let line = try #require(told, "\(answer.errors)")
        #expect(line.wholeMatch(of: #/etc\/[a-z.]+:[0-9]+:[0-9]+: error: .*/#) != nil, "\(line)")
    }

    @Test(arguments: ["auto", "10.128.7.0/24"]) func `a subnet may be mapped into the pool`(target: String) throws {
        let run = try CommandRun.joined()
        try run.edit("etc/subnets.map", "  same", "  " + target)
        let answer = try run.ipop("check --config-dir etc")

        #expect(!answer.errors.contains("subnets.map:9:9: error") && answer.exitCode == 0, "\(answer.errors)")
    }

    @Test func `an empty directory names the first step`() throws {
        let run = try CommandRun()
        let answer = try run.ipop("check --config-dir etc")

        #expect(answer.exitCode == 2)
        #expect(answer.errors.contains("etc/ipop.yaml: error: there is no such file; run 'ipop join FILE.ipop"))
    }

    @Test func `an export that the certificate does not cover is refused`() throws {
        let run = try CommandRun.joined()
        try run.write("etc/subnets.map", "lsu 198.51.100.0/24 same\nlsu  203.0.113.0/24 same\n")
        let errors = try errors(run)

        #expect(errors.count == 1)
        #expect(errors.first?["code"] == "E020" && errors.first?["line"] == 2 && errors.first?["column"] == 6)
    }

    @Test func `a key that is not the certificate's, or open to others, is refused`() throws {
        let run = try CommandRun.joined()
        try run.setMode("etc/tls/site.key", 0o640)
        let open = try errors(run)
        try run.write("etc/tls/site.key", PrivateKey.generate().pem)
        try run.setMode("etc/tls/site.key", 0o600)
        let other = try errors(run)

        #expect(open.map { $0["code"] } == ["E111"])
        #expect(open.first?["fix"]?.stringValue == "chmod 600 etc/tls/site.key")
        #expect(other.map { $0["code"] } == ["E110"])
    }

    @Test func `a certificate of another grid, authority or site is refused`() throws {
        let run = try CommandRun.joined()
        try run.require("grid create chemistry --pool 10.128.0.0/9 --out other")
        try run.require("cert issue lsu --ca other --subnet 198.51.100.0/24 --out other.ipop")
        try run.require("join other.ipop --lan lo --config-dir other-etc")
        let authority = try run.read("etc/tls/ca.crt")

        try run.write("etc/tls/ca.crt", try run.read("other-etc/tls/ca.crt"))
        let foreign = try errors(run)
        try run.write("etc/tls/ca.crt", authority)
        try run.edit("etc/ipop.yaml", "site: lsu", "site: ufl")
        let site = try errors(run)

        #expect(foreign.contains { $0["text"]?.stringValue?.contains("not signed by this grid's authority") == true })
        #expect(foreign.contains { $0["code"] == "E112" })
        #expect(site.contains { $0["text"]?.stringValue?.contains("is of site 'lsu', but ipop.yaml names") == true })
    }

    @Test func `the pools are those of the newest profile that the authority has signed`() throws {
        let run = try CommandRun.joined()
        try run.edit("etc/subnets.map", "  same", "  172.31.7.0/24")
        _ = try run.run("/usr/bin/mkdir", ["state"])
        try run.require("grid profile --ca ca --pool 172.31.0.0/16")
        try run.require("grid create physics --pool 172.31.0.0/16 --out other")
        func codes(published file: String) throws -> [String] {
            let memory = PublicationMemory([(.gridProfile, Array(try run.read(file).utf8))])
            try Data(memory.encoded).write(to: URL(filePath: run.path("state/publications")))
            let answer = try run.ipop("check --config-dir etc --state-dir state --json")
            let problems = try #require(try answer.json()["problems"]?.elements)
            return problems.filter { $0["severity"] == "error" }.compactMap { $0["code"]?.stringValue }
        }

        #expect(try run.ipop("check --config-dir etc --state-dir state").exitCode == 2)
        #expect(try codes(published: "ca/grid.yaml").isEmpty)
        // Another authority's, and one that is older than grid.yaml, say nothing.
        #expect(try codes(published: "other/grid.yaml") == ["E070"])
        let first = try run.read("etc/grid.yaml")
        try run.write("older.yaml", first)
        try run.write("etc/grid.yaml", try run.read("ca/grid.yaml"))
        #expect(try codes(published: "older.yaml").isEmpty)
    }

    @Test func `a changed profile is refused`() throws {
        let run = try CommandRun.joined()
        try run.edit("etc/grid.yaml", "10.128.0.0/9", "10.0.0.0/8")

        #expect(try errors(run).map { $0["code"] } == ["E112"])
    }

    @Test(arguments: [(-400, -35, "E004"), (30, 60, "E005"), (-1, 5, nil)] as [(Int, Int, String?)])
    func `validity is judged now`(start: Int, end: Int, code: String?) throws {
        let run = try CommandRun.joined()
        let authority = try CertificateAuthority(
            key: PrivateKey(pem: run.read("ca/ca.key")), certificate: Certificate(pem: run.read("ca/ca.crt")))
        let own = try PrivateKey(pem: run.read("etc/tls/site.key"))
        let now = CertificateAuthority.systemTime() + Int64(start) * 86_400
        let certificate = try authority.issue(
            site: "lsu", prefixes: [IPPrefix("198.51.100.0/24")!], days: end - start, publicKey: own.publicKey, now: now
        )
        try run.write("etc/tls/site.crt", certificate.pem)

        #expect(try errors(run).map { $0["code"]?.stringValue } == (code.map { [$0] } ?? []))
        let warnings = try run.ipop("check --config-dir etc --json").json()["problems"]?.elements ?? []
        #expect(warnings.contains { $0["code"] == "E003" } == (code == nil))
    }

    @Test func `codes that status has too mean the same there`() {
        for code in ConfigurationCode.allCases {
            #expect((code.explanation == nil) == (ProblemCode(rawValue: code.rawValue) != nil), "\(code)")
        }
    }

    @Test func `the page of codes has a row for each`() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/codes.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let part = try #require(text.split(separator: "## What ipop check finds").last)
        let expected = ConfigurationCode.allCases.compactMap { code in
            code.explanation.map { "| `\(code.rawValue)` | \($0.phrase) | \($0.cause) | \($0.fix) |" }
        }

        #expect(part.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `") } == expected)
    }
}
