import Foundation
import GatewayLab
import Testing

/// The programs as a script sees them: exit codes, permissions, and several gateways on one machine.
///
///     ufl-host --lan-- [ufl] --wan-- br0
extension NetworkTests {
    @Suite(.serialized, .lab("programs", sites: 1, isBroughtUp: false)) struct ProgramTests {
        @Test func `a gateway's whole life by its exit codes`() throws {
            let lab = try Lab.ofSuite()
            let site = lab.ufl

            // Not joined.
            #expect(try lab.run(["ipop", "check"], at: .gateway(site)).status == 2)
            #expect(try lab.run(["ipopd"], at: .gateway(site)).status == 2)

            // Joined, not started. The kernel's part of the status is there all the same.
            try lab.createGrid()
            try lab.join(site)
            #expect(try lab.run(["ipop", "check"], at: .gateway(site)).status == 0)
            let stopped = try lab.run(["ipop", "status"], at: .gateway(site))
            #expect(stopped.status == 3 && stopped.output.contains("lan"), "\(stopped.everything)")
            #expect(try lab.status(site).state == "stopped")
            for command in [["reload"], ["sites"], ["ping", "lsu"], ["wait", "--timeout", "1"]] {
                let result = try lab.run(["ipop"] + command, at: .gateway(site))
                #expect([1, 3].contains(result.status), "\(command): \(result.status) \(result.everything)")
            }

            // Started: alone in its grid.
            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)
            #expect(try lab.run(["ipop", "status"], at: .gateway(site)).status == 0)
            #expect(try lab.run(["ipop", "reload"], at: .gateway(site)).status == 0)

            // A second daemon on the same directories finds them taken.
            let second = try lab.run(["ipopd"], at: .gateway(site), timeLimit: 20)
            #expect(second.status != 0)
            #expect(try lab.run(["ipop", "status"], at: .gateway(site)).status == 0)

            // Stopped: nothing of it is left in the kernel.
            #expect(lab.stopGateway(site))
            #expect(try lab.run(["ip", "link", "show", "ipop0"], at: .gateway(site)).status != 0)
            #expect(try lab.run(["ipop", "status"], at: .gateway(site)).status == 3)
        }

        @Test func `the daemon runs from the usual places without an option`() throws {
            let lab = try Lab.ofSuite()
            let site = try lab.addSite()
            if !FileManager.default.fileExists(atPath: lab.authority) { try lab.createGrid() }
            try lab.join(site)

            let (process, log) = try lab.start(["ipopd"], at: .gateway(site), role: "ipopd without options")
            defer { process.stop() }
            try until("the control socket") { () throws(LabError) in
                try lab.run(["ipop", "status"], at: .gateway(site)).status != 3
            }

            #expect(process.isRunning, "\((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
            #expect(FileManager.default.fileExists(atPath: lab.directories(site).run + "/control.sock"))
        }

        @Test(arguments: [
            ["bogus"], ["status", "--bogus"], ["lab", "up", "--sites", "99"], ["lab", "exec", "nowhere", "--", "true"],
            ["cert", "issue"], ["join", "/nowhere/x.ipop", "--lan", "lan"],
        ])
        func `what makes no sense ends with 2`(arguments: [String]) throws {
            let lab = try Lab.ofSuite()

            let result = try lab.run(["ipop"] + arguments, at: .gateway(lab.ufl))

            #expect(result.status == 2, "\(result.everything)")
            #expect(!result.errors.isEmpty)
        }

        @Test(arguments: [["lab", "up"], ["lab", "demo"], ["lab", "exec", "ufl", "--", "true"], ["lab", "down"]])
        func `who is not root is told so and ends with 4`(arguments: [String]) throws {
            let lab = try Lab.ofSuite()
            let programs = try #require(lab.programs)
            // The build may stand where others cannot read it.
            let copy = "/tmp/ipop-\(lab.plan.name)"
            try ProgramRun.require(["install", "-m", "755", programs.ipop, copy])
            defer { try? FileManager.default.removeItem(atPath: copy) }

            let result = try ProgramRun.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy] + arguments)

            #expect(result.status == 4, "\(result.everything)")
            #expect(result.errors.contains("root"))
        }

        @Test func `version and help end with 0`() throws {
            let lab = try Lab.ofSuite()

            for arguments in [["--version"], ["--help"], ["lab", "--help"], ["help", "status"]] {
                #expect(try lab.run(["ipop"] + arguments, at: .gateway(lab.ufl)).status == 0, "\(arguments)")
            }
        }
    }

    @Suite struct DemoTests {
        @Test func `the demo explains itself and leaves nothing behind`() throws {
            let programs = try ProgramPath.gatewayPrograms(asked: nil), name = "demo\(getpid())"

            let result = try ProgramRun.run([programs.ipop, "lab", "demo", "--name", name], timeLimit: 180)

            #expect(result.status == 0, "\(result.everything)")
            for word in ["ufl-host", "IPv4", "IPv6", "sha256", "ipop status", "clean up"] {
                #expect(result.output.contains(word))
            }
            try expectNothingLeft(name)
        }

        @Test func `Ctrl-C in the middle of the demo leaves nothing behind`() throws {
            let programs = try ProgramPath.gatewayPrograms(asked: nil), name = "halt\(getpid())"

            // `timeout` sends SIGINT, as the terminal would, while gateways join.
            let result = try ProgramRun.run(
                ["timeout", "--signal=INT", "1", programs.ipop, "lab", "demo", "--name", name], timeLimit: 60)

            #expect(result.status != 0 && result.output.contains("clean up"), "\(result.everything)")
            try expectNothingLeft(name)
        }

        private func expectNothingLeft(_ name: String) throws {
            #expect(!FileManager.default.fileExists(atPath: "\(LabPlan.usualDirectory)/\(name)"))
            #expect(try !ProgramRun.require(["ip", "netns", "list"]).contains("ipop-\(name)-"))
        }
    }
}
