import ControlProtocol
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct DoctorCommandTests {
    @Test func `the document has one check for each name, with all keys, whatever the host is like`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Sample.report.json)
            defer { daemon.stop() }

            let run = try IpopRun.run(
                "doctor", "--json", "--run-dir", directory.path, "--config-dir", directory.path)

            let checks = try #require(try run.document["checks"]?.elements)
            #expect(try run.document["schema"] == 1)
            #expect(checks.map { $0["name"] } == DoctorCheckName.allCases.map { .string($0.rawValue) })
            for case .object(let check) in checks {
                #expect(check.members.map(\.key) == ["name", "state", "text", "fix"])
            }
            let hasFailed = checks.contains { $0["state"] == "failure" }
            #expect(run.status == 1 || !hasFailed)
            #expect(checks.first { $0["name"] == "daemon" }?["state"] == "ok")
        }
    }

    @Test func `without a daemon it says what it could not see, and ends with 1`() throws {
        try withDirectory { directory in
            let run = try IpopRun.run("doctor", "--run-dir", directory.path, "--config-dir", directory.path)

            #expect(run.status == 1 && run.errors == "")
            #expect(run.output.contains("FAIL the daemon is not running\n"))
            #expect(run.output.contains("?    only the daemon can tell\n"))
            let counts = try #require(run.output.split(separator: "\n").last)
            #expect(counts.hasSuffix("not seen") && counts.contains("failed"))
        }
    }
}
