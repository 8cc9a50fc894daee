import ControlProtocol
import GatewayConfiguration
import HostDiagnosis
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning

/// What this host has for or against a configuration: interfaces, networks, forwarding. Reads, and changes nothing.
struct HostCheck {
    /// What was found of the host.
    struct Facts {
        var network: HostNetworkState
        /// Whether the kernel forwards packets of a family; `nil` when it does not say.
        var forwards: (AddressFamily) -> Bool?
        /// The reverse path filter in effect on an interface: 0 off, 1 strict, 2 loose; `nil` when there is none.
        var reversePathFilter: (String) -> Int?
        /// The firewall's rules; `nil` when they cannot be read.
        var firewall: FirewallRuleset?
    }

    let paths: ConfigurationPaths
    var settings: GatewaySettings
    let settingsTree: ConfigurationNode?
    let exports: [SubnetExport]
    /// The subnet that the LAN is bridged into, and where subnets.map says so.
    var bridged: (subnet: IPPrefix, position: SourcePosition)?

    /// What is wrong or worth saying about the host that this process runs on, in its network namespace.
    func problems() -> [ConfigurationProblem] {
        do throws(NetlinkError) {
            let network = try HostNetworkReader().read(device: settings.device)
            return problems(
                Facts(
                    network: network, forwards: Self.forwards,
                    reversePathFilter: Self.reversePathFilter(interface:),
                    firewall: FirewallReader.read(links: network.links).ruleset))
        } catch {
            return [
                ConfigurationProblem(
                    file: "", .warning, .exportUnreachable,
                    "this host's network cannot be read, so the exports were not compared with it: \(error)")
            ]
        }
    }

    /// What is wrong or worth saying about a host.
    func problems(_ facts: Facts) -> [ConfigurationProblem] {
        exportProblems(facts) + virtualPrefixProblems(facts) + bridgeProblems(facts) + addressProblems(facts)
            + oneArmedProblems(facts)
            + kernelProblems(facts) + firewallProblems(facts)
    }

    private var lan: String { settings.lan.interface }
    /// The interface that has the LAN's addresses.
    private func lanLink(_ facts: Facts) -> HostLink? { facts.network.lanLink(of: lan) }
    private var lanPosition: SourcePosition? { settingsTree?.value(at: "lan", "interface")?.position }
    private var families: [AddressFamily] {
        [.v4, .v6].filter { family in exports.contains { $0.subnet.family == family } }
    }

