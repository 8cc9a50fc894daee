import ControlProtocol
import NetworkTypes
import Testing

@Suite struct StatusReportTests {
    @Test func `the example of the documentation is degraded, with one problem`() {
        let status = Example.status

        #expect(status.state == .degraded)
        #expect(status.exit == .degraded)
        #expect(status.problems == [.routeVanished(Example.prefix("10.9.0.0/16"), restored: true)])
    }

    @Test func `a gateway with nothing wrong is healthy`() {
        let status = Example.healthy

        #expect(status.problems == [])
        #expect(status.state == .up)
        #expect(status.exit == .healthy)
    }

    @Test(
        arguments: [
            (.notRunning, .stopped, .daemonNotRunning, .daemonNotRunning),
            (.notAnswering, .stopped, .daemonNotRunning, .daemonNotAnswering),
            (.permissionDenied, nil, .permission, .daemonNotReadable),
        ] as [(DaemonAbsence, GatewayState?, ProgramExit, ProblemCode)])
    func `without the daemon the exit code says why`(
        absence: DaemonAbsence, state: GatewayState?, exit: ProgramExit, code: ProblemCode
    ) {
        let status = StatusReport(gateway: .failure(absence), kernel: Example.kernel)

        #expect(status.state == state)
        #expect(status.exit == exit)
        #expect(status.problems.map(\.code) == [code])
    }

    @Test func `the exit codes are those of the documentation`() {
        #expect(ProgramExit.allCases.map(\.rawValue) == [0, 1, 2, 3, 4])
        #expect(ProgramExit.degraded.rawValue == 1)
        #expect(ProgramExit.usage.rawValue == 2)
        #expect(ProgramExit.daemonNotRunning.rawValue == 3)
        #expect(ProgramExit.permission.rawValue == 4)
    }

    @Test(
        arguments: [
            (14, nil), (13, .certificateExpiresSoon), (0, .certificateExpiresSoon), (-1, .certificateExpired),
        ] as [(Int, ProblemCode?)])
    func `a certificate under 14 days makes a gateway degraded`(days: Int, code: ProblemCode?) {
        let status = Example.healthy { report, _ in report.certificate?.daysLeft = days }

        #expect(status.problems.map(\.code) == (code.map { [$0] } ?? []))
        #expect(status.exit == (code == nil ? .healthy : .degraded))
    }

    @Test(
        arguments: [
            (.noAnswer, true, .degraded), (.certificateExpired, true, .degraded), (.peerStopped, false, .degraded),
            (.refusedByPolicy, false, .healthy),
        ] as [(PathReason, Bool, ProgramExit)])
    func `a site that is down counts, and is told unless somebody meant it`(
        reason: PathReason, isTold: Bool, exit: ProgramExit
    ) {
        let status = Example.healthy { report, _ in
            report.sites[0].path = .down
            report.sites[0].reason = reason
        }

        #expect(status.problems == (isTold ? [.siteDown(site: "ufl", reason: reason)] : []))
        #expect(status.exit == exit)
    }

    @Test func `joining is not healthy yet`() {
        let status = Example.healthy { report, _ in report.state = .joining }

        #expect(status.state == .joining)
        #expect(status.exit == .degraded)
    }

    @Test(
        arguments: [
            (.missing, .routeMissing), (.shadowed, .routeShadowed), (.foreign, .routeForeign),
            (.refused, .routeRefused),
        ] as [(KernelRouteState, ProblemCode)])
    func `what the kernel has instead of a wanted route is drift`(kernel: KernelRouteState, code: ProblemCode) {
        let issue = RouteIssue(.betterMetric, text: "because", fix: "do this")
        let status = Example.healthy { _, facts in
            facts.routes[0].kernel = kernel
            facts.routes[0].issue = issue
        }

        #expect(status.problems.map(\.code) == [code])
        #expect(status.problems.first?.text.hasSuffix("because") == true)
        #expect(status.problems.first?.fix == "Do this.")
        #expect(status.exit == .degraded)
        #expect(status.routes[0].issue == issue)
    }

