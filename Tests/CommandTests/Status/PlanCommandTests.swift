import ControlProtocol
import Foundation
import NetworkTypes
import Testing

@Suite(.timeLimit(.minutes(2))) struct PlanCommandTests {
    @Test func `plan asks the daemon, prints what would change, and ends with 1 when something clashes`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { request, number in
                guard request == .plan else { return .bytes([]) }
                return .reply(.success(Self.report(clashes: number > 0).json))
            }
            defer { daemon.stop() }

            let clear = try IpopRun.run("plan", "--run-dir", directory.path)
            let clash = try IpopRun.run("plan", "--json", "--run-dir", directory.path)

            #expect(clear.status == 0)
            #expect(clear.output.contains("  export 10.3.0.0/16 added\n") && clear.output.contains("free"))
            #expect(clear.errors == "w.yaml:1:1: warning: x\n")
            #expect(clash.status == 1)
            #expect(try clash.document["exports"]?.elements?.first?["suggestion"] == "lsu 10.3.0.0/16 auto")
            #expect(daemon.requests == [.plan, .plan])
        }
    }

    @Test func `plan of files with errors says them, with exit code 2`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in
                .reply(Sample.failure(.configurationRejected, "ipop.yaml:3:1: error: a"))
            }
            defer { daemon.stop() }

            let run = try IpopRun.run("plan", "--run-dir", directory.path)

            #expect(run.status == 2 && run.output.isEmpty)
            #expect(run.errors.hasPrefix("ipop.yaml:3:1: error: a\nipop: error: "), "\(run.errors)")
        }
    }

    @Test func `who may not ask the daemon is told so, with exit code 4`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Self.report(clashes: false).json)
            defer { daemon.stop() }
            chmod(directory.appending(path: ControlLimits.socketName).path, 0)

            // Root may use any socket unless it gives up CAP_DAC_OVERRIDE.
            let run = try IpopRun.run(
                "plan", "--run-dir", directory.path,
                wrapper: geteuid() == 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [])

            #expect(run.status == 4 && run.output.isEmpty, "\(run.errors)")
        }
    }

    @Test func `without a daemon plan lists the exports of the files, with exit code 3`() throws {
        let run = try CommandRun.joined()

        let text = try run.ipop("plan --config-dir etc --run-dir nowhere")
        let document = try run.ipop("plan --json --config-dir etc --run-dir nowhere")

        #expect(text.exitCode == 3 && document.exitCode == 3)
        #expect(text.output.contains("198.51.100.0/24  added   same"), "\(text.output)")
        #expect(text.output.contains("the daemon does not run"))
        let json = try document.json()
        #expect(json["running"] == false && json["exports"]?.elements?.first?["owner"] == "unknown")
        try run.edit("etc/ipop.yaml", "mtu: auto", "mtu: many")
        let wrong = try run.ipop("plan --config-dir etc --run-dir nowhere")
        #expect(wrong.exitCode == 2 && wrong.errors.contains("etc/ipop.yaml:"), "\(wrong.errors)")
    }

    private static func report(clashes: Bool) -> PlanReport {
        var export = PlannedExport(
            subnet: IPPrefix("10.3.0.0/16")!, change: .added, virtual: IPPrefix("10.3.0.0/16")!, owner: .free)
        if clashes {
            export.issue = RouteIssue(.ownedByAnotherSite)
            export.suggestion = "lsu 10.3.0.0/16 auto"
        }
        return PlanReport(
            isRunning: true, grid: "physics", site: "lsu", changes: ["export 10.3.0.0/16 added"],
            warnings: ["w.yaml:1:1: warning: x"], exports: [export])
    }
}
