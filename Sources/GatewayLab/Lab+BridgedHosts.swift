/// The hosts of bridged LANs, which have no addresses when the lab is made.
extension Lab {
    /// The sites whose LAN is bridged.
    package var bridgedSites: [LabSite] { sites.filter { plan.bridgedSites.contains($0.name) } }

    /// Gives the hosts of all bridged LANs addresses of the bridged subnet: by DHCP where this machine has udhcpc(8),
    /// else such that they take without asking. Returns whether DHCP is used.
    @discardableResult
    package func addressBridgedHosts() throws(LabError) -> Bool {
        let client = ProgramPath.find("udhcpc")
        for site in bridgedSites {
            for (node, host) in [(LabNode.host(site), 1), (.secondHost(site), 2)] {
                if let client {
                    try startClient(client, at: node, role: "udhcpc \(host == 1 ? site.hostName : site.secondHostName)")
                } else {
                    try takeAddress(site.bridgedAddress(host: host), at: node)
                }
            }
        }
        return client != nil
    }

    /// Gives a host an address of the bridged subnet, as an administrator would.
    package func takeAddress(_ address: String, at node: LabNode) throws(LabError) {
        let length = LabAddresses.bridgedSubnet.split(separator: "/")[1]
        try require(["ip", "address", "add", "\(address)/\(length)", "dev", LabSite.lanInterface], at: node)
        try require(["ip", "route", "add", "default", "via", LabAddresses.bridgedService], at: node)
        // It says something, as machines do; one that is silent is found within minutes.
        _ = try run(["ping", "-n", "-c", "1", "-W", "1", LabAddresses.bridgedService], at: node)
    }

    /// A client of Debian's would write this machine's /etc/resolv.conf: ours sets address and route alone.
    private func startClient(_ client: String, at node: LabNode, role: String) throws(LabError) {
        let script = "\(directory)/dhcp-script"
        try Files.replace(script, with: Self.clientScript)
        try ProgramRun.require(["chmod", "755", script])
        _ = try start([client, "-f", "-R", "-i", LabSite.lanInterface, "-s", script], at: node, role: role)
    }

    private static let clientScript = """
        #!/bin/sh
        case "$1" in
        deconfig)
            ip address flush dev "$interface" scope global
            ;;
        bound | renew)
            ip address replace "$ip/$mask" dev "$interface"
            for via in $router; do ip route replace default via "$via" dev "$interface"; done
            ;;
        esac

        """
}
