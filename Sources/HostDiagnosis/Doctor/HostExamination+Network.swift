import ControlProtocol
import NetworkTypes
import RoutePlanning

// Interfaces, forwarding, firewalls.
extension HostExamination {
    var tun: DoctorCheck {
        switch facts.tun {
        case .usable: DoctorCheck(.tun, .ok, "/dev/net/tun can be used")
        case .missing:
            DoctorCheck(
                .tun, .failure, "/dev/net/tun is not there",
                fix: "modprobe tun; in a container, give it the device.")
        case .unusable(let reason):
            DoctorCheck(.tun, .failure, "/dev/net/tun cannot be opened: \(reason)", fix: "modprobe tun.")
        case .notPermitted: DoctorCheck(.tun, .unknown, "/dev/net/tun is there; only root can try to open it")
        }
    }

    var device: DoctorCheck {
        guard let link = facts.network.link(named: facts.device) else {
            let isRunning = gateway != nil
            return DoctorCheck(
                .device, isRunning ? .failure : .warning, "there is no device \(facts.device)",
                fix: isRunning
                    ? "See journalctl -u ipopd; the daemon makes it again." : "Start the daemon: systemctl start ipopd."
            )
        }
        if !link.isUp {
            return DoctorCheck(
                .device, .failure, "\(facts.device) is down", fix: "ip link set \(facts.device) up.")
        }
        return DoctorCheck(.device, .ok, "\(facts.device) is up")
    }

    var mtu: DoctorCheck {
        guard let device = facts.network.link(named: facts.device) else {
            return DoctorCheck(.mtu, .unknown, "there is no device \(facts.device)")
        }
        if let wanted = gateway?.host.deviceMTU, wanted != device.mtu {
            return DoctorCheck(
                .mtu, .failure, "\(facts.device) has MTU \(device.mtu), wanted \(wanted)",
                fix: "ip link set \(facts.device) mtu \(wanted).")
        }
        if device.mtu < WantedHostNetwork.smallestV6MTU {
            return DoctorCheck(
                .mtu, families.contains(.v6) ? .failure : .warning,
                "\(facts.device) has MTU \(device.mtu): no IPv6 under \(WantedHostNetwork.smallestV6MTU)",
                fix: "Set mtu in ipop.yaml to auto.")
        }
        guard let name = facts.lanInterface, let lan = facts.network.link(named: name), lan.mtu > device.mtu else {
            return DoctorCheck(.mtu, .ok, "\(facts.device) has MTU \(device.mtu)")
        }
        return DoctorCheck(
            .mtu, .warning, "\(facts.device) has MTU \(device.mtu), \(name) \(lan.mtu): hosts must lower their packets",
            fix: "Set mtu in ipop.yaml to auto: what does not fit a path travels in slices.")
    }

    var lanInterface: DoctorCheck {
        guard let name = facts.lanInterface else {
            return DoctorCheck(.lanInterface, .unknown, "the LAN interface's name is not known")
        }
        guard let link = facts.network.link(named: name) else {
            return DoctorCheck(
                .lanInterface, .failure, "there is no interface \(name)",
                fix: "Correct lan.interface in ipop.yaml; ip link lists the interfaces.")
        }
        if !link.isUp {
            return DoctorCheck(.lanInterface, .failure, "\(name) is down", fix: "ip link set dev \(name) up.")
        }
        if !link.hasCarrier {
            return DoctorCheck(
                .lanInterface, .failure, "\(name) has no carrier", fix: "See the cable of \(name).")
        }
        return DoctorCheck(.lanInterface, .ok, "\(name) is up")
    }

    var defaultRouter: DoctorCheck {
        guard let name = facts.lanInterface, let link = facts.network.link(named: name) else {
            return DoctorCheck(.defaultRouter, .unknown, "the LAN interface is not known")
        }
        let router = facts.network.routes.first { route in
            route.linkIndex == link.index && route.table == .main && route.prefix.length == 0 && route.gateway != nil
        }
        guard let address = router?.gateway else {
            return DoctorCheck(.defaultRouter, .ok, "no default route of this host leads through \(name)")
        }
        return DoctorCheck(
            .defaultRouter, .warning,
            "this host's own default route is \(address) on \(name): LAN hosts that use it do not know the other sites",
            fix: "On \(address) add a static route to the other sites' prefixes via this gateway, or hand it out by "
                + "DHCP option 121, or as the last resort let this gateway do source NAT.")
    }

    func forwarding(_ family: AddressFamily) -> DoctorCheck {
        let name: DoctorCheckName = family == .v4 ? .forwardingIPv4 : .forwardingIPv6
        let words = family == .v4 ? "IPv4" : "IPv6"
        guard families.contains(family) else { return DoctorCheck(name, .ok, "no \(words) subnet is exported") }
        guard let forwards = family == .v4 ? facts.forwardsV4 : facts.forwardsV6 else {
            return DoctorCheck(name, .unknown, "the kernel does not say whether it forwards \(words)")
        }
        if forwards { return DoctorCheck(name, .ok, "\(words) forwarding is on") }
        let setting = family == .v4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding"
        return DoctorCheck(
            name, .failure, "\(words) forwarding is off",
            fix: "sysctl -w \(setting)=1; for good: copy /usr/share/doc/ipop-gateway/examples/sysctl.d/"
                + "60-ipop-gateway.conf to /etc/sysctl.d.")
    }

