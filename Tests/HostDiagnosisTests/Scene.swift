import ControlProtocol
import HostDiagnosis
import NetworkTypes
import RoutePlanning

/// Two sites: ufl has 192.168.10.0/24 behind lan0, lsu 192.168.20.0/24. All is well unless a test changes it.
enum Scene {
    static let host = IPAddress(192, 168, 10, 10), gateway = IPAddress(192, 168, 10, 1)
    static let farHost = IPAddress(192, 168, 20, 10)
    static let packet = ExplainedPacket(source: host, destination: farHost, transport: 6, port: 443)

    static func prefix(_ text: String) -> IPPrefix { IPPrefix(text)! }

    static var network: HostNetworkState { network() }

    static func network(
        lanIsUp: Bool = true, hasDevice: Bool = true, deviceIsUp: Bool = true, routes: [HostRoute] = []
    ) -> HostNetworkState {
        let device = HostLink(index: 4, name: "ipop0", isUp: deviceIsUp, mtu: 1_500)
        return HostNetworkState(
            links: [
                HostLink(index: 1, name: "lo", isUp: true, isLoopback: true),
                HostLink(index: 2, name: "lan0", isUp: lanIsUp), HostLink(index: 3, name: "wan0", isUp: true),
            ] + (hasDevice ? [device] : []),
            addresses: [HostAddress(linkIndex: 2, address: gateway, prefixLength: 24)], routes: routes)
    }

    static let toLAN = HostRoute(prefix: prefix("192.168.10.0/24"), origin: .kernel, linkIndex: 2)
    static let intoOverlay = HostRoute(
        prefix: prefix("192.168.20.0/24"), metric: 50, origin: .ipop, linkIndex: 4, gateway: IPAddress(169, 254, 77, 1))
    static let toUplink = HostRoute(
        prefix: prefix("0.0.0.0/0"), origin: .boot, linkIndex: 3, gateway: IPAddress(203, 0, 113, 1))

    /// The facts at ufl, whose LAN host sends to lsu's.
    static var facts: SideFacts {
        SideFacts(
            local: host, remote: farHost, lanInterface: "lan0", device: "ipop0", network: network,
            forwardsFromLAN: true, forwardsFromDevice: true, wayToLocal: .route(toLAN),
            wayToRemote: .route(intoOverlay),
            neighbour: .reachable(nil), firewall: FirewallFacts(ruleset: FirewallRuleset(), hasHiddenTables: false))
    }

    static var report: GatewayReport {
        GatewayReport(
            state: .up, grid: "physics", site: "ufl", node: NodeAddress(high: 1, middle: 1, low: 1), version: "1.0.0",
            uptimeSeconds: 9, certificate: nil, overlay: OverlayReport(members: 2, near: 1, ringConsistent: nil),
            sites: [
                SiteReport(
                    site: "lsu", node: NodeAddress(high: 2, middle: 2, low: 2), path: .directUDP,
                    endpoint: Endpoint("198.51.100.7:7867"), reason: .ok, rttMicroseconds: 900, mtu: 1_440)
            ],
            routes: [RouteReport(prefix: prefix("192.168.20.0/24"), site: "lsu")],
            exports: [
                ExportReport(
                    subnet: prefix("192.168.10.0/24"), virtual: prefix("192.168.10.0/24"), state: .announced)
            ],
            host: HostSettings(device: "ipop0", deviceMTU: 1_500, lanInterface: "lan0", lanMode: .routed, metric: 50))
    }

    /// A ruleset of one chain of the forward hook that lets nothing pass.
    static let closedFirewall = FirewallRuleset(chains: [
        FirewallChain(
            family: .inet, table: "filter", name: "forward", base: .init(hook: .forward, dropsByPolicy: true))
    ])
    /// A ruleset that masquerades whatever leaves.
    static let masquerade = FirewallRuleset(chains: [
        FirewallChain(
            family: .ip, table: "nat", name: "post", base: .init(hook: .postrouting, priority: 100, isNAT: true),
            rules: [FirewallRule(handle: 4, expressions: [.verdict(.rewriteSource)])])
    ])
}