    @Test func `a route that the daemon does not want is told unless this site denies it`() {
        let status = Example.healthy { report, _ in
            report.routes += [
                RouteReport(
                    prefix: Example.prefix("10.1.0.0/16"), site: "ufl", wanted: false,
                    issue: RouteIssue(.insideConnectedPrefix)),
                RouteReport(
                    prefix: Example.prefix("10.2.0.0/16"), site: "ufl", wanted: false,
                    issue: RouteIssue(.refusedByPolicy)),
            ]
        }

        #expect(status.problems.map(\.code) == [.routeRefused])
        #expect(status.routes.prefix(2).map(\.kernel) == [.refused, .refused])
    }

    @Test func `two sites with one prefix keep apart, the wanted one first`() {
        let prefix = Example.prefix("192.168.10.0/24")
        let status = Example.healthy { report, _ in
            report.routes.insert(
                RouteReport(prefix: prefix, site: "aaa", wanted: false, issue: RouteIssue(.ownedByAnotherSite)), at: 0)
        }

        let standings = status.routes.filter { $0.prefix == prefix }

        #expect(standings.map(\.site) == ["ufl", "aaa"])
        #expect(standings.map(\.kernel) == [.installed, .refused])
    }

    @Test func `a route of ours that nobody wants is listed and degrades nothing`() {
        let stray = RouteFact(
            prefix: Example.prefix("10.77.0.0/16"), kernel: .installed, device: "ipop0", metric: 50)
        let status = Example.healthy { _, facts in facts.routes.append(stray) }

        #expect(status.problems == [.routeUnclaimed(stray.prefix)])
        #expect(status.routes.contains { $0.prefix == stray.prefix && $0.wanted == false && $0.site == nil })
        #expect(status.exit == .healthy)
    }

    @Test func `without the daemon the kernel's routes of ours are listed`() {
        let fact = RouteFact(prefix: Example.prefix("10.9.0.0/16"), kernel: .installed, device: "ipop0", metric: 50)
        let status = StatusReport(gateway: .failure(.notRunning), kernel: KernelFacts(routes: [fact]))

        #expect(status.routes.map(\.prefix) == [fact.prefix])
        #expect(status.routes.map(\.wanted) == [nil])
        #expect(status.routes.map(\.site) == [nil])
    }

    @Test func `without the daemon the files' certificate is shown and judged`() {
        let certificate = CertificateReport(notAfter: 0, daysLeft: -3, subnets: [])
        let configured = ConfiguredGateway(
            grid: "physics", site: "lsu", host: Example.report.host, node: Example.node, certificate: certificate)
        let status = StatusReport(gateway: .failure(.notRunning), kernel: Example.kernel, configured: configured)

        #expect(status.problems == [.daemonNotRunning(), .certificateExpired(notAfter: 0)])
        #expect(status.json["node"] == .string(Example.node.description))
        #expect(status.json["certificate"]?["daysLeft"] == -3)
        #expect(status.exit == .daemonNotRunning)
    }