    var reversePath: DoctorCheck {
        guard let first = facts.strictInterfaces.first else {
            return DoctorCheck(.reversePath, .ok, "rp_filter is not strict")
        }
        let names = facts.strictInterfaces.joined(separator: " and ")
        return DoctorCheck(
            .reversePath, .warning,
            "strict rp_filter on \(names): packets whose way back is another interface are dropped",
            fix: "If traffic is missing: sysctl -w net.ipv4.conf.\(first).rp_filter=2.")
    }

    var routerAdvertisements: DoctorCheck {
        guard facts.forwardsV6 == true else {
            return DoctorCheck(.routerAdvertisements, .ok, "IPv6 forwarding is off, so advertisements are heard")
        }
        let deaf = facts.network.routes.compactMap { route -> String? in
            guard route.family == .v6, route.prefix.length == 0, route.origin == .routerAdvertisement,
                let link = route.linkIndex.flatMap(facts.network.link(at:))
            else { return nil }
            return facts.hearsAdvertisements.contains(link.name) ? link.name : nil
        }
        guard let name = deaf.first else {
            return DoctorCheck(.routerAdvertisements, .ok, "no default route depends on ignored advertisements")
        }
        return DoctorCheck(
            .routerAdvertisements, .warning,
            "the IPv6 default route of \(name) comes from advertisements, which forwarding makes the kernel ignore",
            fix: "sysctl -w net.ipv6.conf.\(name).accept_ra=2.", degrades: true)
    }

    var firewall: DoctorCheck {
        guard let check = firewallCheck else { return unread(.firewall) }
        let names = "\(facts.lanInterface ?? "the LAN") and \(facts.device)"
        return judged(.firewall, check.forwarding, passes: "the rules let packets pass between \(names)")
    }

    var sourceNAT: DoctorCheck {
        guard let check = firewallCheck else { return unread(.sourceNAT) }
        return judged(
            .sourceNAT, check.sourceNAT, passes: "no rule rewrites the source of what goes into \(facts.device)")
    }

    /// A bridge's frames go by no route, and the firewall judges them all the same where br_netfilter says so: as
    /// packets that are forwarded from the bridge to itself.
    var bridgeFilter: DoctorCheck {
        guard facts.isBridged else { return DoctorCheck(.bridgeFilter, .ok, "the LAN is not bridged") }
        guard let family = facts.filtersBridges.first else {
            return DoctorCheck(.bridgeFilter, .ok, "the firewall is not asked what may pass a bridge")
        }
        guard let ruleset = facts.firewall.ruleset, let name = facts.lanInterface else { return unread(.bridgeFilter) }
        let bridge = facts.network.lanLink(of: name)?.name ?? name
        let setting = family == .v4 ? "net.bridge.bridge-nf-call-iptables" : "net.bridge.bridge-nf-call-ip6tables"
        let check = FirewallCheck(lan: bridge, device: bridge, families: facts.filtersBridges, ruleset: ruleset)
        var found = judged(.bridgeFilter, check.forwarding, passes: "the rules let packets pass from port to port")
        guard found.state == .failure || found.state == .warning else { return found }
        found.text += ": br_netfilter asks it about what passes the bridge, too"
        found.fix = "sysctl -w \(setting)=0, if no other bridge of this host needs it; else: \(found.fix ?? "")"
        return found
    }

    private var firewallCheck: FirewallCheck? {
        guard let ruleset = facts.firewall.ruleset, let lan = facts.lanInterface else { return nil }
        return FirewallCheck(lan: lan, device: facts.device, families: families, ruleset: ruleset)
    }

    private func judged(_ name: DoctorCheckName, _ outcome: FirewallCheck.Outcome, passes: String) -> DoctorCheck {
        switch outcome {
        case .passes: withLegacy(name, passes)
        case .stops(let finding): DoctorCheck(name, .failure, finding.text, fix: finding.fix)
        case .mayStop(let finding): DoctorCheck(name, .warning, finding.text, fix: finding.fix)
        }
    }

    private func unread(_ name: DoctorCheckName) -> DoctorCheck {
        let isNameless = facts.lanInterface == nil
        let reason = facts.firewall.unreadable ?? "the rules cannot be read"
        return DoctorCheck(name, .unknown, isNameless ? "the LAN interface's name is not known" : reason)
    }

    private func withLegacy(_ name: DoctorCheckName, _ text: String) -> DoctorCheck {
        guard let gap = facts.firewall.gap else { return DoctorCheck(name, .ok, text) }
        return DoctorCheck(
            name, gap.isOpen ? .unknown : .ok, "\(text); \(gap.text)",
            fix: gap.isOpen ? "See them: iptables-legacy-save." : nil)
    }

    var connectionTracking: DoctorCheck {
        guard let (count, limit) = facts.connections else {
            return DoctorCheck(.connectionTracking, .ok, "the kernel tracks no connections, or does not say")
        }
        let text = "\(count) of \(limit) connections"
        let fix = "sysctl -w net.netfilter.nf_conntrack_max=\(limit * 2)."
        if count >= limit {
            return DoctorCheck(.connectionTracking, .failure, "the table is full: \(text)", fix: fix)
        }
        if count > limit / 10 * 9 {
            return DoctorCheck(.connectionTracking, .warning, "the table is nearly full: \(text)", fix: fix)
        }
        return DoctorCheck(.connectionTracking, .ok, text)
    }
}
