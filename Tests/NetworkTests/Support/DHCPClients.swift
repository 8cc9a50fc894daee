import Foundation
import GatewayLab
import Testing

/// A DHCP client that runs at a node: a real one, with a script that sets addresses and prints what it was given.
struct DHCPClient {
    enum Kind {
        /// Of the Internet Systems Consortium, Debian's usual one.
        case dhclient
        /// Busybox's.
        case udhcpc
    }

    let node: LabNode
    let interface: String
    let process: RecordedProcess
    let log: String
    /// The command that gives its lease back.
    let release: [String]
}

/// What a client was given last.
struct GivenLease {
    let address: String
    let length: String
    let router: String
    let nameServer: String
    let domain: String
    let mtu: String
    /// As the client puts it: the destinations are in it.
    let routes: String
}

extension Lab {
    /// Starts a client in the foreground; it goes on asking until it has an address.
    func startDHCPClient(
        _ kind: DHCPClient.Kind, name: String, at node: LabNode, interface: String = "lan", options: [String] = []
    ) throws -> DHCPClient {
        let stem = "\(directory)/\(namespace(node))-\(interface)"
        try writeClientFiles(stem, name: name)
        let script = "\(directory)/dhcp-client"
        switch kind {
        case .dhclient:
            let files = ["-cf", "\(stem).conf", "-lf", "\(stem).leases", "-pf", "\(stem).pid", "-sf", script]
            let (process, log) = try start(
                ["dhclient", "-d"] + files + options + [interface], at: node, role: "dhclient \(name)")
            return DHCPClient(
                node: node, interface: interface, process: process, log: log,
                release: ["dhclient", "-r"] + files + [interface])
        case .udhcpc:
            let wanted = ["hostname", "mtu", "staticroutes"].flatMap { ["-O", $0] }
            let (process, log) = try start(
                ["udhcpc", "-f", "-i", interface, "-s", script, "-x", "hostname:\(name)", "-T", "2", "-A", "2"]
                    + wanted + options, at: node, role: "udhcpc \(name)")
            return DHCPClient(
                node: node, interface: interface, process: process, log: log,
                release: ["kill", "-USR2", String(process.pid)])
        }
    }

    /// Ends a client and takes its address away, as when the machine is switched off.
    func end(_ client: DHCPClient) {
        client.process.stop(timeLimit: 1)
        _ = try? run(["ip", "address", "flush", "dev", client.interface, "scope", "global"], at: client.node)
    }

    /// Waits until a client has got an address, or has got one as often as `count` says.
    func waitForLease(_ client: DHCPClient, count: Int = 1) throws -> GivenLease {
        try until("\(client.process.role)'s lease") { () throws(LabError) in given(client).count >= count }
        return try #require(given(client).last)
    }

    /// What a client was given, each time.
    func given(_ client: DHCPClient) -> [GivenLease] {
        text(client.log).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 8, fields[0] == "given" else { return nil }
            return GivenLease(
                address: fields[1], length: fields[2], router: fields[3], nameServer: fields[4], domain: fields[5],
                mtu: fields[6], routes: fields[7])
        }
    }

    private func writeClientFiles(_ stem: String, name: String) throws {
        let script = "\(directory)/dhcp-client"
        // Once: other clients may be running it.
        if !FileManager.default.fileExists(atPath: script) {
            try Data(Self.clientScript.utf8).write(to: URL(fileURLWithPath: script))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        }
        let configuration = """
            option routes-of-121 code 121 = array of unsigned integer 8;
            send host-name "\(name)";
            request subnet-mask, routers, domain-name, domain-name-servers, interface-mtu, routes-of-121;
            initial-interval 1;
            retry 2;
            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(stem).conf"))
        try Data().write(to: URL(fileURLWithPath: "\(stem).leases"))
    }

    /// Both clients' script: the clients' own would write this machine's /etc/resolv.conf.
    private static let clientScript = """
        #!/bin/sh
        case "$reason$1" in
        BOUND | RENEW | REBIND | REBOOT)
            ip=$new_ip_address mask=$new_subnet_mask router=$new_routers dns=$new_domain_name_servers
            domain=$new_domain_name mtu=$new_interface_mtu staticroutes=$new_routes_of_121 ;;
        bound | renew) ;;
        EXPIRE | FAIL | RELEASE | STOP | deconfig) ip address flush dev "$interface" scope global; exit 0 ;;
        *) exit 0 ;;
        esac
        ip address replace "$ip/$mask" dev "$interface"
        for via in $router; do ip route replace default via "$via" dev "$interface"; done
        echo "given|$ip|$mask|$router|$dns|$domain|$mtu|$staticroutes"

        """
}
