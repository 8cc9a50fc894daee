import ControlProtocol
import HostDiagnosis
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning

/// Reads the kernel's half of status over netlink, with the code that the daemon plans with.
enum KernelView {
    /// The overlay device's name when nothing says another one.
    private static let usualDevice = "ipop0"

    /// What the kernel has of what `report` wants; without a report, what it has of ours.
    static func read(_ report: GatewayReport?, _ configured: ConfiguredGateway?) throws(CommandFailure) -> KernelFacts {
        let host = report?.host ?? configured?.host
        let device = host?.device ?? usualDevice
        let found: HostNetworkState
        let statistics: DeviceStatistics?
        do throws(NetlinkError) {
            let reader = try HostNetworkReader()
            found = try reader.read(device: device)
            statistics = try reader.statistics(of: device)
        } catch {
            throw CommandFailure("cannot read the kernel's network state: \(error)", .degraded)
        }
        let wanted = report.map { routeFacts($0, found) } ?? []
        let firewall = host.flatMap { check(found, $0, report) }
        return KernelFacts(
            deviceName: device, device: found.link(named: device).map { deviceFacts($0, statistics) },
            routes: wanted + strayRoutes(found, besides: wanted), forwardingV4: isSet("ipv4/ip_forward"),
            forwardingV6: isSet("ipv6/conf/all/forwarding"),
            strictReversePath: Set([host?.lanLink, host?.overlayLink ?? device].compactMap { $0 }).sorted()
                .filter(InterfaceSettings.isReversePathStrict),
            lanInterfaceExists: host.map { found.link(named: $0.lanInterface) != nil },
            forwardingDrops: firewall.flatMap { finding($0.forwarding) },
            sourceNAT: firewall.flatMap { finding($0.sourceNAT) })
    }

    /// The firewall between LAN and overlay; `nil` when its rules cannot be read.
    private static func check(
        _ found: HostNetworkState, _ host: HostSettings, _ report: GatewayReport?
    ) -> FirewallCheck? {
        guard let ruleset = FirewallReader.read(links: found.links).ruleset else { return nil }
        let exported = report?.exports.map(\.subnet.family) ?? []
        return FirewallCheck(
            lan: host.lanLink, device: host.overlayLink, families: [.v4, .v6].filter(exported.contains),
            ruleset: ruleset)
    }

    private static func finding(_ outcome: FirewallCheck.Outcome) -> FirewallFinding? {
        if case .stops(let finding) = outcome { finding } else { nil }
    }

    private static func deviceFacts(_ link: HostLink, _ statistics: DeviceStatistics?) -> DeviceFacts {
        DeviceFacts(
            name: link.name, isUp: link.isUp, mtu: link.mtu,
            counters: statistics.map {
                DeviceCounters(
                    rxBytes: $0.rxBytes, txBytes: $0.txBytes, rxPackets: $0.rxPackets, txPackets: $0.txPackets,
                    rxDropped: $0.rxDropped, txDropped: $0.txDropped)
            })
    }

    /// The planner's verdict on every route that the daemon wants.
    private static func routeFacts(_ report: GatewayReport, _ found: HostNetworkState) -> [RouteFact] {
        let host = report.host
        let table = RoutingTable(rawValue: host.table)
        // Wide enough for IPv6 when nothing is known: whether it is, the daemon has decided.
        let mtu = host.deviceMTU ?? found.link(named: host.device)?.mtu ?? WantedHostNetwork.smallestV6MTU
        let wanted = WantedHostNetwork(
            device: host.device, bridge: host.bridge, mtu: mtu, table: table, metric: host.metric,
            routes: report.routes.filter(\.wanted).map {
                WantedRoute(prefix: $0.prefix, site: $0.site, isDeadEnd: $0.isDeadEnd)
            },
            underlay: report.sites.compactMap { $0.endpoint?.address })
        return HostNetworkPlanner.plan(wanted: wanted, found: found).verdicts.map { verdict in
            let best = found.routes(to: verdict.wanted.prefix, in: table).first
            return RouteFact(
                prefix: verdict.wanted.prefix, kernel: state(verdict.state),
                device: best?.linkIndex.map(found.linkName), metric: best?.metric, issue: verdict.reason.map(issue),
                isDeadEnd: verdict.wanted.isDeadEnd)
        }
    }

    /// Routes of ours that lead into the overlay or end there, to prefixes that are not among `known`.
    private static func strayRoutes(_ found: HostNetworkState, besides known: [RouteFact]) -> [RouteFact] {
        var claimed = PrefixTable<Void>()
        for fact in known { claimed[fact.prefix] = () }
        return found.routes.compactMap { route in
            guard route.origin == .ipop, route.ownPurpose != .underlayPin, claimed[route.prefix] == nil else {
                return nil
            }
            return RouteFact(
                prefix: route.prefix, kernel: .installed, device: route.linkIndex.map(found.linkName),
                metric: route.metric, isDeadEnd: route.ownPurpose == .deadEnd)
        }
    }

    private static func state(_ state: RouteState) -> KernelRouteState {
        switch state {
        case .installed: .installed
        case .missing: .missing
        case .shadowed: .shadowed
        case .foreign: .foreign
        case .refused: .refused
        }
    }

    /// The planner's reason in the words of status.
    static func issue(_ reason: RouteReason) -> RouteIssue {
        // Every code of the planner is in the list: a test holds them together.
        RouteIssue(code: reason.code, text: reason.text, fix: reason.fix) ?? RouteIssue(.kernelRefused)
    }

    private static func isSet(_ name: String) -> Bool? {
        (try? InterfaceSettings.readGlobalNumber(name)).map { $0 != 0 }
    }
}
