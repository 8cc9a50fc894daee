/// The commands that make a lab's namespaces, links and addresses. Values only: `Lab` runs them.
struct Topology {
    let plan: LabPlan

    /// The namespace of the WAN's bridge.
    var wan: String { Self.prefix(lab: plan.name) + "wan" }
    /// What the names of all namespaces of a lab begin with, and nobody else's do.
    static func prefix(lab: String) -> String { "ipop-\(lab)-" }

    /// The bridge that is the WAN. It has an address, so that commands can run in it as an outsider.
    var wanScript: String {
        """
        link set lo up
        link add br0 type bridge forward_delay 0 stp_state 0
        link set br0 mtu \(plan.silentPathMTU ?? plan.wanMTU) up
        addr add \(LabAddresses.wan)/24 dev br0
        addr add \(LabAddresses.wan6)/64 dev br0 nodad

        """
    }

    /// The site's three interfaces pairs, made from outside so that each end is born where it belongs.
    func links(_ site: LabSite) -> String {
        let wan = "link add \(LabSite.wanInterface) netns \(site.gateway) mtu \(plan.wanMTU) type veth"
        var port = port(site)
        if let owner = plan.natOwner(of: site) {
            port = "peer name \(site.natPort) netns \(owner.natNamespaces(stages: 1)[0]) mtu \(plan.wanMTU)"
        }
        if plan.bridgedSites.contains(site.name) { return "\(wan) \(port)\n\(bridgedLAN(site).links)" }
        let lan = "link add \(LabSite.lanInterface) netns \(site.gateway) mtu \(plan.lanMTU) type veth"
        let host = "peer name \(LabSite.lanInterface) netns \(site.host) mtu \(plan.lanMTU)"
        return "\(wan) \(port)\n\(lan) \(host)\n"
    }

    /// The LAN of a bridged site.
    func bridgedLAN(_ site: LabSite) -> BridgedLANTopology { BridgedLANTopology(site: site, mtu: plan.lanMTU) }

    /// The WAN's end of the link towards a site.
    private func port(_ site: LabSite) -> String {
        "peer name \(site.wanPort) netns \(wan) mtu \(plan.silentPathMTU ?? plan.wanMTU)"
    }

    /// The NATs of these sites, as namespaces and what is made in them. Sites behind another's NAT are made with it.
    func nats(_ sites: [LabSite]) -> [NATTopology] {
        sites.compactMap { site in
            guard case .own(let kind) = plan.nat(site.name), kind != .none else { return nil }
            return NATTopology(plan: plan, owner: site, kind: kind)
        }
    }

    /// The links of a NAT to the WAN and among its stages.
    func links(_ nat: NATTopology) -> String { nat.links(port: port(nat.owner)) }

    /// Addresses and routes in a NAT's namespaces.
    func natScripts(_ nat: NATTopology) -> [(script: String, namespace: String)] {
        nat.addressScripts(sites: plan.sites.filter { plan.natOwner(of: $0) == nat.owner }, split: split)
    }

    /// Plugs the site's port into the bridge. A site behind another's NAT has none.
    func portScript(_ site: LabSite) -> String {
        if case .behind = plan.nat(site.name) { return "" }
        return "link set \(site.wanPort) group \(site.number) master br0 up\n"
    }

    /// A silent limit is met by single packets only: a train that a veth passes on unsplit would slip through it.
    private var split: String {
        plan.silentPathMTU == nil ? "" : "link set \(LabSite.wanInterface) gso_max_segs 1\n"
    }

    func gatewayScript(_ site: LabSite) -> String {
        """
        link set lo up
        \(split)link set \(LabSite.wanInterface) up
        link set \(LabSite.lanInterface) up
        \(wanAddresses(site))
        addr add \(site.lanAddress)/24 dev \(LabSite.lanInterface)
        addr add \(site.lanAddress6)/64 dev \(LabSite.lanInterface) nodad

        """
    }

    /// What a gateway has towards the WAN: public addresses, or one behind a NAT and a way out.
    private func wanAddresses(_ site: LabSite) -> String {
        guard let owner = plan.natOwner(of: site) else {
            return """
                addr add \(site.wanAddress)/24 dev \(LabSite.wanInterface)
                addr add \(site.wanAddress6)/64 dev \(LabSite.wanInterface) nodad
                """
        }
        return """
            addr add \(site.addressBehindNAT(of: owner))/24 dev \(LabSite.wanInterface)
            route add default via \(owner.natAddress)
            """
    }

    func hostScript(_ site: LabSite) -> String {
        """
        link set lo up
        link set \(LabSite.lanInterface) up
        addr add \(site.hostAddress)/24 dev \(LabSite.lanInterface)
        addr add \(site.hostAddress6)/64 dev \(LabSite.lanInterface) nodad
        route add default via \(site.lanAddress)
        route add default via \(site.lanAddress6)

        """
    }

    /// The kernel routes from one site to another's LAN straight across the WAN.
    func plainRoutes(from site: LabSite, to other: LabSite) -> String {
        site == other
            ? ""
            : """
            route add \(other.subnets[0]) via \(other.wanAddress)
            route add \(other.subnets[1]) via \(other.wanAddress6)

            """
    }

    /// Shell lines for a new namespace, before it has interfaces: no waiting for duplicate addresses, and a second
    /// address stays when the first is taken away.
    static let quietAddresses = """
        echo 1 > /proc/sys/net/ipv4/conf/all/promote_secondaries
        echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad
        echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad

        """
    /// Shell lines that make a namespace a router.
    static let forwarding = """
        echo 1 > /proc/sys/net/ipv4/ip_forward
        echo 1 > /proc/sys/net/ipv6/conf/all/forwarding

        """
}

/// Addresses of a lab that belong to no site.
package enum LabAddresses {
    /// The outsider's addresses: those of the WAN's own namespace.
    package static let wan = "198.18.0.254", wan6 = "2001:db8:ffff::fe"
    /// The port that gateways listen on.
    package static let port = 7867
    /// The subnet that bridged sites share, and the address at which each gateway serves its hosts.
    package static let bridgedSubnet = "10.128.16.0/20", bridgedService = "10.128.16.1"
}
