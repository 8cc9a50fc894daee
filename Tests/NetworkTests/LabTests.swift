import Foundation
import GatewayLab
import Testing

/// The lab itself, with the kernel routing between the sites, so that what the other suites find is not the lab's
/// doing.
///
///     ufl-host --lan-- [ufl] --wan--+
///                                   +-- br0 in the namespace `wan`
///     lsu-host --lan-- [lsu] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("plain", sites: 2, mode: .plain)) struct LabTests {
        @Test func `the kernel routes between all hosts over both families`() throws {
            try Lab.ofSuite().expectAllHostsReachEachOther()
        }

        @Test func `a node is found by each of its names and by no other`() throws {
            let lab = try Lab.ofSuite()

            #expect(try lab.node(named: "ufl") == .gateway(lab.ufl))
            #expect(try lab.node(named: "ufl-host") == .host(lab.ufl))
            #expect(try lab.node(named: "h2") == .host(lab.lsu))
            #expect(try lab.node(named: "wan") == .wan)
            #expect(throws: LabError.self) { try lab.node(named: "cern") }
        }

        @Test func `another process finds the lab by its name`() throws {
            let lab = try Lab.ofSuite()

            let opened = try Lab.open(name: lab.plan.name)

            #expect(opened.sites == lab.sites)
            try opened.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }

        @Test func `a gateway has its site's directories in the usual places, and only there`() throws {
            let lab = try Lab.ofSuite()
            try Data("here".utf8).write(
                to: URL(fileURLWithPath: lab.directories(lab.lsu).configuration + "/mark"))

            let atSite = try lab.run(["cat", "/etc/ipop/mark"], at: .gateway(lab.lsu))
            let atOther = try lab.run(["cat", "/etc/ipop/mark"], at: .gateway(lab.ufl))

            #expect(atSite.output == "here")
            #expect(atOther.status != 0)
            #expect(!FileManager.default.fileExists(atPath: "/etc/ipop/mark"))
        }

        @Test func `a second lab of the same name is refused and the first stays whole`() throws {
            let lab = try Lab.ofSuite()

            #expect(throws: LabError.self) { try Lab.create(lab.plan) }

            try lab.expectAllHostsReachEachOther()
        }

        @Test(arguments: ["", "Lab", "a-b", "../x", "abcdefghijklmnopq"])
        func `a name that would not do for namespaces is refused`(name: String) {
            #expect(throws: LabError.self) { try Lab.create(LabPlan(name: name, mode: .bare)) }
            #expect(throws: LabError.self) { try Teardown.run(name: name) }
        }

        @Test func `a transfer arrives as it was sent`() throws {
            let lab = try Lab.ofSuite()

            let received = try lab.transfer(
                source: "seq 1 100000", from: .host(lab.ufl), sink: "sha256sum", to: .host(lab.lsu),
                address: lab.lsu.hostAddress6)

            let sent = try lab.require(["sh", "-c", "seq 1 100000 | sha256sum"], at: .host(lab.ufl))
            #expect(received == sent)
        }

        @Test func `a command past its time limit is ended with its children`() throws {
            let lab = try Lab.ofSuite()
            let mark = "\(lab.directory)/late"

            #expect(throws: LabError.self) {
                try lab.run(["sh", "-c", "(sleep 2; touch \(mark)) & wait"], at: .host(lab.ufl), timeLimit: 0.2)
            }

            // The child would have touched the file in two seconds, so its absence after its parent's end is not
            // waited for: no process of that command is left.
            let left = try lab.require(["ip", "netns", "pids", lab.ufl.host], at: .wan)
            #expect(left.isEmpty)
        }
    }

    @Suite struct LabTeardownTests {
        @Test func `down ends processes, removes everything, and may be repeated`() throws {
            let lab = try Lab.create(LabPlan(name: "down\(getpid())", sites: 1, mode: .bare))
            defer { lab.destroy() }
            let (process, _) = try lab.start(["sleep", "1000"], at: .host(lab.ufl), role: "sleeper")
            #expect(process.isRunning)

            let report = try Teardown.run(name: lab.plan.name)
            let again = try Teardown.run(name: lab.plan.name)

            #expect(report.ended == ["sleeper"] && report.namespaces.count == 3 && report.problems.isEmpty)
            #expect(!process.isRunning)
            #expect(!FileManager.default.fileExists(atPath: lab.directory))
            #expect(!again.foundAnything)
        }

        @Test func `what an unfinished lab left behind is removed`() throws {
            // As after a crash between the first namespace and the first record.
            let name = "half\(getpid())"
            try ProgramRun.require(["ip", "netns", "add", "ipop-\(name)-wan"])
            defer { _ = try? ProgramRun.run(["ip", "netns", "del", "ipop-\(name)-wan"]) }

            #expect(throws: LabError.self) { try Lab.create(LabPlan(name: name, sites: 1, mode: .bare)) }
            let report = try Teardown.run(name: name)

            #expect(report.namespaces == ["ipop-\(name)-wan"])
        }

        @Test func `a process is known by its start, not by its number alone`() throws {
            let lab = try Lab.create(LabPlan(name: "pid\(getpid())", sites: 1, mode: .bare))
            defer { lab.destroy() }
            let (process, _) = try lab.start(["sleep", "1000"], at: .host(lab.ufl), role: "sleeper")
            let stranger = RecordedProcess(role: process.role, pid: process.pid, startTicks: process.startTicks - 1)

            stranger.stop(timeLimit: 0.1)

            #expect(!stranger.isRunning && process.isRunning)
        }

        @Test func `a silent limit of the WAN swallows what is larger`() throws {
            let plan = LabPlan(name: "hole\(getpid())", sites: 2, mode: .plain, silentPathMTU: 1400)
            let lab = try Lab.create(plan)
            defer { lab.destroy() }

            let small = try lab.ping(lab.lsu.hostAddress, from: .host(lab.ufl), extra: ["-M", "do", "-s", "1300"])
            let large = try lab.ping(lab.lsu.hostAddress, from: .host(lab.ufl), extra: ["-M", "do", "-s", "1472"])

            #expect(small.received == small.sent)
            #expect(large.received == 0 && !large.words.contains("too long"))
        }
    }
}
