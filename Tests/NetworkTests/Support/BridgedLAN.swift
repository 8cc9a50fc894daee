import Foundation
import GatewayLab
import Testing

extension Lab {
    /// The global IPv4 addresses of a node's interface, with their lengths.
    func addresses(_ node: LabNode, of interface: String = "lan") throws(LabError) -> [String] {
        let output = try require(
            ["ip", "-o", "-4", "address", "show", "dev", interface, "scope", "global"], at: node)
        return output.split(separator: "\n").compactMap { line in
            line.split(separator: " ").drop { $0 != "inet" }.dropFirst().first.map(String.init)
        }
    }

    /// The MAC of a host.
    func mac(_ node: LabNode) throws(LabError) -> String {
        try require(["cat", "/sys/class/net/lan/address"], at: node).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Packets to an address that the kernel has handed to a gateway's overlay device. Counts from the first call on.
    func crossings(_ site: LabSite, _ address: String) throws(LabError) -> Int {
        let rules = """
            add table bridge crossings
            add chain bridge crossings out { type filter hook postrouting priority 0; }
            add counter bridge crossings to-\(address.split(separator: ".").joined(separator: "-"))
            """
        let name = "to-\(address.split(separator: ".").joined(separator: "-"))"
        let known = try run(["nft", "list", "counter", "bridge", "crossings", name], at: .gateway(site))
        if !known.succeeded {
            let rule = "add rule bridge crossings out oifname ipop0 ip daddr \(address) counter name \"\(name)\""
            for line in rules.split(separator: "\n") + [Substring(rule)] {
                try require(["nft"] + line.split(separator: " ").map(String.init), at: .gateway(site))
            }
        }
        return Self.packets(try require(["nft", "list", "counter", "bridge", "crossings", name], at: .gateway(site)))
    }

    /// Counts from here on what a host gets of ARP, DHCP and router advertisements from `Script.lanProtocols`, and of
    /// solicitations of `Script.askedAddress6`.
    func watchLANProtocols(_ node: LabNode) throws(LabError) {
        let rules = """
            table netdev watch
            delete table netdev watch
            table netdev watch {
                counter seen-arp { }
                counter seen-dhcp { }
                counter seen-advertisement { }
                counter seen-solicitation { }
                chain in {
                    type filter hook ingress device "lan" priority 0;
                    arp daddr ip \(Script.askedAddress) counter name "seen-arp"
                    udp dport 67 counter name "seen-dhcp"
                    icmpv6 type nd-router-advert counter name "seen-advertisement"
                    ip6 daddr \(Script.askedGroup) counter name "seen-solicitation"
                }
            }
            """
        try require(["sh", "-c", "nft -f - <<'END'\n\(rules)\nEND"], at: node)
    }

    /// How many packets of a protocol a host has got since.
    func seen(_ name: String, at node: LabNode) throws(LabError) -> Int {
        Self.packets(try require(["nft", "list", "counter", "netdev", "watch", "seen-\(name)"], at: node))
    }

    private static func packets(_ listing: String) -> Int {
        let words = listing.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        return words.firstIndex(of: "packets").flatMap { Int(words[words.index(after: $0)]) } ?? -1
    }

    /// Joins a site whose gateway does not run, and gives its LAN interface more to move.
    func prepareRelease(_ site: LabSite) throws(LabError) {
        _ = stopGateway(site)
        if !FileManager.default.fileExists(atPath: authority) {
            try createGrid()
            try join(site)
            try require(["ip", "route", "add", "10.50.0.0/16", "via", site.hostAddress], at: .gateway(site))
            try require(["ip", "address", "add", "192.168.98.1/24", "brd", "+", "dev", "lan"], at: .gateway(site))
        }
    }

    /// Gives a gateway's LAN interface the addresses and the route that `prepareRelease` found and gave it.
    func restoreLAN(_ site: LabSite) throws(LabError) {
        let script = """
            ip address flush dev lan scope global
            ip address add \(site.lanAddress)/24 dev lan
            ip address add \(site.lanAddress6)/64 dev lan nodad
            ip address add 192.168.98.1/24 brd + dev lan
            ip route add 10.50.0.0/16 via \(site.hostAddress)
            """
        try require(["sh", "-ec", script], at: .gateway(site))
    }

    /// Makes the LAN of a site routed in its files; returns them as they were.
    func makeRouted(_ site: LabSite) throws -> [(path: String, text: String)] {
        let directory = directories(site).configuration
        let paths = ["\(directory)/ipop.yaml", "\(directory)/subnets.map"]
        let kept = try paths.map { ($0, try String(contentsOfFile: $0, encoding: .utf8)) }
        for (path, text) in kept {
            let lines = text.components(separatedBy: "\n").filter { line in
                !line.hasPrefix("dhcp:") && line.split(separator: " ").dropFirst().first != "bridged"
            }
            let changed = lines.joined(separator: "\n").replacingOccurrences(of: "mode: bridged", with: "mode: routed")
            try changed.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return kept.map { (path: $0.0, text: $0.1) }
    }

    /// What an operator sees of a gateway's network.
    func sight(_ site: LabSite) throws(LabError) -> String {
        let commands = [
            "ip -o -4 address show | sort", "ip -o -6 address show scope global | sort", "ip -4 route show table all",
            "ip -6 route show table all | grep -v -e ^fe80 -e ^multicast -e ^local -e anycast",
            "ip -o link show | sed -e 's/qdisc .*link/link/' -e 's/state [A-Z]*//'",
        ]
        let text = try require(["sh", "-c", commands.joined(separator: "; ")], at: .gateway(site))
        // The device outlives a kill, and how long an address is lent still goes on counting.
        return text.split(separator: "\n").filter { !$0.contains("ipop0") }
            .map { $0.split(separator: "valid_lft")[0] }.joined(separator: "\n")
    }

    /// Starts a gateway and ends it as a power loss would, as soon as it has begun to bridge its LAN.
    func killWhileBridging(_ site: LabSite) throws(LabError) {
        try startGateway(site)
        let record = "\(directories(site).state)/bridge"
        try until("the bridge to be begun") { FileManager.default.fileExists(atPath: record) }
        killGateway(site)
    }
}

extension Script {
    /// An address that no host has.
    static let askedAddress = "10.128.17.99"
    /// The same of IPv6, and the group in which its host would be asked for it (RFC 4291 §2.7.1).
    static let askedAddress6 = "fd77:0:16::fe:1", askedGroup = "ff02::1:fffe:1"

    /// Asks by ARP for an address, sends a DHCP DISCOVER and advertises a router: SENDER.
    static let lanProtocols = #"""
        import socket, struct, sys
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        raw.bind(("lan", 0))
        mac = raw.getsockname()[4]
        sender, asked = socket.inet_aton(sys.argv[1]), socket.inet_aton("10.128.17.99")

        def total(data):
            if len(data) % 2: data += b"\0"
            value = sum(struct.unpack("!%dH" % (len(data) // 2), data))
            while value >> 16: value = (value & 0xffff) + (value >> 16)
            return ~value & 0xffff

        arp = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + mac + sender + bytes(6) + asked
        raw.send(b"\xff" * 6 + mac + b"\x08\x06" + arp)

        boot = struct.pack("!BBBBIHH", 1, 1, 6, 0, 0x1234, 0, 0x8000) + bytes(16) + mac + bytes(202)
        boot += b"\x63\x82\x53\x63\x35\x01\x01\xff" + bytes(60)
        udp = struct.pack("!HHHH", 68, 67, 8 + len(boot), 0) + boot
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + bytes(4) + b"\xff" * 4
        ip = ip[:10] + struct.pack("!H", total(ip)) + ip[12:]
        raw.send(b"\xff" * 6 + mac + b"\x08\x00" + ip + udp)

        source, group = socket.inet_pton(socket.AF_INET6, "fe80::99"), socket.inet_pton(socket.AF_INET6, "ff02::1")
        body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
        body = body[:2] + struct.pack("!H", total(source + group + struct.pack("!II", len(body), 58) + body)) + body[4:]
        header = struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + source + group
        raw.send(b"\x33\x33\x00\x00\x00\x01" + mac + b"\x86\xdd" + header + body)
        """#
}
