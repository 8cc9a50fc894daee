import HostDiagnosis
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning
import Testing

/// Rules that nft(8) makes, read back over netlink and judged.
@Suite struct FirewallTests {
    private static let packet = FirewallPacket(
        family: .v4, from: "lan0", to: "ipop0", source: IPAddress(192, 168, 20, 10),
        destination: IPAddress(192, 168, 10, 10), transport: 6, port: 443)

    private func outcome(_ rules: [String], _ packet: FirewallPacket = packet) throws -> FirewallOutcome {
        let host = try TestHost()
        try host.shell("nft add table inet filter")
        try host.shell("nft 'add chain inet filter forward { type filter hook forward priority 0; policy drop; }'")
        try host.shell("nft 'add chain inet filter inner'")
        for rule in rules { try host.shell("nft 'add rule inet filter \(rule)'") }
        return FirewallWalk.forward(packet, try #require(try read(host).ruleset))
    }

    private func read(_ host: TestHost) throws -> FirewallFacts {
        try host.namespace.run {
            FirewallReader.read(links: try HostNetworkReader().read(device: "ipop0").links)
        }
    }

    private static let passing = [
        ["forward iifname lan0 oifname ipop0 accept"], ["forward iif lan0 oif ipop0 accept"],
        ["forward iifname \"lan*\" accept"], ["forward ip saddr 192.168.20.0/24 accept"],
        ["forward ip saddr 192.168.16.0/20 ip daddr 192.168.10.10 accept"], ["forward tcp dport 443 accept"],
        ["forward tcp dport 400-500 counter accept"], ["forward ip protocol tcp accept"],
        ["forward meta l4proto tcp jump inner", "inner oifname != wan0 accept"],
        ["forward ct state new log accept"], ["forward meta nfproto ipv4 accept"],
    ]

    @Test(arguments: passing) func `what a rule accepts passes`(rules: [String]) throws {
        #expect(try outcome(rules) == .passes)
    }

    private static let stopped = [
        [], ["forward iifname ipop0 oifname lan0 accept"], ["forward ip saddr 192.168.21.0/24 accept"],
        ["forward tcp dport 80 accept"], ["forward udp dport 443 accept"], ["forward ct state established accept"],
        ["forward meta l4proto tcp jump inner", "inner oifname wan0 accept"], ["forward meta nfproto ipv6 accept"],
        ["forward tcp dport 443 reject", "forward accept"], ["forward ip daddr 192.168.0.0/16 drop", "forward accept"],
    ]

    @Test(arguments: stopped) func `what no rule accepts is stopped by a rule or the policy`(rules: [String]) throws {
        guard case .stops = try outcome(rules) else {
            Issue.record("\(rules) let it pass")
            return
        }
    }

    private static let doubtful = [
        ["forward tcp dport { 22, 443 } accept"], ["forward limit rate 5/second accept"],
        ["forward ct state vmap { invalid : drop, established : accept }"],
    ]

    @Test(arguments: doubtful) func `what is not looked at is in doubt`(rules: [String]) throws {
        guard case .mayStop = try outcome(rules) else {
            Issue.record("\(rules) should be in doubt")
            return
        }
    }

    @Test func `masquerading is found, and where it is restricted it is not`() throws {
        let host = try TestHost()
        try host.shell("nft add table ip nat")
        try host.shell("nft 'add chain ip nat post { type nat hook postrouting priority 100; }'")
        try host.shell("nft 'add rule ip nat post oifname wan0 masquerade'")
        let restricted = FirewallWalk.sourceNAT(Self.packet, try #require(try read(host).ruleset))
        try host.shell("nft 'add rule ip nat post ip saddr 192.168.20.0/24 masquerade'")
        let wide = FirewallWalk.sourceNAT(Self.packet, try #require(try read(host).ruleset))

        #expect(restricted == .passes)
        guard case .stops(let place) = wide else {
            Issue.record("\(wide)")
            return
        }
        #expect(place.text.hasSuffix("of chain post in table ip nat"))
    }

    private static let legacy: [(rules: [String], isStopped: Bool)] = [
        (["-P FORWARD DROP"], true), (["-A FORWARD -i wan0 -j DROP"], false),
        (["-P FORWARD DROP", "-A FORWARD -i lan0 -o ipop0 -j ACCEPT"], false),
        (["-P FORWARD DROP", "-A FORWARD -i lan+ -s 192.168.20.0/24 -p tcp -j ACCEPT"], false),
        (["-P FORWARD DROP", "-A FORWARD ! -d 192.168.10.0/24 -j ACCEPT"], true),
        (["-A FORWARD -p udp -j DROP", "-A FORWARD -i lan0 -j REJECT"], true),
        (["-N inner", "-A inner -o ipop0 -j DROP", "-A FORWARD -j inner"], true),
        (["-N inner", "-A inner -o ipop0 -j RETURN", "-A FORWARD -j inner", "-A FORWARD -o wan0 -j DROP"], false),
        (["-N inner", "-N other", "-A inner -j ACCEPT", "-A other -j DROP", "-A FORWARD -g inner"], false),
        (["-A FORWARD -m comment --comment x -j DROP"], true), (["-A FORWARD -o ipop0"], false),
    ]

    @Test(arguments: legacy) func `rules of iptables-legacy are judged too`(rules: [String], isStopped: Bool) throws {
        let host = try TestHost()
        for rule in rules { try host.shell("iptables-legacy \(rule)") }

        let facts = try read(host)
        let outcome = FirewallWalk.forward(Self.packet, try #require(facts.ruleset))

        #expect(facts.hasHiddenTables == false)
        guard isStopped else {
            #expect(outcome == .passes)
            return
        }
        guard case .stops(let place) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(place.text.hasSuffix("in table filter of iptables-legacy"))
        #expect(place.command(from: "lan0", to: "ipop0").hasPrefix("iptables-legacy -I "))
    }

    @Test func `rules of ip6tables-legacy and its masquerading are judged too`() throws {
        let host = try TestHost()
        try host.shell("ip6tables-legacy -A FORWARD -s fd20::/64 -p tcp -j DROP")
        try host.shell("ip6tables-legacy -t nat -A POSTROUTING -o ipop0 -j MASQUERADE")
        let ruleset = try #require(try read(host).ruleset)
        var packet = FirewallPacket(
            family: .v6, from: "lan0", to: "ipop0", source: IPAddress("fd20::9"), destination: IPAddress("fd10::9"),
            transport: 6, port: 443)

        #expect(FirewallWalk.forward(packet, ruleset) != .passes)
        #expect(FirewallWalk.sourceNAT(packet, ruleset) != .passes)
        packet.source = IPAddress("fd21::9")
        #expect(FirewallWalk.forward(packet, ruleset) == .passes)
        #expect(FirewallWalk.forward(Self.packet, ruleset) == .passes)
    }

    @Test func `reading the rules of iptables-legacy makes no tables`() throws {
        let host = try TestHost()

        _ = try read(host)

        #expect(try host.shell("cat /proc/net/ip_tables_names /proc/net/ip6_tables_names") == "")
    }

    @Test func `a host without rules has an empty ruleset`() throws {
        let facts = try read(try TestHost())

        #expect(facts.ruleset?.chains.isEmpty == true && facts.unreadable == nil)
    }
}
