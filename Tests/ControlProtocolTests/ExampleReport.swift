import ControlProtocol
import NetworkTypes

/// The report of the example screen in the documentation: site lsu of grid physics, with three remote sites.
enum Example {
    static let node = NodeAddress("3f9a" + String(repeating: "0", count: 32) + "c21e")!

    static func prefix(_ text: String) -> IPPrefix { IPPrefix(text)! }

    static func site(_ name: String, _ prefixes: [String], path: PathKind = .directUDP) -> SiteReport {
        SiteReport(
            site: name, node: NodeAddress(high: UInt64(name.utf8.first!), middle: 0, low: 0), path: path,
            endpoint: Endpoint("198.51.100.7:7867"), reason: path == .down ? .noAnswer : .ok,
            rttMicroseconds: path == .down ? nil : 12_100, lossPercent: path == .down ? nil : 0, mtu: 1_440,
            rxBytes: 1, txBytes: 2, rxBytesPerSecond: path == .down ? 0 : 30_000,
            txBytesPerSecond: path == .down ? 0 : 1_200_000,
            lastHeardSeconds: 0.4, prefixes: prefixes.map(prefix))
    }

    static var report: GatewayReport {
        var cern = site("cern", ["10.128.3.0/24"], path: .relay)
        cern.via = "ufl"
        cern.endpoint = nil
        cern.reason = .symmetricNATs
        cern.rttMicroseconds = 98_000
        cern.rxBytesPerSecond = 0
        cern.txBytesPerSecond = 0
        return GatewayReport(
            state: .up, grid: "physics", site: "lsu", node: node, version: "1.0.0",
            uptimeSeconds: 3 * 86_400 + 4 * 3_600 + 59,
            certificate: CertificateReport(
                notAfter: 1_767_225_599, daysLeft: 87, subnets: [prefix("192.168.20.0/24")]),
            overlay: OverlayReport(members: 4, near: 2, far: 0, shortcuts: 1, ringConsistent: true),
            sites: [site("ufl", ["192.168.10.0/24"]), cern, site("ornl", ["10.9.0.0/16"], path: .down)],
            routes: [
                RouteReport(
                    prefix: prefix("10.9.0.0/16"), site: "ornl",
                    vanished: VanishedRoute(secondsAgo: 3, restored: true)),
                RouteReport(prefix: prefix("10.128.3.0/24"), site: "cern"),
                RouteReport(prefix: prefix("192.168.10.0/24"), site: "ufl"),
            ],
            exports: [
                ExportReport(
                    subnet: prefix("192.168.20.0/24"), virtual: prefix("192.168.20.0/24"), state: .announced)
            ],
            leases: [
                LeaseReport(
                    key: "10.128.3.17", holder: "lsu", expiresSeconds: 1_800, mac: MACAddress("02:00:00:00:00:01"))
            ],
            nat: NATReport(
                mapping: .addressAndPortDependent, udp: .ok, endpoints: [Endpoint("203.0.113.9:7867")!]),
            streams: StreamsReport(
                open: 1, opening: 2, rxBytes: 3_000, txBytes: 4_000, waitingBytes: 5, droppedDatagrams: 6,
                abandoned: 7),
            relays: RelaysReport(pairs: 2, ways: 1, passedFrames: 10, passedBytes: 11_000, strangeFrames: 12),
            drops: [DropCount(reason: "source-check", packets: 7)],
            host: HostSettings(
                device: "ipop0", deviceMTU: 1_420, lanInterface: "eth1", lanMode: .routed, metric: 50))
    }
}

extension Example {
    /// The kernel's half of the example screen.
    static var kernel: KernelFacts {
        KernelFacts(
            device: DeviceFacts(
                name: "ipop0", isUp: true, mtu: 1_420,
                counters: DeviceCounters(
                    rxBytes: 1_200_000_000, txBytes: 800_000_000, rxPackets: 1, txPackets: 2, rxDropped: 0, txDropped: 0
                )
            ),
            routes: [], forwardingV4: true, forwardingV6: true, lanInterfaceExists: true)
    }

    /// The example screen: site ornl was stopped, and its route has just been taken away.
    static var status: StatusReport {
        var report = report
        report.sites[2].reason = .peerStopped
        var kernel = kernel
        kernel.routes = [
            RouteFact(
                prefix: prefix("10.9.0.0/16"), kernel: .missing, device: nil, metric: nil,
                issue: RouteIssue(.notInstalledYet)),
            installed("10.128.3.0/24"), installed("192.168.10.0/24"),
        ]
        return StatusReport(gateway: .success(report), kernel: kernel)
    }

    /// Two sites, and nothing wrong.
    static var healthy: StatusReport { healthy { _, _ in } }

    /// Two sites, and nothing wrong but what `change` does.
    static func healthy(_ change: (inout GatewayReport, inout KernelFacts) -> Void) -> StatusReport {
        var report = report
        report.sites.removeLast()
        report.routes = [
            RouteReport(prefix: prefix("10.128.3.0/24"), site: "cern"),
            RouteReport(prefix: prefix("192.168.10.0/24"), site: "ufl"),
        ]
        var kernel = kernel
        kernel.routes = [installed("10.128.3.0/24"), installed("192.168.10.0/24")]
        change(&report, &kernel)
        return StatusReport(gateway: .success(report), kernel: kernel)
    }

    static func installed(_ text: String) -> RouteFact {
        RouteFact(prefix: prefix(text), kernel: .installed, device: "ipop0", metric: 50)
    }
}
