import ControlProtocol
import NetworkTypes

/// A daemon's report of a gateway with two other sites.
enum Sample {
    static let node = NodeAddress("3f9a" + String(repeating: "0", count: 32) + "c21e")!

    static func prefix(_ text: String) -> IPPrefix { IPPrefix(text)! }

    static var report: GatewayReport {
        GatewayReport(
            state: .up, grid: "physics", site: "lsu", node: node, version: "1.0.0", uptimeSeconds: 90,
            certificate: CertificateReport(notAfter: 4_000_000_000, daysLeft: 87, subnets: []),
            overlay: OverlayReport(members: 3, near: 2, ringConsistent: nil),
            sites: [site("cern", "10.1.0.0/16"), site("ufl", "10.2.0.0/16")],
            routes: [
                RouteReport(prefix: prefix("10.1.0.0/16"), site: "cern"),
                RouteReport(prefix: prefix("10.2.0.0/16"), site: "ufl"),
            ],
            host: HostSettings(device: "ipop0", lanInterface: "lo", lanMode: .routed, metric: 50))
    }

    static func site(_ name: String, _ prefix: String) -> SiteReport {
        SiteReport(
            site: name, node: NodeAddress(high: 1, middle: 2, low: 3), path: .directUDP,
            endpoint: Endpoint("198.51.100.7:7867"), reason: .ok, rttMicroseconds: 12_100, lossPercent: 0, mtu: 1_440,
            rxBytes: 30_000, txBytes: 1_200_000, lastHeardSeconds: 0.4, prefixes: [Self.prefix(prefix)])
    }

    static func ping(_ microseconds: UInt64) -> ControlReply {
        .success(
            PingResult(
                site: "ufl", node: node, rttMicroseconds: microseconds, path: .directUDP,
                endpoint: Endpoint("198.51.100.7:7867")
            ).json)
    }

    static func failure(_ code: ControlErrorCode, _ text: String) -> ControlReply {
        .failure(ControlFailure(code, text))
    }
}
