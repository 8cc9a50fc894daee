import ControlProtocol
import Foundation
import LinkSecurity
import NetworkTypes
import RoutePlanning
import Testing

@testable import ipop

/// The kernel's half, on a kernel: in a network namespace of its own.
///
///     ipop0 (veth)    10.1.0.0/16 ours                            -> installed
///                     10.2.0.0/16 nothing                         -> missing
///                     10.3.0.0/16 another's at our metric         -> foreign
///                     10.4.0.0/16 ours, another's before it       -> shadowed
///                     10.5.0.0/16 ours, and nobody wants it
@Suite(.timeLimit(.minutes(2))) struct KernelViewTests {
    private static let isPrivileged = geteuid() == 0
    private static let canRun = isPrivileged || ProcessInfo.processInfo.environment["CI"] != nil

    private static let setUp = """
        set -e
        ip link add ipop0 type veth peer name far
        ip address add 169.254.77.2/30 dev ipop0
        ip link set ipop0 mtu 1400 up
        ip link set far up
        ip link set lo up
        ours() { ip route add "$1" via 169.254.77.1 dev ipop0 proto 77 metric 50; }
        ours 10.1.0.0/16
        ours 10.4.0.0/16
        ours 10.5.0.0/16
        ip route add 10.3.0.0/16 dev lo proto static metric 50
        ip route add 10.4.0.0/16 dev lo proto static metric 10
        echo 1 > /proc/sys/net/ipv4/ip_forward
        "$@"
        """

    private static func wrapper(_ setUp: String) -> [String] {
        ["unshare", "--net", "sh", "-c", setUp, "sh"]
    }

    @Test(.enabled(if: canRun, "needs root"))
    func `each wanted route is judged by what the kernel has`() throws {
        try #require(Self.isPrivileged, "this test needs root")
        try withDirectory { directory in
            var report = Sample.report
            report.routes = (1...4).map { RouteReport(prefix: Sample.prefix("10.\($0).0.0/16"), site: "ufl") }
            let daemon = try FakeDaemon(in: directory, payload: report.json)
            defer { daemon.stop() }

            let run = try IpopRun.run(
                "status", "--json", "--run-dir", directory.path, wrapper: Self.wrapper(Self.setUp))
            let document = try run.document

            #expect(run.status == 1, "\(run.errors)")
            let routes = try #require(document["routes"]?.elements)
            #expect(
                routes.map { $0["kernel"] } == ["installed", "missing", "foreign", "shadowed", "installed"])
            #expect(
                routes.map { $0["reason"] } == [
                    .null, "not-installed-yet", "held-by-another-program", "better-metric", "unclaimed",
                ])
            #expect(routes.map { $0["device"] } == ["ipop0", .null, "lo", "lo", "ipop0"])
            #expect(routes.map { $0["metric"] } == [50, .null, 50, 10, 50])
            #expect(routes.map { $0["site"] } == ["ufl", "ufl", "ufl", "ufl", .null])
            #expect(routes.map { $0["wanted"] } == [true, true, true, true, false])
            #expect(document["device"]?["mtu"] == 1_400)
            #expect(document["device"]?["up"] == true)
            #expect(document["forwarding"]?["ipv4"] == true)
            let codes = document["problems"]?.elements?.compactMap { $0["code"]?.stringValue } ?? []
            #expect(Set(codes).isSuperset(of: ["E011", "E014", "E015", "E016"]))
        }
    }

    @Test(.enabled(if: canRun, "needs root"))
    func `when the daemon is dead its routes are still shown`() throws {
        try #require(Self.isPrivileged, "this test needs root")
        try withDirectory { directory in
            let json = try IpopRun.run(
                "status", "--json", "--run-dir", directory.path, "--config-dir", directory.path,
                wrapper: Self.wrapper(Self.setUp))
            let table = try IpopRun.run(
                "routes", "--run-dir", directory.path, "--config-dir", directory.path,
                wrapper: Self.wrapper(Self.setUp))

            #expect(json.status == 3)
            let routes = try #require(try json.document["routes"]?.elements)
            #expect(routes.map { $0["prefix"] } == ["10.1.0.0/16", "10.4.0.0/16", "10.5.0.0/16"])
            #expect(routes.allSatisfy { $0["site"] == .null && $0["wanted"] == .null && $0["kernel"] == "installed" })
            #expect(table.status == 3)
            #expect(table.output.contains("10.5.0.0/16        -      -       installed  ipop0       50"))
        }
    }

    @Test func `every reason of the planner and of the export check is in the list of codes`() {
        let connected = ConnectedPrefix(prefix: Sample.prefix("10.0.0.0/8"), interface: "eth0")
        let reasons: [RouteReason] = [
            .equalsConnectedPrefix(interface: "eth0"), .insideConnectedPrefix(connected), .reservedRange,
            .isUnderlayAddress, .claimedByAnotherSite("ufl"), .mtuBelowV6Minimum(mtu: 1_000), .deviceMissing("ipop0"),
            .notInstalledYet, .nextHopChanged, .removedByAnotherProgram(nil), .kernelRefused("no"),
            .heldByAnotherProgram(.static, interface: nil), .betterMetric(.static, metric: 1, interface: nil),
        ]
        let exports: [ExportReason] = [
            .interfaceMissing("eth1"), .interfaceIsOverlay("ipop0"), .reservedRange, .coversOtherInterface(connected),
            .interfaceDown("eth1"), .notReachableThroughLAN(interface: "eth1"),
        ]

        for reason in reasons {
            #expect(KernelView.issue(reason).code.rawValue == reason.code)
            #expect(KernelView.issue(reason).text == reason.text)
        }
        for reason in exports { #expect(RouteCode(rawValue: reason.code) != nil, "\(reason.code)") }
    }

    @Test(arguments: CertificateFault.allCases)
    func `every certificate fault is a path reason, of ours and of the peer`(fault: CertificateFault) {
        #expect(PathReason.refused(fault.rawValue).rawValue == fault.rawValue)
        #expect(PathReason.refusedByPeer(fault.rawValue).rawValue == "peer-refused-\(fault.rawValue)")
    }

    @Test func `the exit codes of commands and of status are the same`() {
        for exit in ProgramExit.allCases { #expect(ExitStatus(exit).rawValue == exit.rawValue) }
    }
}