    @Test func `this host's faults are told`() {
        let status = Example.healthy { report, facts in
            facts.device?.isUp = false
            facts.device?.mtu = 1_500
            facts.forwardingV4 = false
            facts.forwardingV6 = false
            facts.strictReversePath = ["eth1"]
            facts.lanInterfaceExists = false
            report.exports[0].state = .refused
            report.exports[0].issue = RouteIssue(.notCoveredByCertificate)
            report.sites[0].sourceDrops = 3
        }

        #expect(
            status.problems.map(\.code) == [
                .exportNotInCertificate, .deviceDown, .deviceWrongMTU, .forwardingOff, .reversePathFilter,
                .lanInterfaceMissing, .sourceCheckDrops,
            ])
    }

    @Test func `a missing device is told, and IPv6 forwarding once it matters`() {
        let status = Example.healthy { report, facts in
            facts.device = nil
            facts.forwardingV6 = false
            report.exports[0].subnet = Example.prefix("fd00:20::/64")
        }

        #expect(status.problems == [.deviceMissing("ipop0"), .forwardingOff(.v6)])
    }

    @Test func `a problem that both halves tell is told once`() {
        let status = Example.healthy { report, facts in
            facts.device = nil
            report.problems = [.deviceMissing("ipop0"), .stateNotSaved(directory: "/var/lib/ipop", error: "full")]
        }

        #expect(status.problems.map(\.code) == [.stateNotSaved, .deviceMissing])
    }

    @Test(arguments: [
        Example.status, Example.healthy, StatusReport(gateway: .failure(.notRunning), kernel: Example.kernel),
        StatusReport(gateway: .failure(.permissionDenied), kernel: KernelFacts()),
    ])
    func `every key of the document is always there`(status: StatusReport) throws {
        let document = try JSONValue(parsing: status.json.pretty)

        #expect(
            keys(document).starts(with: [
                "schema", "state", "grid", "site", "node", "uptimeSeconds", "certificate", "device", "overlay", "sites",
                "routes", "exports", "leases", "nat", "problems",
            ]))
        #expect(document["schema"] == 1)
        #expect(
            keys(document["device"]) == [
                "name", "up", "mtu", "rxBytes", "txBytes", "rxPackets", "txPackets", "rxDropped", "txDropped",
            ])
        #expect(keys(document["certificate"]) == ["notAfter", "daysLeft", "subnets"])
        #expect(keys(document["overlay"]) == ["members", "near", "far", "shortcuts", "ringConsistent"])
        #expect(keys(document["nat"]) == ["mapping", "udp", "endpoints"])
        for problem in document["problems"]?.elements ?? [] { #expect(keys(problem) == ["code", "text", "fix"]) }
        for route in document["routes"]?.elements ?? [] {
            #expect(
                keys(route).starts(with: ["prefix", "site", "wanted", "kernel", "device", "metric", "reason"]))
        }
    }

    @Test func `the parts of the document have every key`() throws {
        let document = Example.status.json

        #expect(
            keys(document["leases"]?.elements?.first) == [
                "key", "holder", "expiresSeconds", "mac", "state", "reason", "keepers", "stored", "epoch",
                "origin", "name",
            ])
        let export = document["exports"]?.elements?.first
        #expect(keys(export).starts(with: ["subnet", "virtual", "state", "reason"]))
        for site in document["sites"]?.elements ?? [] {
            #expect(
                keys(site).starts(with: [
                    "site", "node", "path", "via", "endpoint", "reason", "rttMicroseconds", "lossPercent", "mtu",
                    "rxBytes", "txBytes", "lastHeardSeconds",
                ]))
        }
    }

    @Test func `the document says what the report says`() throws {
        let text = Example.status.json.compact

        #expect(text.hasPrefix(#"{"schema":1,"state":"degraded","grid":"physics","site":"lsu","node":"3f9a"#))
        #expect(
            text.contains(
                #""certificate":{"notAfter":"2025-12-31T23:59:59Z","daysLeft":87,"subnets":["192.168.20.0/24"]}"#))
        #expect(text.contains(#""rttMicroseconds":12100,"lossPercent":0.0,"mtu":1440"#))
        #expect(text.contains(#""lastHeardSeconds":0.4"#))
        #expect(text.contains(#""kernel":"missing","device":null,"metric":null,"reason":"removed-by-another-program""#))
        #expect(
            text.contains(
                #""problems":[{"code":"E012","text":"route 10.9.0.0/16 was removed by another program; restored""#))
    }

    private func keys(_ value: JSONValue?) -> [String] {
        guard case .object(let object) = value else { return [] }
        return object.keys
    }
}
