import ControlProtocol
import NetworkTypes
import Testing

/// What `ipop explain` and `ipop doctor` print.
@Suite struct DiagnosisTextTests {
    private static let steps = [
        ExplainStep("ufl", .device, true, "ipop0 is up"),
        ExplainStep("lsu", .lanHost, nil, "nothing is known of 10.1.0.9 on lan"),
        ExplainStep("lsu", .forwarding, fails: .forwardingOff, "IPv4 forwarding is off", fix: "Switch it on."),
        ExplainStep("lsu", .route, fails: .routeMissing, "no route"),
    ]

    @Test func `a line a step, then the first failure and what to do`() {
        #expect(
            ExplainReport(steps: Self.steps).text(colour: false, width: nil) == """
                ufl  device      ok   ipop0 is up
                lsu  lan-host    ?    nothing is known of 10.1.0.9 on lan
                lsu  forwarding  FAIL IPv4 forwarding is off
                lsu  route       FAIL no route

                stops at lsu: forwarding-off: IPv4 forwarding is off
                fix: Switch it on.

                """)
    }

    @Test func `without a failure the last line says whether anything is open`() {
        let open = ExplainReport(steps: Array(Self.steps.prefix(2)))
        let passed = ExplainReport(steps: Array(Self.steps.prefix(1)))

        #expect(
            open.text(colour: false, width: nil)
                .hasSuffix("\n\nnothing is known to stop it; the steps with ? could not be told\n"))
        #expect(passed.text(colour: false, width: nil).hasSuffix("\n\nnothing stops it\n"))
        #expect(passed.json["firstFailure"] == .null)
    }

    @Test func `a narrow screen wraps texts below themselves, and a peer's words drive no terminal`() {
        let step = ExplainStep(site: "lsu", name: "route", isPassed: true, text: "one two \u{1b}[31m three four")

        #expect(
            ExplainReport(steps: [step]).text(colour: false, width: 34) == """
                lsu  route  ok   one two ?[31m
                                 three four

                nothing stops it

                """)
    }

    @Test func `a fix that is not given is the code's own`() {
        #expect(Self.steps[3].fix == ExplainCode.routeMissing.explanation.fix)
    }

    @Test func `the far half survives its way through the control socket`() throws {
        let half = FarHalf(steps: Self.steps)

        #expect(try FarHalf(json: half.json) == half)
    }

    @Test(
        arguments: [
            ("tcp/443", UInt8(6), UInt16(443)), ("udp/53", 17, 53), ("icmp", 1, nil),
        ] as [(String, UInt8, UInt16?)])
    func `a protocol and a port`(text: String, number: UInt8, port: UInt16?) throws {
        let read = try #require(ExplainedPacket.transport(text, .v4))
        let packet = ExplainedPacket(
            source: IPAddress(10, 0, 0, 1), destination: IPAddress(10, 0, 0, 2), transport: read.number,
            port: read.port)

        #expect(read.number == number && read.port == port && packet.transportText == text)
        #expect(ExplainedPacket.transport("icmp", .v6)?.number == 58)
    }

    @Test func `a line a check with its fix below, and the counts last`() {
        let report = DoctorReport(checks: [
            DoctorCheck(.tun, .ok, "/dev/net/tun can be used"),
            DoctorCheck(.clock, .warning, "nothing keeps the clock right", fix: "Let a program set it."),
            DoctorCheck(.nat, .unknown, "only the daemon can tell"),
        ])

        #expect(
            report.text(colour: false, width: nil) == """
                tun    ok   /dev/net/tun can be used
                clock  warn nothing keeps the clock right
                            fix: Let a program set it.
                nat    ?    only the daemon can tell

                1 ok, 1 with a warning, 0 failed, 1 not seen

                """)
        #expect(report.exit == .healthy)
        #expect(report.json["checks"]?.elements?.first?["fix"] == .null)
    }

    @Test func `a failure degrades, a warning only when it is said to`() {
        let failure = DoctorReport(checks: [DoctorCheck(.tun, .failure, "gone", fix: "modprobe tun.")])
        let warning = DoctorReport(checks: [DoctorCheck(.certificate, .warning, "soon", degrades: true)])

        #expect(failure.exit == .degraded && warning.exit == .degraded)
    }
}
