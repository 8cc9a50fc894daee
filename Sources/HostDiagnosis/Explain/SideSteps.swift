package import ControlProtocol
import NetworkTypes
import RoutePlanning

/// The steps that both gateways have, judged at one of them.
package struct SideSteps {
    private let site: String
    private let facts: SideFacts
    private let packet: ExplainedPacket
    /// At the source's site packets go into the overlay, at the destination's they come out of it.
    private let isSource: Bool

    /// `facts` are those of the gateway of `site`.
    package init(site: String, facts: SideFacts, packet: ExplainedPacket, isSource: Bool) {
        self.site = site
        self.facts = facts
        self.packet = packet
        self.isSource = isSource
    }

    private var family: AddressFamily { facts.local.family }
    private var lan: String { facts.lanInterface }
    private var network: HostNetworkState { facts.network }

    /// The LAN interface exists and is up.
    package var lanInterface: ExplainStep {
        guard let link = network.link(named: lan) else {
            return ExplainStep(site, .lanInterface, fails: .lanInterfaceMissing, "there is no interface \(lan)")
        }
        if !link.isUp {
            return ExplainStep(
                site, .lanInterface, fails: .lanInterfaceDown, "\(lan) is down", fix: "ip link set dev \(lan) up.")
        }
        if !link.hasCarrier {
            return ExplainStep(
                site, .lanInterface, fails: .lanInterfaceDown, "\(lan) has no carrier",
                fix: "See the cable or the port at the other end of \(lan).")
        }
        return ExplainStep(site, .lanInterface, true, "\(lan) is up")
    }

    /// The host is behind the LAN interface, and answers there. `isAnyHost`: no particular host is meant.
    package func lanHost(isAnyHost: Bool = false) -> ExplainStep {
        if facts.isGatewayItself { return ExplainStep(site, .lanHost, true, "\(facts.local) is this gateway itself") }
        switch facts.wayToLocal.leads(through: lan, network) {
        case false?:
            let way = facts.wayToLocal.text(network)
            return ExplainStep(
                site, .lanHost, fails: .hostNotOnLAN, "the way to \(facts.local) is not through \(lan): \(way)",
                fix: "Give \(lan) an address of its subnet, or add a route: ip route add SUBNET via ROUTER dev \(lan).")
        case nil: return ExplainStep(site, .lanHost, nil, facts.wayToLocal.text(network))
        case true?: break
        }
        if isAnyHost {
            return ExplainStep(site, .lanHost, true, "hosts like \(facts.local) are reached through \(lan)")
        }
        var host = facts.local
        if case .route(let route) = facts.wayToLocal, let router = route.gateway { host = router }
        let name = host == facts.local ? "\(host)" : "\(host), the router to \(facts.local),"
        switch facts.neighbour {
        case .reachable(let mac):
            return ExplainStep(site, .lanHost, true, "\(name) answers on \(lan)\(mac.map { ", at \($0)" } ?? "")")
        case .stale(let mac):
            let place = mac.map { " at \($0)" } ?? ""
            return ExplainStep(site, .lanHost, nil, "\(name) was seen on \(lan)\(place), not lately")
        case .asked: return ExplainStep(site, .lanHost, nil, "\(name) is being asked for on \(lan)")
        case .absent:
            return ExplainStep(
                site, .lanHost, fails: .hostAbsent, "\(name) does not answer \(family == .v4 ? "ARP" : "ND") on \(lan)",
                fix: "See that \(host) is up, has that address, and is on the network of \(lan).")
        case .unknown: return ExplainStep(site, .lanHost, nil, "nothing is known of \(name) on \(lan)")
        }
    }

    /// The overlay's device exists and is up.
    package var device: ExplainStep {
        guard let link = network.link(named: facts.device) else {
            return ExplainStep(site, .device, fails: .deviceMissing, "there is no device \(facts.device)")
        }
        guard link.isUp else {
            return ExplainStep(
                site, .device, fails: .deviceDown, "\(facts.device) is down",
                fix: "Set it up: ip link set \(facts.device) up.")
        }
        return ExplainStep(site, .device, true, "\(facts.device) is up, MTU \(link.mtu)")
    }

    /// Both directions are forwarded.
    package var forwarding: ExplainStep {
        let name = family == .v4 ? "IPv4" : "IPv6"
        if facts.isGatewayItself {
            return ExplainStep(site, .forwarding, true, "not needed: \(facts.local) is the gateway itself")
        }
        for (interface, forwards) in [(lan, facts.forwardsFromLAN), (facts.device, facts.forwardsFromDevice)] {
            guard let forwards else {
                return ExplainStep(site, .forwarding, nil, "\(name) forwarding of \(interface) cannot be read")
            }
            if forwards { continue }
            let isAll = facts.forwardsFromLAN == facts.forwardsFromDevice
            let setting =
                family == .v6
                ? "net.ipv6.conf.all.forwarding"
                : isAll ? "net.ipv4.ip_forward" : "net.ipv4.conf.\(interface).forwarding"
            return ExplainStep(
                site, .forwarding, fails: .forwardingOff,
                "\(name) forwarding is off\(isAll ? "" : " for what comes in by \(interface)")",
                fix: "Switch it on: sysctl -w \(setting)=1; for good: a line in /etc/sysctl.d.")
        }
        return ExplainStep(site, .forwarding, true, "\(name) forwarding is on")
    }

    /// A strict filter takes a packet only from the interface that its source is reached through.
    package var reversePath: ExplainStep {
        guard family == .v4 else { return ExplainStep(site, .reversePath, true, "IPv6 has no rp_filter") }
        let ways = [(lan, facts.local, facts.wayToLocal), (facts.device, facts.remote, facts.wayToRemote)]
        for (interface, source, way) in isSource ? ways : ways.reversed() {
            guard facts.strictInterfaces.contains(interface) else { continue }
            if interface == lan, facts.isGatewayItself { continue }
            if way.leads(through: interface, network) == false {
                return ExplainStep(
                    site, .reversePath, fails: .reversePathFilter,
                    "rp_filter of \(interface) is strict, and the way back to \(source) is \(way.text(network))",
                    fix: "Loosen it: sysctl -w net.ipv4.conf.\(interface).rp_filter=2 (and that of all), or correct "
                        + "the way to \(source).")
            }
        }
        let strict = facts.strictInterfaces.joined(separator: " and ")
        return ExplainStep(
            site, .reversePath, true,
            strict.isEmpty ? "rp_filter drops nothing" : "rp_filter of \(strict) is strict, and the ways back are right"
        )
    }

    /// The kernel's choice for the remote address is the overlay.
    package func route(missing: (text: String, fix: String)?) -> ExplainStep {
        switch facts.wayToRemote.leads(through: facts.device, network) {
        case true?: return ExplainStep(site, .route, true, "\(facts.remote) is in \(facts.wayToRemote.text(network))")
        case nil: return ExplainStep(site, .route, nil, facts.wayToRemote.text(network))
        case false?: break
        }
        if let missing {
            return ExplainStep(site, .route, fails: .routeMissing, missing.text, fix: missing.fix)
        }
        let way = facts.wayToRemote.text(network)
        guard case .route(let route) = facts.wayToRemote, route.prefix.length > 0 else {
            return ExplainStep(site, .route, fails: .routeMissing, "no route to \(facts.remote) leads into the overlay")
        }
        return ExplainStep(
            site, .route, fails: .routeShadowed, "another route wins for \(facts.remote): \(way)",
            fix: "Remove it, or the policy rule that asks its table first: ip route get \(facts.remote).")
    }

    /// Neither the packet nor its answer is dropped, nor is the source rewritten on its way into the overlay.
    package var firewall: ExplainStep {
        if facts.isGatewayItself {
            return ExplainStep(site, .firewall, true, "nothing is forwarded: \(facts.local) is the gateway itself")
        }
        guard let ruleset = facts.firewall.ruleset else {
            return ExplainStep(site, .firewall, nil, facts.firewall.unreadable ?? "the rules cannot be read")
        }
        let inner = (lan, facts.device), ends = isSource ? inner : (inner.1, inner.0)
        let question = FirewallPacket(
            family: family, from: ends.0, to: ends.1, source: packet.source, destination: packet.destination,
            transport: packet.transport, port: packet.port)
        var doubt: String?
        for (one, what) in [(question, "it"), (question.answer, "the answer")] {
            switch FirewallWalk.forward(one, ruleset) {
            case .passes: continue
            case .stops(let place):
                return ExplainStep(
                    site, .firewall, fails: .firewallDrops,
                    "\(place.text) drops \(what) (\(packet.transportText), \(one.inputInterface) to "
                        + "\(one.outputInterface))", fix: fix(place, one))
            case .mayStop(let place): doubt = doubt ?? "\(place.text) may drop \(what)"
            }
        }
        if isSource {
            switch FirewallWalk.sourceNAT(question, ruleset) {
            case .passes: break
            case .stops(let place):
                return ExplainStep(
                    site, .firewall, fails: .sourceRewritten,
                    "\(place.text) rewrites the source of what goes into \(facts.device)",
                    fix: "Restrict that rule to the uplink: add oifname != \"\(facts.device)\", or `! -o "
                        + "\(facts.device)` with iptables.")
            case .mayStop(let place): doubt = doubt ?? "\(place.text) may rewrite the source"
            }
        }
        if let doubt { return ExplainStep(site, .firewall, nil, doubt) }
        let passes = "the rules let \(packet.transportText) pass, and its answers"
        if let gap = facts.firewall.gap {
            return ExplainStep(site, .firewall, gap.isOpen ? nil : true, "\(passes); \(gap.text)")
        }
        return ExplainStep(site, .firewall, true, passes)
    }

    private func fix(_ place: FirewallPlace, _ packet: FirewallPacket) -> String {
        let command = place.command(from: packet.inputInterface, to: packet.outputInterface)
        return place.handle == nil ? "Let it pass: \(command)." : "Remove that rule, or accept before it: \(command)."
    }

    /// Whether LAN hosts seem to have another router than this gateway; `nil` when they do not, or it is all the same.
    package var defaultRouter: ExplainStep? {
        guard !facts.isGatewayItself, let link = network.link(named: lan) else { return nil }
        let route = network.routes.first { route in
            route.linkIndex == link.index && route.table == .main && route.prefix.length == 0
                && route.family == family && route.gateway != nil
        }
        guard let router = route?.gateway else { return nil }
        return ExplainStep(
            site, .defaultRouter, nil,
            "this gateway's own default route is \(router) on \(lan): hosts that use \(router) need a route to the "
                + "other sites there, or by DHCP option 121, or source NAT here as the last resort")
    }
}
