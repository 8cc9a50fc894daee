import ControlProtocol
import Foundation
import NetworkTypes
import Testing

/// `ipop explain` against a daemon of the test's own; the kernel is this machine's, whose LAN is `lo` here.
@Suite(.timeLimit(.minutes(2))) struct ExplainCommandTests {
    private static let half = FarHalf(steps: [
        ExplainStep("cern", .export, true, "10.1.0.9 is in 10.1.0.0/16, exported here"),
        ExplainStep("cern", .forwarding, fails: .forwardingOff, "IPv4 forwarding is off", fix: "Switch it on."),
    ])

    private func daemon(in directory: URL) throws -> FakeDaemon {
        try FakeDaemon(in: directory) { request, _ in
            let isHalf = if case .explain = request { true } else { false }
            return .reply(.success(isHalf ? Self.half.json : Sample.report.json))
        }
    }

    @Test func `the document has exactly the keys of the contract, and the far half's steps behind ours`() throws {
        try withDirectory { directory in
            let daemon = try daemon(in: directory)
            defer { daemon.stop() }

            let run = try IpopRun.run(
                "explain", "127.0.0.1", "10.1.0.9", "tcp/443", "--json", "--run-dir", directory.path)

            #expect(run.status == 1)
            guard case .object(let members) = try run.document else {
                Issue.record("no object: \(run.output)")
                return
            }
            #expect(members.members.map(\.key) == ["schema", "steps", "firstFailure"])
            let steps = try #require(try run.document["steps"]?.elements)
            for case .object(let step) in steps { #expect(step.members.map(\.key) == ["site", "name", "ok", "text"]) }
            #expect(steps.count > 10)
            #expect(steps.last?["site"] == "cern" && steps.last?["name"] == "forwarding" && steps.last?["ok"] == false)
            guard case .object(let failure)? = try run.document["firstFailure"] else {
                Issue.record("no failure: \(run.output)")
                return
            }
            #expect(failure.members.map(\.key) == ["site", "code", "text", "fix"])
            let packet = ExplainedPacket(
                source: IPAddress(127, 0, 0, 1), destination: IPAddress(10, 1, 0, 9), transport: 6, port: 443)
            #expect(daemon.requests.contains(.explain(packet)))
        }
    }

    @Test func `the text ends with the first failure and its fix`() throws {
        try withDirectory { directory in
            let daemon = try daemon(in: directory)
            defer { daemon.stop() }

            let run = try IpopRun.run("explain", "127.0.0.1", "10.1.0.9", "--run-dir", directory.path)

            let lines = run.output.split(separator: "\n")
            #expect(run.status == 1 && run.errors == "")
            #expect(lines[0] == "lsu   daemon         ok   ipopd runs, in grid physics")
            #expect(lines.suffix(2).first?.hasPrefix("stops at lsu: source-not-exported: ") == true)
            #expect(lines.last?.hasPrefix("fix: ") == true)
        }
    }

    @Test func `without a daemon the kernel's part is told and the exit code is 3`() throws {
        try withDirectory { directory in
            let run = try IpopRun.run(
                "explain", "10.1.0.9", "--json", "--run-dir", directory.path, "--config-dir", directory.path)

            #expect(run.status == 3)
            let failure = try run.document["firstFailure"]
            #expect(failure?["code"] == "daemon-not-running" && failure?["site"] == "here")
        }
    }

    @Test(arguments: [
        ["explain"], ["explain", "ufl"], ["explain", "10.0.0.1", "fd00::1"],
        ["explain", "10.0.0.1", "10.0.0.2", "tcp"], ["explain", "10.0.0.1", "10.0.0.2", "tcp/0"],
        ["explain", "10.0.0.1", "10.0.0.2", "sctp/5"],
        ["explain", "10.0.0.1", "10.0.0.2", "udp/65536"], ["explain", "10.0.0.1", "10.0.0.2", "icmp/1"],
    ])
    func `bad arguments end with 2`(arguments: [String]) throws {
        let running = try RunningIpop(arguments, wrapper: [])
        let run = running.end()

        #expect(run.status == 2 && run.output == "" && !run.errors.isEmpty)
    }
}
