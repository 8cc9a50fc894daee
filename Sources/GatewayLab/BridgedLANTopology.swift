/// The LAN of a bridged site: two hosts and the gateway at a switch of its own.
///
///     host  --+
///     host2 --+-- br0 in the namespace `switch` --lan-- [gateway: lan and ipop0 are ports of its bridge]
///
/// The hosts have no addresses: those of the bridged subnet come by DHCP, or are taken.
struct BridgedLANTopology {
    let site: LabSite
    let mtu: Int

    /// The namespaces besides those that every site has.
    var namespaces: [String] { [site.lanSwitch, site.secondHost] }

    /// The three links, made from outside so that each end is born where it belongs.
    var links: String {
        [(site.gateway, LabSite.switchPort), (site.host, "host1"), (site.secondHost, "host2")].map { place, port in
            "link add \(LabSite.lanInterface) netns \(place) mtu \(mtu) type veth "
                + "peer name \(port) netns \(site.lanSwitch) mtu \(mtu)\n"
        }.joined()
    }

    /// What is done in each of the namespaces.
    var scripts: [(script: String, namespace: String)] {
        let ports = [LabSite.switchPort, "host1", "host2"].map { "link set \($0) master br0 up\n" }.joined()
        let host = "link set lo up\nlink set \(LabSite.lanInterface) up\n"
        return [
            (
                "link set lo up\nlink add br0 type bridge forward_delay 0 stp_state 0\nlink set br0 up\n" + ports,
                site.lanSwitch
            ), (host, site.host), (host, site.secondHost),
        ]
    }
}
