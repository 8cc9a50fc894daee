import ControlProtocol
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct ControlCommandTests {
    @Test func `wait tells the daemon what to wait for, and how long`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { request, _ in
                guard case .wait(let site, _) = request else { return .bytes([]) }
                return .reply(.success(WaitResult(members: 3, site: site).json))
            }
            defer { daemon.stop() }

            let forGrid = try IpopRun.run("wait", "--run-dir", directory.path)
            let forSite = try IpopRun.run("wait", "ufl", "--timeout", "30", "--run-dir", directory.path)

            #expect(forGrid.status == 0)
            #expect(forGrid.output == "in the grid, 3 members\n")
            #expect(forSite.status == 0)
            #expect(forSite.output == "site ufl is reachable\n")
            #expect(
                daemon.requests == [.wait(site: nil, timeoutSeconds: nil), .wait(site: "ufl", timeoutSeconds: 30)])
        }
    }

    @Test func `wait for several sites asks for one after the other`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { request, _ in
                guard case .wait(let site, _) = request else { return .bytes([]) }
                return .reply(.success(WaitResult(members: 3, site: site).json))
            }
            defer { daemon.stop() }

            let run = try IpopRun.run("wait", "ufl", "cern", "--run-dir", directory.path)

            #expect(run.status == 0)
            #expect(run.output == "site ufl is reachable\nsite cern is reachable\n")
            #expect(
                daemon.requests == [.wait(site: "ufl", timeoutSeconds: nil), .wait(site: "cern", timeoutSeconds: nil)])
        }
    }

    @Test func `wait ends with 1 when it is not so in time`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in
                .reply(Sample.failure(.timedOut, "not in the grid yet"))
            }
            defer { daemon.stop() }

            let run = try IpopRun.run("wait", "--timeout", "1", "--run-dir", directory.path)

            #expect(run.status == 1)
            #expect(run.errors == "ipop: error: not in the grid yet\n")
        }
    }

    @Test func `wait with a timeout waits for a daemon that is not there yet`() throws {
        try withDirectory { directory in
            let running = try RunningIpop(["wait", "--timeout", "60", "--run-dir", directory.path])
            let daemon = try FakeDaemon(in: directory, payload: WaitResult(members: 1, site: nil).json)
            defer { daemon.stop() }

            let run = running.end()

            #expect(run.status == 0)
            #expect(run.output == "in the grid, 1 member\n")
        }
    }

    @Test func `wait gives up on a daemon that never comes`() throws {
        try withDirectory { directory in
            let run = try IpopRun.run("wait", "--timeout", "1", "--run-dir", directory.path)

            #expect(run.status == 3)
        }
    }

    @Test func `ping prints a line an answer and what they come to`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, number in
                switch number {
                case 0: .reply(Sample.ping(12_000))
                case 1: .reply(Sample.failure(.noAnswer, "no answer"))
                case 2: .reply(Sample.failure(.siteDown, "no path"))
                default: .reply(Sample.ping(13_000))
                }
            }
            defer { daemon.stop() }

            let run = try IpopRun.run("ping", "ufl", "-c", "4", "-i", "0.01", "--run-dir", directory.path)

            #expect(run.status == 0)
            #expect(
                run.output == """
                    answer from ufl (3f9a..c21e): seq=1 path=direct-udp 198.51.100.7:7867 time=12.0ms
                    no answer from ufl: seq=2 no answer
                    no answer from ufl: seq=3 no path
                    answer from ufl (3f9a..c21e): seq=4 path=direct-udp 198.51.100.7:7867 time=13.0ms

                    --- ufl: 4 sent, 2 received, 50% loss; round trip min/avg/max 12.0ms/12.5ms/13.0ms

                    """)
            #expect(
                daemon.requests == Array(repeating: .ping(site: "ufl", timeoutMilliseconds: 2_000), count: 4))
        }
    }

    @Test func `ping ends with 1 when nothing came back`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in .reply(Sample.failure(.noAnswer, "no answer")) }
            defer { daemon.stop() }

            let run = try IpopRun.run("ping", "ufl", "-c", "2", "-i", "0.01", "--run-dir", directory.path)
            let document = try IpopRun.run(
                "ping", "ufl", "-c", "1", "--json", "--run-dir", directory.path
            ).document

            #expect(run.status == 1)
            #expect(run.output.hasSuffix("\n--- ufl: 2 sent, 0 received, 100% loss\n"))
            #expect(document["received"] == 0)
            #expect(document["averageMicroseconds"] == .null)
            #expect(document["answers"]?.elements?.first?["error"] == "no answer")
            #expect(document["answers"]?.elements?.first?["rttMicroseconds"] == .null)
        }
    }

    @Test func `ping of a site that is not there is a usage error`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in
                .reply(Sample.failure(.unknownSite, "no site 'ufo' in the grid"))
            }
            defer { daemon.stop() }

            let run = try IpopRun.run("ping", "ufo", "--run-dir", directory.path)

            #expect(run.status == 2)
            #expect(run.errors == "ipop: error: no site 'ufo' in the grid\n")
        }
    }

    @Test func `an interrupted ping says what came back`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in .reply(Sample.ping(1_500)) }
            defer { daemon.stop() }

            let running = try RunningIpop(["ping", "ufl", "-c", "0", "-i", "0.01", "--run-dir", directory.path])
            _ = running.readLines(3)
            running.signal(SIGINT)
            let run = running.end()

            #expect(run.status == 0)
            #expect(run.output.contains("0% loss; round trip min/avg/max 1.5ms/1.5ms/1.5ms\n"))
        }
    }

    @Test func `reload prints what changed`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, number in
                .reply(
                    .success(
                        number == 0
                            ? ReloadResult(changes: ["export 10.3.0.0/16 added"], warnings: ["w.yaml:1:1: warning: x"])
                                .json
                            : ReloadResult(changes: []).json))
            }
            defer { daemon.stop() }

            let first = try IpopRun.run("reload", "--run-dir", directory.path)
            let second = try IpopRun.run("reload", "--run-dir", directory.path)

            #expect(first.status == 0)
            #expect(first.output == "export 10.3.0.0/16 added\n")
            #expect(first.errors == "w.yaml:1:1: warning: x\n")
            #expect(second.output == "nothing to change\n")
        }
    }

    @Test func `reload of files with errors says them, with exit code 2`() throws {
        try withDirectory { directory in
            let daemon = try FakeDaemon(in: directory) { _, _ in
                .reply(Sample.failure(.configurationRejected, "ipop.yaml:3:1: error: a\nipop.yaml:4:1: error: b"))
            }
            defer { daemon.stop() }

            let run = try IpopRun.run("reload", "--run-dir", directory.path)

            #expect(run.status == 2)
            #expect(run.output == "")
            #expect(run.errors.hasPrefix("ipop.yaml:3:1: error: a\nipop.yaml:4:1: error: b\nipop: error: "))
        }
    }
}
