import ControlProtocol
import NetworkTypes
import Testing

@Suite struct StatusTextTests {
    @Test func `the example of the documentation prints as it stands there`() {
        let text = StatusText(Example.status).full

        #expect(
            text == """
                ipop: up 3d 4h   grid physics   site lsu   node 3f9a..c21e   certificate ok, 87 days
                device ipop0 up, mtu 1420, rx 1.2 GB tx 800 MB     lan eth1 routed     forwarding on
                overlay 4 members     links 2 near, 0 far, 1 shortcut     ring consistent

                SITE   VIRTUAL PREFIX     PATH              RTT     LOSS  TX/s     RX/s     ROUTE
                ufl    192.168.10.0/24    direct udp        12.1ms  0%    1.2 MB   30 kB    ok
                cern   10.128.3.0/24      relay via ufl     98.0ms  0%    0        0        ok      \
                peer NAT symmetric, ours symmetric
                ornl   10.9.0.0/16        down              -       -     0        0        MISSING \
                removed by another program 3 s ago, restored

                1 problem
                  E012 route 10.9.0.0/16 was removed by another program; restored. See ipop(8), "Routes that vanish".

                """)
    }

    @Test func `on a screen of 80 by 24 no line is longer, and nothing is lost`() {
        let text = StatusText(Example.status, layout: .init(width: 80, height: 24)).full
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)

        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines.count <= 24)
        #expect(
            text == """
                ipop: up 3d 4h   grid physics   site lsu   node 3f9a..c21e
                  certificate ok, 87 days
                device ipop0 up, mtu 1420, rx 1.2 GB tx 800 MB     lan eth1 routed
                  forwarding on
                overlay 4 members     links 2 near, 0 far, 1 shortcut     ring consistent

                SITE  VIRTUAL PREFIX   PATH           RTT     LOSS  TX/s    RX/s   ROUTE
                ufl   192.168.10.0/24  direct udp     12.1ms  0%    1.2 MB  30 kB  ok
                cern  10.128.3.0/24    relay via ufl  98.0ms  0%    0       0      ok
                      peer NAT symmetric, ours symmetric
                ornl  10.9.0.0/16      down           -       -     0       0      MISSING
                      removed by another program 3 s ago, restored

                1 problem
                  E012 route 10.9.0.0/16 was removed by another program; restored. See ipop(8),
                       "Routes that vanish".

                """)
    }

    @Test func `with many sites the screen shows those in trouble, and says how many it leaves out`() {
        let status = Example.healthy { report, facts in
            for number in 0..<60 {
                let prefix = "10.\(number).0.0/16"
                report.sites.append(Example.site("site\(number)", [prefix]))
                report.routes.append(RouteReport(prefix: Example.prefix(prefix), site: "site\(number)"))
                facts.routes.append(
                    RouteFact(
                        prefix: Example.prefix(prefix), kernel: number == 55 ? .missing : .installed, device: "ipop0",
                        metric: 50))
            }
            report.sites[42].path = .down
            report.sites[42].reason = .noAnswer
        }

        let lines = StatusText(status, layout: .init(width: 80, height: 24)).full.split(
            separator: "\n", omittingEmptySubsequences: false)

        #expect(lines.count <= 24)
        #expect(lines.contains { $0.hasPrefix("site40 ") && $0.contains("down") })
        #expect(lines.contains { $0.hasPrefix("site55 ") && $0.contains("MISSING") })
        #expect(lines.contains { $0.hasPrefix("... and ") })
        #expect(StatusText(status).full.split(separator: "\n").count > 60)
    }

    @Test func `without the daemon the kernel's part is shown, and what to do`() {
        let fact = RouteFact(prefix: Example.prefix("10.9.0.0/16"), kernel: .installed, device: "ipop0", metric: 50)
        var kernel = Example.kernel
        kernel.routes = [fact]
        let status = StatusReport(
            gateway: .failure(.notRunning), kernel: kernel,
            configured: ConfiguredGateway(grid: "physics", site: "lsu", host: Example.report.host))

        #expect(
            StatusText(status).full == """
                ipop: not running   grid physics   site lsu
                device ipop0 up, mtu 1420, rx 1.2 GB tx 800 MB     lan eth1 routed     forwarding on

                PREFIX             SITE   WANTED  KERNEL     DEVICE  METRIC  NOTE
                10.9.0.0/16        -      -       installed  ipop0       50

                1 problem
                  E001 the daemon is not running. Start it: `systemctl start ipopd`; \
                see why it stopped: `journalctl -u ipopd`.

                """)
    }

    @Test func `with nothing known at all there is still an answer`() {
        let status = StatusReport(gateway: .failure(.permissionDenied), kernel: KernelFacts())

        #expect(
            StatusText(status).full
                == """
                ipop: no permission to ask the daemon
                device ipop0 MISSING     forwarding unknown

                1 problem
                  E002 no permission to ask the daemon. Use sudo, or join the group: `adduser USER ipop-admin`.

                """)
    }

    @Test func `a healthy gateway says so`() {
        let text = StatusText(Example.healthy).full

        #expect(text.hasSuffix("\n\nno problems\n"))
        #expect(
            StatusText(Example.healthy).check
                == "ipop: up, grid physics, site lsu, 2 of 2 sites up, 2 of 2 routes installed\n")
    }

    @Test func `a site reached over the overlay says so, and one without traffic is no news`() {
        let status = Example.healthy { report, _ in
            report.sites[0].path = .overlay
            report.sites[0].reason = .onDemand
            report.sites[0].rttMicroseconds = nil
            report.sites[1].path = .overlay
            report.sites[1].via = nil
            report.sites[1].reason = .handshakeTimeout
        }

        let text = StatusText(status).full

        #expect(text.contains("ufl    192.168.10.0/24    over the overlay  -       0%    1.2 MB   30 kB    ok\n"))
        #expect(text.contains("over the overlay  98.0ms  0%    0        0        ok      handshake not answered\n"))
        #expect(status.state == .up)
        #expect(StatusText(status).check.contains("2 of 2 sites up"))
        #expect(GatewayTable(status.report!).table.text(colour: false).contains("on-demand (no traffic: "))
    }

    @Test(arguments: [
        (true, "ring consistent"), (false, "ring NOT consistent"), (nil, "ring not checked"),
    ])
    func `the overlay's line tells whether the ring is consistent`(isConsistent: Bool?, words: String) {
        let status = Example.healthy { report, _ in report.overlay.ringConsistent = isConsistent }

        #expect(
            StatusText(status).full.contains("overlay 4 members     links 2 near, 0 far, 1 shortcut     \(words)\n"))
    }

    @Test func `a gateway that is joining has no line for the overlay`() {
        let status = Example.healthy { report, _ in report.state = .joining }

        #expect(!StatusText(status).full.contains("overlay"))
    }

    @Test func `brief is the line of check and one line a site`() {
        let text = StatusText(Example.status).brief

        #expect(
            text == """
                ipop: degraded, grid physics, site lsu, 2 of 3 sites up, 2 of 3 routes installed: \
                E012 route 10.9.0.0/16 was removed by another program; restored
                  ufl   direct udp     12.1ms  0%    ok
                  cern  relay via ufl  98.0ms  0%    ok
                  ornl  down           -       -     MISSING

                """)
        #expect(
            StatusText(StatusReport(gateway: .failure(.notRunning), kernel: KernelFacts())).check
                == "ipop: not running: E001 the daemon is not running\n")
    }

    @Test func `a site of several prefixes takes one row each, a site of none takes one`() {
        let status = Example.healthy { report, _ in
            report.sites[0].prefixes.append(Example.prefix("fd00:10::/64"))
            report.sites[1].prefixes = []
        }

        let rows = StatusText(status).full.split(separator: "\n").dropFirst(4).prefix(3)

        #expect(rows.map { $0.split(separator: " ").first } == ["ufl", "fd00:10::/64", "cern"])
        #expect(rows.last?.contains(" -  ") == true)
    }

    @Test func `colour is there only when it is asked for`() {
        #expect(!StatusText(Example.status).full.contains("\u{1b}"))

        let painted = StatusText(Example.status, layout: .init(colour: true)).full

        #expect(painted.contains("\u{1b}[31mMISSING\u{1b}[0m"))
        #expect(painted.replacing(/\u{1b}\[[0-9]*m/, with: "") == StatusText(Example.status).full)
    }

    @Test func `what a peer sends never drives the terminal`() {
        let status = Example.healthy { report, facts in
            report.sites[0].site = "\u{1b}[2Jx"
            report.problems = [.configurationNotReloaded(error: "a\u{9b}31m\nb")]
            facts.routes[0].kernel = .missing
        }

        let texts = [StatusText(status).full, StatusText(status).brief, StatusText(status).check]

        #expect(texts.allSatisfy { !$0.contains("\u{1b}") && !$0.contains("\u{9b}") && !$0.contains("a\n") })
    }

    @Test func `a site without a known round trip or rate shows a dash`() {
        let status = Example.healthy { report, _ in
            report.sites[0].rttMicroseconds = nil
            report.sites[0].rxBytesPerSecond = nil
        }

        #expect(
            StatusText(status).full.contains(
                "ufl    192.168.10.0/24    direct udp        -       0%    1.2 MB   -        ok\n"))
    }
}
