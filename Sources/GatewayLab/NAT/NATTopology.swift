/// The commands that make the NATs of a lab.
///
///     [lsu] --wan--inside-2-- [lsu-nat] --wan--port-2-- br0              one NAT
///     [lsu] --wan--inside-2-- [lsu-nat] --wan--inside-- [lsu-nat2] --wan--port-2-- br0     two in a row
///     [cern] -wan--inside-3------+                                                behind lsu's
struct NATTopology {
    let plan: LabPlan
    /// The site whose NAT it is.
    let owner: LabSite
    let kind: NATKind

    /// The namespaces, the one beside the gateways first.
    var namespaces: [String] { owner.natNamespaces(stages: kind.stages) }

    /// The links among the NATs and to the WAN's port.
    func links(port: String) -> String {
        let pairs = zip(namespaces, namespaces.dropFirst()).map { near, far in
            "link add wan netns \(near) mtu \(plan.wanMTU) type veth peer name inside netns \(far) mtu \(plan.wanMTU)\n"
        }
        let last = "link add wan netns \(namespaces[namespaces.count - 1]) mtu \(plan.wanMTU) type veth \(port)\n"
        return pairs.joined() + last
    }

    /// Addresses and routes of each stage.
    ///
    /// - Parameters:
    ///   - sites: those behind this NAT.
    ///   - split: the line that lets the WAN see single packets, if it must.
    func addressScripts(sites: [LabSite], split: String) -> [(script: String, namespace: String)] {
        namespaces.enumerated().map { stage, namespace in
            let isFirst = stage == 0, isLast = stage == kind.stages - 1
            var script = "link set lo up\n"
            if isFirst {
                script += "link add inside type bridge forward_delay 0 stp_state 0\n"
                for site in sites { script += "link set \(site.natPort) master inside up\n" }
            }
            script += "link set inside mtu \(plan.wanMTU) up\n\(isLast ? split : "")link set wan up\n"
            script += "addr add \(isFirst ? owner.natAddress : owner.outerNATAddress)/24 dev inside\n"
            script += "addr add \(isLast ? owner.wanAddress : owner.innerNATAddress)/24 dev wan\n"
            if !isLast { script += "route add default via \(owner.outerNATAddress)\n" }
            return (script, namespace)
        }
    }

    /// What nft(8) is to be told in each of the namespaces.
    ///
    /// An unsolicited packet is dropped before conntrack confirms its entry, so that it leaves no trace. IPv6 does not
    /// pass: a site behind a NAT has none on the WAN. What the inner bridge carries between its own ports comes by the
    /// forward chain too where the kernel has br_netfilter.
    var rules: String {
        let refusal = kind == .open ? "" : "iifname \"wan\" ct state new counter drop"
        let block = kind == .udpBlocked ? "meta l4proto udp counter drop" : ""
        let mapping = kind == .symmetric ? "fully-random" : "persistent"
        return """
            table ip ipop-nat {
                chain input {
                    type filter hook input priority filter; policy accept;
                    \(refusal)
                }
                chain forward {
                    type filter hook forward priority filter; policy drop;
                    \(block)
                    iifname "inside" accept
                    ct state established,related accept
                }
                chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    oifname "wan" masquerade \(mapping)
                }
            }

            """
    }
}
