import Foundation
import GatewayCore
import LinkSecurity
import Testing

@Suite struct JoinTests {
    @Test func `join writes a configuration that checks`() throws {
        let run = try CommandRun.withBundle(subnets: "198.51.100.0/24 2001:db8:20::/48")
        try run.require("join lsu.ipop --lan lo --listen 7900 --config-dir etc/")
        let answer = try run.require("check --config-dir etc")

        #expect(answer.output.contains("ok: etc: site lsu of grid physics, LAN lo"))
        #expect(try run.mode("etc/tls/site.key") == 0o600 && run.mode("etc/tls/site.crt") == 0o644)
        #expect(try run.mode("etc/ipop.yaml") == 0o644 && run.mode("etc") == 0o755)
        #expect(try run.read("etc/ipop.yaml").contains("listen: {port: 7900, port-mapping: auto}"))
        #expect(try run.read("etc/ipop.yaml").contains("bootstrap: [\"gw.example:7867\"]"))
        let lines = try run.read("etc/subnets.map").split(separator: "\n").filter { $0.hasPrefix("lsu") }
        #expect(
            lines.map { $0.split(separator: " ").joined(separator: " ") }
                == ["lsu 198.51.100.0/24 same", "lsu 2001:db8:20::/48 same"])
    }

    @Test func `joining twice changes nothing`() throws {
        let run = try CommandRun.joined()
        let before = try run.read("etc/ipop.yaml")
        let answer = try run.require("join lsu.ipop --lan lo --config-dir etc")

        #expect(!answer.output.contains("wrote"))
        #expect(try run.read("etc/ipop.yaml") == before)
    }

    @Test(arguments: [
        ("join lsu.ipop --lan eth9 --config-dir etc", "etc/ipop.yaml is there and has the LAN interface lo"),
        ("join lsu.ipop --lan lo --listen 1 --config-dir etc", "etc/ipop.yaml is there and listens at port 7867"),
        ("join second.ipop --lan lo --config-dir etc", "etc/tls/site.key is there and is another key"),
        ("join ufl.ipop --lan lo --config-dir etc", "etc/tls/site.key is there and is another key"),
        ("join other.ipop --lan lo --config-dir etc", "etc/tls/ca.crt is there and is the certificate of another"),
    ])
    func `a different configuration stays unless forced`(arguments: String, expected: String) throws {
        let run = try CommandRun.joined()
        try run.require("cert issue lsu --ca ca --subnet 198.51.100.0/24 --out second.ipop")
        try run.require("cert issue ufl --ca ca --subnet 10.251.77.0/24 --out ufl.ipop")
        try run.require("grid create physics --pool 10.128.0.0/9 --out other")
        try run.require("cert issue lsu --ca other --subnet 198.51.100.0/24 --out other.ipop")
        let before = try ["ipop.yaml", "subnets.map", "tls/site.key", "tls/site.crt"].map { try run.read("etc/" + $0) }
        let answer = try run.ipop(arguments)

        #expect(answer.exitCode == 2)
        #expect(answer.errors.contains(expected), "\(answer.errors)")
        let after = try ["ipop.yaml", "subnets.map", "tls/site.key", "tls/site.crt"].map { try run.read("etc/" + $0) }
        #expect(after == before)
        if !arguments.contains("eth9") {
            try run.require(arguments + " --force")
            try run.require("check --config-dir etc")
        }
    }

    @Test func `an interface that is not there leaves nothing written`() throws {
        let run = try CommandRun.withBundle()
        let answer = try run.ipop("join lsu.ipop --lan nosuchif0 --config-dir etc")
        let missing = try run.ipop("join lsu.ipop --config-dir etc")

        #expect(answer.exitCode == 2)
        #expect(answer.errors.contains("error: there is no interface 'nosuchif0' here"))
        #expect(missing.exitCode == 2 && missing.errors.contains("--lan is missing"))
        #expect(!run.exists("etc"))
    }

    @Test func `joining again judges by the pools that were published since`() throws {
        let run = try CommandRun.joined()
        try run.edit("etc/subnets.map", "  same", "  172.31.7.0/24")
        try run.require("grid profile --ca ca --pool 172.31.0.0/16")
        let memory = PublicationMemory([(.gridProfile, Array(try run.read("ca/grid.yaml").utf8))])
        try FileManager.default.createDirectory(atPath: run.path("state"), withIntermediateDirectories: false)
        try Data(memory.encoded).write(to: URL(filePath: run.path("state/publications")))

        let without = try run.ipop("join lsu.ipop --lan lo --config-dir etc --state-dir nowhere")
        let with = try run.ipop("join lsu.ipop --lan lo --config-dir etc --state-dir state")

        #expect(without.exitCode == 2 && without.errors.contains("not in the grid's pools"), "\(without.errors)")
        #expect(with.exitCode == 0, "\(with.errors)")
    }

    @Test func `a file that is no bundle is refused`() throws {
        let run = try CommandRun.withBundle()
        try run.write("garbage.ipop", "no bundle\n")
        for file in ["garbage.ipop", "ca/ca.crt", "nothing.ipop"] {
            let answer = try run.ipop("join \(file) --lan lo --config-dir etc")
            #expect(answer.exitCode == 2 && answer.errors.contains(file), "\(answer.errors)")
        }
        #expect(!run.exists("etc"))
    }

    @Test func `a bundle cut anywhere is refused and nothing is written`() throws {
        let run = try CommandRun.withBundle()
        let bundle = try run.read("lsu.ipop")
        for count in stride(from: 0, to: bundle.count - 1, by: bundle.count / 24) {
            try run.write("cut.ipop", String(bundle.prefix(count)))
            let answer = try run.ipop("join cut.ipop --lan lo --config-dir etc")
            #expect(answer.exitCode == 2, "\(count)")
        }
        #expect(!run.exists("etc"))
    }

    @Test func `no permission is code 4`() throws {
        let run = try CommandRun.withBundle()
        try FileManager.default.createDirectory(atPath: run.path("locked"), withIntermediateDirectories: false)
        try run.setMode("locked", 0o500)
        let arguments = "join lsu.ipop --lan lo --config-dir locked/etc".split(separator: " ").map(String.init)
        // Root may write anywhere unless it gives up CAP_DAC_OVERRIDE.
        let isRoot = geteuid() == 0
        let wrapper = isRoot ? ["--bounding-set=-dac_override,-dac_read_search", CommandRun.program] : []
        let answer = try run.run(isRoot ? "/usr/bin/setpriv" : CommandRun.program, wrapper + arguments)

        #expect(answer.exitCode == 4, "\(answer.errors)")
        #expect(answer.errors.contains("Permission denied"))
        try run.setMode("locked", 0o700)
    }

    @Test func `leaving removes what joining wrote and what the daemon remembers`() throws {
        let run = try CommandRun.joined()
        try FileManager.default.createDirectory(atPath: run.path("state"), withIntermediateDirectories: false)
        try run.write("state/members", "192.0.2.1:7867\n")
        let directories = "--state-dir \(run.path("state")) --run-dir \(run.path("run"))"
        let answer = try run.require("leave --yes --config-dir etc \(directories)")
        let again = try run.require("leave --yes --config-dir etc \(directories)")

        #expect(answer.output.contains("removed etc/tls/site.key"))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: run.path("etc")).isEmpty)
        #expect(run.exists("state") && !run.exists("state/members"))
        #expect(again.output.contains("nothing to remove"))
    }

    @Test(arguments: ["/", "/etc", "/var/lib", "/home", "state", "/var/lib/ipop/../.."])
    func `a slip in the state directory empties nothing`(directory: String) throws {
        let run = try CommandRun.joined()
        let answer = try run.ipop("leave --yes --config-dir etc --state-dir \(directory)")

        #expect(answer.exitCode == 2 && answer.errors.contains("cannot be a gateway's own directory"))
        #expect(run.exists("etc/ipop.yaml"))
    }

    @Test func `leaving ends the daemon behind the socket first`() throws {
        let run = try CommandRun.joined()
        // Processes of a test begin with all signals blocked.
        let script = """
            use Socket; use POSIX; sigprocmask(SIG_SETMASK, POSIX::SigSet->new()); alarm 120;
            socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; bind($s, sockaddr_un("control.sock")) or die;
            listen($s, 5) or die; $| = 1; print "up\\n"; while (accept(my $c, $s)) { close $c; }
            """
        let daemon = Process()
        let pipe = Pipe()
        daemon.executableURL = URL(filePath: "/usr/bin/perl")
        daemon.arguments = ["-e", script]
        daemon.currentDirectoryURL = URL(filePath: run.directory)
        daemon.standardOutput = pipe
        daemon.standardError = FileHandle.nullDevice
        try daemon.run()
        defer { if daemon.isRunning { daemon.terminate() } }
        #expect(try pipe.fileHandleForReading.read(upToCount: 3) == Data("up\n".utf8))

        try run.require("leave --yes --config-dir etc --state-dir \(run.path("state")) --run-dir \(run.directory)")

        daemon.waitUntilExit()
        #expect(daemon.terminationReason == .uncaughtSignal && daemon.terminationStatus == SIGTERM)
        #expect(!run.exists("etc/ipop.yaml"))
    }
}