    private func exportProblems(_ facts: Facts) -> [ConfigurationProblem] {
        guard let link = facts.network.link(named: lan) else {
            let names = facts.network.links.filter { !$0.isLoopback && $0.name != settings.device }.map(\.name)
            let nearest = NameSuggestion.nearest(to: lan, among: names).map { "did you mean '\($0)'?" }
            return [
                ConfigurationProblem(
                    file: paths.settings, at: lanPosition, .lanInterfaceMissing, "there is no interface '\(lan)' here",
                    suggestion: nearest ?? "this host has: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
            ]
        }
        var problems: [ConfigurationProblem] = []
        if !link.isUp {
            problems.append(
                ConfigurationProblem(
                    file: paths.settings, at: lanPosition, .warning, .exportUnreachable,
                    "the LAN interface \(lan) is down", suggestion: "ip link set dev \(lan) up"))
        }
        let verdicts = ExportCheck.check(
            exports: exports.map(\.subnet), lanInterface: lanLink(facts)?.name ?? lan, device: settings.device,
            found: facts.network)
        for (export, verdict) in zip(exports, verdicts) {
            if let refusal = verdict.refusal {
                let isOther = if case .coversOtherInterface = refusal { true } else { false }
                problems.append(
                    ConfigurationProblem(
                        file: paths.subnetMap, at: export.position,
                        isOther ? .exportOtherInterface : .exportRefused,
                        "export \(export.subnet) refused: \(refusal.text)", suggestion: refusal.fix))
            } else if let warning = verdict.warning, link.isUp {
                problems.append(
                    ConfigurationProblem(
                        file: paths.subnetMap, at: export.position, .warning, .exportUnreachable,
                        "export \(export.subnet): \(warning.text)", suggestion: warning.fix))
            }
        }
        return problems
    }

    /// Virtual prefixes that share addresses with a network of this host.
    private func virtualPrefixProblems(_ facts: Facts) -> [ConfigurationProblem] {
        let check = VirtualPrefixCheck(found: facts.network, device: settings.device)
        return exports.compactMap { export in
            guard export.isMapped, let virtual = export.virtual, let network = check.network(sharing: virtual) else {
                return nil
            }
            return ConfigurationProblem(
                file: paths.subnetMap, at: export.virtualPosition, .warning, .virtualPrefixShared,
                "the virtual prefix \(virtual) overlaps \(network.prefix), a network of \(network.interface)",
                suggestion: "'\(settings.site) \(export.subnet) auto' leases one that no network of this host has")
        }
    }

    /// Whether the LAN can be bridged, and into that subnet.
    private func bridgeProblems(_ facts: Facts) -> [ConfigurationProblem] {
        guard settings.lan.mode == .bridged, let link = lanLink(facts) else { return [] }
        var problems: [ConfigurationProblem] = []
        let verdict = BridgePlanner.judge(
            interface: lan, name: settings.lan.bridge, record: nil,
            managers: InterfaceManagers.of(lan, in: facts.network), found: facts.network)
        if case .refused(let refusal) = verdict {
            problems.append(
                ConfigurationProblem(
                    file: paths.settings, at: lanPosition, .lanNotBridged,
                    "the LAN cannot be bridged: \(refusal.text)", suggestion: refusal.fix))
        }
        let others = facts.network.connectedPrefixes(except: settings.device).filter { $0.interface != link.name }
        if let bridged, let clash = others.first(where: { $0.prefix.overlaps(bridged.subnet) }) {
            problems.append(
                ConfigurationProblem(
                    file: paths.subnetMap, at: bridged.position, .overlap,
                    "the bridged subnet \(bridged.subnet) overlaps \(clash.prefix), the network of \(clash.interface)",
                    suggestion: "take another subnet of the grid's pool"))
        }
        return problems
    }

    /// The gateway's own traffic, its ICMP errors too, passes the far source check only from an exported subnet.
    private func addressProblems(_ facts: Facts) -> [ConfigurationProblem] {
        guard facts.network.link(named: lan) != nil else { return [] }
        return families.compactMap { family in
            let subnets = exports.map(\.subnet).filter { $0.family == family }
            let own = PreferredSource.address(
                family: family, exports: subnets, found: facts.network, device: settings.device)
            guard own == nil else { return nil }
            let list = subnets.map(\.description).joined(separator: ", ")
            return ConfigurationProblem(
                file: paths.subnetMap, .warning, .noOwnAddress,
                "this gateway has no address in \(list), so it cannot itself speak with other sites",
                suggestion: "hosts of the LAN can; give \(lan) an address there if the gateway should, too")
        }
    }

    private func oneArmedProblems(_ facts: Facts) -> [ConfigurationProblem] {
        guard let link = lanLink(facts), !exports.isEmpty else { return [] }
        let router = facts.network.routes.first { route in
            route.linkIndex == link.index && route.table == .main && route.prefix.length == 0 && route.gateway != nil
        }
        guard let router = router?.gateway else { return [] }
        return [
            ConfigurationProblem(
                file: "", .warning, .oneArmed,
                "this host's own default route leads through the LAN interface \(lan) to \(router): LAN hosts that use "
                    + "\(router) as their router do not know the way to other sites",
                suggestion: "on \(router) add a static route to the other sites' prefixes via this gateway, or hand "
                    + "the route to hosts by DHCP option 121, or as the last resort let this gateway do source NAT")
        ]
    }

    private func kernelProblems(_ facts: Facts) -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        for family in families where facts.forwards(family) == false {
            let setting = family == .v4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding"
            problems.append(
                ConfigurationProblem(
                    file: "", .warning, .forwardingOff,
                    "\(family == .v4 ? "IPv4" : "IPv6") forwarding is off, so LAN hosts cannot reach other sites",
                    suggestion: "sysctl -w \(setting)=1; for good: echo '\(setting)=1' > "
                        + "/etc/sysctl.d/90-ipop\(family == .v4 ? "" : "-v6").conf"))
        }
        for interface in [lanLink(facts)?.name ?? lan, settings.device] where facts.reversePathFilter(interface) == 1 {
            problems.append(
                ConfigurationProblem(
                    file: "", .warning, .reversePathFilter,
                    "strict rp_filter on \(interface): the kernel drops packets whose way back is another interface",
                    suggestion: "loosen it, if traffic is missing: sysctl -w net.ipv4.conf.\(interface).rp_filter=2"))
        }
        return problems
    }

    private func firewallProblems(_ facts: Facts) -> [ConfigurationProblem] {
        guard let ruleset = facts.firewall else { return [] }
        let name = lanLink(facts)?.name ?? lan
        let check = FirewallCheck(
            lan: name, device: settings.lan.mode == .bridged ? name : settings.device, families: families,
            ruleset: ruleset)
        let outcomes = [(check.forwarding, ConfigurationCode.forwardingDropped), (check.sourceNAT, .sourceRewritten)]
        return outcomes.compactMap { outcome, code in
            guard case .stops(let finding) = outcome else { return nil }
            return ConfigurationProblem(
                file: "", .warning, code, finding.text, suggestion: String(finding.fix.dropLast()))
        }
    }

    private static func forwards(_ family: AddressFamily) -> Bool? {
        let name = family == .v4 ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding"
        let value = try? InterfaceSettings.readGlobalNumber(name)
        return value.map { $0 != 0 }
    }

    /// The kernel uses the larger of the interface's value and that of `all` (ip-sysctl.rst).
    private static func reversePathFilter(interface: String) -> Int? {
        guard let own = try? InterfaceSettings.readNumber(.v4, device: interface, "rp_filter") else { return nil }
        let all = try? InterfaceSettings.readNumber(.v4, device: "all", "rp_filter")
        return max(own, all ?? 0)
    }
}
