import ControlProtocol
import NetworkTypes
import Testing

@Suite struct MetricsPageTests {
    private static func page(_ status: StatusReport) -> ExpositionCheck { ExpositionCheck(MetricsPage(status).bytes) }

    private static let absences: [Result<GatewayReport, DaemonAbsence>] = [.failure(.notRunning), .success(bare)]

    private static var bare: GatewayReport {
        GatewayReport(
            state: .joining, grid: "g", site: "s", node: Example.node, version: "1", uptimeSeconds: 0,
            certificate: nil, overlay: OverlayReport(members: 1, near: 0, ringConsistent: nil),
            host: Example.report.host)
    }

    @Test func `the page keeps to the format`() {
        for status in [Example.status, Example.healthy]
            + Self.absences.map({ StatusReport(gateway: $0, kernel: KernelFacts()) })
        {
            let page = Self.page(status)

            #expect(page.faults == [])
            #expect(page.samples.allSatisfy { $0.name.hasPrefix("ipop_") })
        }
    }

    @Test func `every fact of the status is on it, in base units`() {
        var report = Example.report
        report.refusedHandshakes = [RefusalCount(reason: .certificateExpired, count: 3)]
        let page = Self.page(StatusReport(gateway: .success(report), kernel: Example.status.kernel))
        let ufl = ["site": "ufl", "node": report.sites[0].node.description]

        let expected: [(String, [String: String], Double)] = [
            ("ipop_gateway_info", ["grid": "physics", "site": "lsu", "node": Example.node.description], 1),
            ("ipop_up", [:], 1), ("ipop_state", ["state": "degraded"], 1), ("ipop_state", ["state": "up"], 0),
            ("ipop_uptime_seconds", [:], 3 * 86_400 + 4 * 3_600 + 59),
            ("ipop_certificate_expiry_timestamp_seconds", [:], 1_767_225_599),
            ("ipop_nat_info", ["mapping": "address-and-port-dependent", "udp": "ok"], 1),
            ("ipop_device_up", ["device": "ipop0"], 1), ("ipop_device_mtu_bytes", ["device": "ipop0"], 1_420),
            ("ipop_device_receive_bytes_total", ["device": "ipop0"], 1_200_000_000),
            ("ipop_device_transmit_bytes_total", ["device": "ipop0"], 800_000_000),
            ("ipop_forwarding_enabled", ["family": "ipv4"], 1),
            ("ipop_overlay_members", [:], 4), ("ipop_overlay_links", ["purpose": "near"], 2),
            ("ipop_overlay_links", ["purpose": "far"], 0), ("ipop_overlay_links", ["purpose": "shortcut"], 1),
            ("ipop_overlay_ring_consistent", [:], 1),
            ("ipop_site_up", ufl, 1), ("ipop_site_up", ["site": "ornl"], 0),
            ("ipop_site_receive_bytes_total", ufl, 1), ("ipop_site_transmit_bytes_total", ufl, 2),
            ("ipop_site_last_heard_seconds", ufl, 0.4),
            (
                "ipop_path_info",
                ["site": "cern", "path": "relay", "via": "ufl", "endpoint": "", "reason": "symmetric-nats"], 1
            ),
            ("ipop_path_rtt_seconds", ufl.merging(["path": "direct-udp"]) { $1 }, 0.0121),
            ("ipop_path_loss_ratio", ["site": "cern", "path": "relay"], 0),
            ("ipop_path_mtu_bytes", ["site": "ufl"], 1_440),
            ("ipop_streams", ["state": "open"], 1), ("ipop_streams", ["state": "opening"], 2),
            ("ipop_stream_receive_bytes_total", [:], 3_000), ("ipop_stream_transmit_bytes_total", [:], 4_000),
            ("ipop_stream_waiting_bytes", [:], 5), ("ipop_stream_dropped_datagrams_total", [:], 6),
            ("ipop_streams_abandoned_total", [:], 7), ("ipop_relay_pairs", [:], 2), ("ipop_relay_ways", [:], 1),
            ("ipop_relay_passed_frames_total", [:], 10), ("ipop_relay_passed_bytes_total", [:], 11_000),
            ("ipop_relay_dropped_frames_total", [:], 12),
            ("ipop_routes", ["kernel": "installed"], 2), ("ipop_routes", ["kernel": "missing"], 1),
            ("ipop_routes", ["kernel": "foreign"], 0), ("ipop_exports", ["state": "announced"], 1),
            ("ipop_leases", ["state": "held"], 1), ("ipop_leases", ["state": "lost"], 0),
            ("ipop_problems", ["code": "E012"], 1), ("ipop_problems", ["code": "E001"], 0),
            ("ipop_dropped_packets_total", ["reason": "source-check"], 7),
            ("ipop_handshakes_refused_total", ["reason": "certificate-expired"], 3),
        ]
        for (name, labels, value) in expected { #expect(page.value(name, labels) == value, "\(name) \(labels)") }
    }

    @Test func `what is not known is not on it`() {
        let page = Self.page(StatusReport(gateway: .success(Self.bare), kernel: KernelFacts()))

        for name in [
            "ipop_certificate_expiry_timestamp_seconds", "ipop_overlay_ring_consistent", "ipop_device_mtu_bytes",
            "ipop_device_receive_bytes_total", "ipop_forwarding_enabled", "ipop_site_up",
        ] { #expect(page.value(name) == nil && page.types[name] == nil, "\(name)") }
        #expect(page.value("ipop_up") == 0)
        #expect(page.value("ipop_device_up") == 0)
    }

    @Test func `a site that is down has no round trip and no loss`() {
        let page = Self.page(Example.status)

        #expect(page.value("ipop_path_info", ["site": "ornl", "path": "down"]) == 1)
        #expect(page.value("ipop_path_rtt_seconds", ["site": "ornl"]) == nil)
        #expect(page.value("ipop_path_loss_ratio", ["site": "ornl"]) == nil)
    }

    @Test func `whatever a name holds, it stays inside its quotation marks`() {
        let name = "a\"b\\c\nd\u{7f}é{}=,"
        var report = Self.bare
        report.grid = name

        let page = Self.page(StatusReport(gateway: .success(report), kernel: KernelFacts()))

        #expect(page.faults == [])
        #expect(page.value("ipop_gateway_info", ["grid": name]) == 1)
    }

    @Test func `every problem code has its sample, so that its coming shows`() {
        let page = Self.page(Example.healthy)

        #expect(page.samples.filter { $0.name == "ipop_problems" }.count == ProblemCode.allCases.count)
        #expect(page.samples.filter { $0.name == "ipop_problems" && $0.value > 0 } == [])
    }
}
