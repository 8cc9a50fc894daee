/// A second way from a gateway to the others, by another provider.
///
///     [ufl] --wan---port-1--- br0  198.18.0.0/24
///           --wan2--second-1- br1  198.19.0.0/24   the WAN's namespace routes between the two
///
/// It is IPv4 alone, and public. What is blocked or emulated at the WAN's first network does not concern it.
extension Lab {
    /// Gives the gateway of a site a second uplink, where it has none yet.
    ///
    /// Packets from its address leave by it; so do all when the first uplink has no carrier.
    package func addSecondUplink(_ site: LabSite) throws(LabError) {
        let second = SecondUplink(plan: plan, site: site)
        guard try !hasSecondUplink(site) else { return }
        if try !hasSecondNetwork() {
            try batch(SecondUplink.network, in: namespace(.wan))
            try write("1", to: "/proc/sys/net/ipv4/ip_forward", in: namespace(.wan))
        }
        for other in sitesWithPorts where other != site {
            try batch(SecondUplink.route, in: outermost(other))
        }
        try batch(second.link)
        try batch("link set \(site.secondPort) master br1 up\n", in: namespace(.wan))
        try batch(second.addresses, in: site.gateway)
        // Each uplink leads to the other's network too, as two providers do.
        if plan.natOwner(of: site) == nil { try batch(SecondUplink.back, in: site.gateway) }
        // The route over an uplink without carrier gives way to the other one.
        try write("1", to: "/proc/sys/net/ipv4/conf/all/ignore_routes_with_linkdown", in: site.gateway)
    }

    /// Pulls the cable of a site's second uplink, or plugs it in again.
    package func setSecondPlugged(_ site: LabSite, _ isPlugged: Bool) throws(LabError) {
        guard try hasSecondUplink(site) else { throw .badPlan("`\(site.name)` has no second uplink") }
        try batch("link set \(site.secondPort) \(isPlugged ? "up" : "down")\n", in: namespace(.wan))
    }

    /// Whether a site has a second uplink.
    package func hasSecondUplink(_ site: LabSite) throws(LabError) -> Bool {
        try linksOfWAN().contains { $0.name == site.secondPort }
    }

    private func hasSecondNetwork() throws(LabError) -> Bool { try linksOfWAN().contains { $0.name == "br1" } }

    private func write(_ value: String, to path: String, in namespace: String) throws(LabError) {
        try ProgramRun.require(["ip", "netns", "exec", namespace, "sh", "-e"], input: "echo \(value) > \(path)\n")
    }
}

/// The commands that make a second uplink.
private struct SecondUplink {
    let plan: LabPlan
    let site: LabSite

    static let network = """
        link add br1 type bridge forward_delay 0 stp_state 0
        link set br1 up
        addr add 198.19.0.254/24 dev br1

        """

    /// How the others get there.
    static let route = "route replace 198.19.0.0/24 via \(LabAddresses.wan)\n"

    /// How the site itself gets there by its first uplink.
    static let back = "route add 198.19.0.0/24 via \(LabAddresses.wan) dev \(LabSite.wanInterface) metric 500\n"

    var link: String {
        "link add wan2 netns \(site.gateway) mtu \(plan.wanMTU) type veth peer name \(site.secondPort)"
            + " netns \(Topology(plan: plan).wan) mtu \(plan.wanMTU)\n"
    }

    var addresses: String {
        """
        link set wan2 up
        addr add \(site.secondAddress)/24 dev wan2
        route add 198.18.0.0/24 via 198.19.0.254 dev wan2 metric 500
        route add 198.18.0.0/24 via 198.19.0.254 dev wan2 table 102
        rule add from \(site.secondAddress) lookup 102

        """
    }
}
