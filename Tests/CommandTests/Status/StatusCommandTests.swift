import ControlProtocol
import Foundation
import NetworkTypes
import Testing

@Suite(.timeLimit(.minutes(2))) struct StatusCommandTests {
    @Test func `status shows the daemon's half and the kernel's`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Sample.report.json)
            defer { daemon.stop() }

            let text = try IpopRun.run("status", "--run-dir", directory.path)
            let document = try IpopRun.run("status", "--json", "--run-dir", directory.path).document

            #expect(text.output.hasPrefix("ipop: up 1m 30s   grid physics   site lsu   node 3f9a..c21e"))
            #expect(text.output.contains("ufl    10.2.0.0/16        direct udp"))
            #expect(!text.output.contains("\u{1b}"))
            #expect(document["schema"] == 1)
            #expect(document["site"] == "lsu")
            #expect(document["sites"]?.elements?.count == 2)
            #expect(document["routes"]?.elements?.map { $0["site"] } == ["cern", "ufl"])
            #expect(daemon.requests == [.status, .status])
        }
    }

    @Test func `without a daemon the kernel's half is shown, with exit code 3`() throws {
        try withDirectory { directory in
            let text = try IpopRun.run("status", "--run-dir", directory.path)
            let json = try IpopRun.run("status", "--json", "--run-dir", directory.path)

            #expect(text.status == 3)
            #expect(text.output.contains("ipop: not running"))
            #expect(text.output.contains("E001 the daemon is not running"))
            #expect(json.status == 3)
            #expect(try json.document["state"] == "stopped")
            #expect(try json.document["problems"]?.elements?.first?["code"] == "E001")
        }
    }

    @Test func `a socket that nobody serves is a daemon that does not run`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: .null)
            let socket = directory.appending(path: ControlLimits.socketName).path
            try FileManager.default.moveItem(atPath: socket, toPath: socket + ".kept")
            daemon.stop()
            try FileManager.default.moveItem(atPath: socket + ".kept", toPath: socket)

            for arguments in [
                ["status"], ["sites"], ["routes"], ["leases"], ["ring"], ["ring", "--crawl"], ["wait"],
                ["ping", "ufl"],
                ["trace", "ufl"], ["reload"],
            ] {
                let run = try RunningIpop(arguments + ["--run-dir", directory.path]).end()
                #expect(run.status == 3, "\(arguments)")
            }
        }
    }

    @Test func `a socket that one may not use is exit code 4, for every command`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Sample.report.json)
            defer { daemon.stop() }
            chmod(directory.appending(path: ControlLimits.socketName).path, 0)

            for arguments in [
                ["status"], ["status", "--check"], ["sites"], ["routes"], ["wait", "--timeout", "60"], ["ping", "ufl"],
                ["reload"], ["ring"], ["trace", "10.0.0.1"], ["leases"],
            ] {
                let run = try RunningIpop(
                    arguments + ["--run-dir", directory.path], wrapper: Self.withoutOverride
                ).end()
                #expect(run.status == 4, "\(arguments): \(run.output)\(run.errors)")
                #expect((run.output + run.errors).contains("permission"), "\(arguments)")
            }
            #expect(daemon.requests.isEmpty)
        }
    }

    /// Root may use any socket unless it gives up CAP_DAC_OVERRIDE.
    private static let withoutOverride =
        geteuid() == 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []

    @Test(arguments: [
        FakeDaemon.Answer.silence, .bytes([]), .bytes(Array("no JSON\n".utf8)), .bytes(Array("{\"ok\":true".utf8)),
        .reply(.success([:])), .reply(Sample.failure(.stopping, "stopping")),
    ])
    func `a daemon that gives no whole answer is shown as that within a second`(answer: FakeDaemon.Answer) throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in answer }
            defer { daemon.stop() }

            let run = try IpopRun.run("status", "--run-dir", directory.path)

            #expect(run.status == 3)
            #expect(run.output.contains("E008 the daemon does not answer"))
        }
    }

    @Test func `check is one line, brief one more for each site`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Sample.report.json)
            defer { daemon.stop() }

            let check = try IpopRun.run("status", "--check", "--run-dir", directory.path)
            let brief = try IpopRun.run("status", "--brief", "--run-dir", directory.path)

            #expect(check.output.split(separator: "\n").count == 1)
            #expect(check.output.contains("grid physics, site lsu, 2 of 2 sites up"))
            #expect(brief.output.split(separator: "\n").count == 3)
            #expect(check.status == brief.status)
        }
    }

    @Test func `watch goes on until interrupted`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Sample.report.json)
            defer { daemon.stop() }

            let running = try RunningIpop(["status", "--watch", "--json", "--run-dir", directory.path])
            let lines = running.readLines(2)
            running.signal(SIGTERM)
            _ = running.end()

            #expect(lines.count == 2)
            for line in lines { #expect(try JSONValue(parsing: line)["site"] == "lsu") }
        }
    }

    @Test func `when the daemon is dead the files say who this gateway is`() throws {
        try withDirectory { directory in
            try "grid: physics\nsite: lsu\nlan: {interface: lo}\ndevice: ipop9\n".write(
                to: directory.appending(path: "ipop.yaml"), atomically: false, encoding: .utf8)

            let run = try IpopRun.run("status", "--run-dir", directory.path, "--config-dir", directory.path)

            #expect(
                run.output.hasPrefix(
                    "ipop: not running   grid physics   site lsu\ndevice ipop9 MISSING     lan lo routed"))
        }
    }

    @Test func `sites and routes are tables, and documents`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory, payload: Sample.report.json)
            defer { daemon.stop() }

            let sites = try IpopRun.run("sites", "--run-dir", directory.path)
            let sitesDocument = try IpopRun.run("sites", "--json", "--run-dir", directory.path).document
            let routes = try IpopRun.run("routes", "--run-dir", directory.path)
            let routesDocument = try IpopRun.run("routes", "--json", "--run-dir", directory.path).document

            #expect(sites.status == 0)
            #expect(sites.output.split(separator: "\n").count == 3)
            #expect(sites.output.contains("198.51.100.7:7867"))
            #expect(sitesDocument["sites"]?.elements?.map { $0["site"] } == ["cern", "ufl"])
            #expect(routes.status == 0)
            #expect(routes.output.split(separator: "\n").count == 3)
            #expect(routesDocument["routes"]?.elements?.map { $0["prefix"] } == ["10.1.0.0/16", "10.2.0.0/16"])
        }
    }

    @Test(arguments: [
        ["status", "--json", "--check"], ["status", "extra"], ["ping"], ["ping", "UFL"], ["ping", "ufl", "-c", "-1"],
        ["ping", "ufl", "-i", "0"], ["ping", "ufl", "-c", "0", "--json"], ["wait", "--timeout", "0"],
        ["wait", "no_site"], ["reload", "now"], ["sites", "--what"], ["trace"], ["trace", "no_site"],
        ["trace", "10.0.0.1/8"], ["trace", "ufl", "--timeout", "31"], ["trace", "ufl", "--timeout", "0"],
        ["ring", "ufl"], ["leases", "--crawl"],
    ])
    func `a usage error is exit code 2`(arguments: [String]) throws {
        let run = try RunningIpop(arguments).end()

        #expect(run.status == 2)
        #expect(run.output == "")
        #expect(run.errors.hasPrefix("ipop: error: "))
    }
}
