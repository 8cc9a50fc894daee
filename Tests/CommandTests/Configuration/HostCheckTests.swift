import GatewayConfiguration
import HostDiagnosis
import NetworkTypes
import RoutePlanning
import Testing

@testable import ipop

@Suite struct HostCheckTests {
    private func check(exports: [String] = ["192.168.20.0/24"], lan: String = "eth1") -> HostCheck {
        let settings = GatewaySettings(grid: "physics", site: "lsu", lan: .init(interface: lan))
        let entries = exports.enumerated().map { index, text in
            SubnetExport(
                subnet: IPPrefix(text)!, virtual: IPPrefix(text)!, position: SourcePosition(line: index + 1, column: 5))
        }
        return HostCheck(
            paths: ConfigurationPaths(directory: "/c"), settings: settings, settingsTree: nil, exports: entries)
    }

    /// An uplink 203.0.113.2/24 on eth0 with the default route, and a LAN on eth1.
    private func facts(lan: String? = "192.168.20.1", routerOn link: Int32 = 2) -> HostCheck.Facts {
        var addresses = [HostAddress(linkIndex: 2, address: IPAddress(203, 0, 113, 2), prefixLength: 24)]
        if let lan { addresses.append(HostAddress(linkIndex: 3, address: IPAddress(lan)!, prefixLength: 24)) }
        let router = link == 2 ? IPAddress(203, 0, 113, 1) : IPAddress(192, 168, 20, 254)
        let network = HostNetworkState(
            links: [
                HostLink(index: 1, name: "lo", isUp: true, isLoopback: true),
                HostLink(index: 2, name: "eth0", isUp: true),
                HostLink(index: 3, name: "eth1", isUp: true),
            ],
            addresses: addresses,
            routes: [
                HostRoute(
                    prefix: IPPrefix("0.0.0.0/0")!, origin: .boot, linkIndex: link, gateway: router)
            ])
        return HostCheck.Facts(network: network, forwards: { _ in true }, reversePathFilter: { _ in 0 })
    }

    @Test func `a plain router has no problem`() {
        #expect(check().problems(facts()).isEmpty)
    }

    @Test func `a LAN interface that is missing is an error with the nearest name`() {
        let problems = check(lan: "eht1").problems(facts())

        #expect(problems.map(\.code) == [.lanInterfaceMissing])
        #expect(
            problems.first?.description
                == "/c/ipop.yaml: error: there is no interface 'eht1' here; did you mean 'eth1'?")
    }

    @Test(arguments: ["203.0.113.0/24", "203.0.0.0/16"])
    func `an export that covers the uplink is an error at its line`(export: String) {
        let problems = check(exports: ["192.168.20.0/24", export]).problems(facts())

        #expect(problems.map(\.code) == [.exportOtherInterface])
        #expect(problems.first?.severity == .error && problems.first?.line == 2)
    }

    @Test(
        arguments: [
            ("203.0.113.0/24", [ConfigurationCode.virtualPrefixShared]), ("10.128.7.0/24", []),
        ] as [(String, [ConfigurationCode])])
    func `a virtual prefix that is a network of this host is told, with the mapping to write`(
        virtual: String, codes: [ConfigurationCode]
    ) {
        let export = SubnetExport(
            subnet: IPPrefix("192.168.20.0/24")!, virtual: IPPrefix(virtual)!,
            position: SourcePosition(line: 1, column: 5), virtualPosition: SourcePosition(line: 1, column: 22))
        let check = HostCheck(
            paths: ConfigurationPaths(directory: "/c"), settings: check().settings, settingsTree: nil,
            exports: [export])

        let problems = check.problems(facts())

        #expect(problems.map(\.code) == codes)
        for problem in problems {
            #expect(problem.severity == .warning && problem.column == 22)
            #expect(problem.suggestion?.hasPrefix("'lsu 192.168.20.0/24 auto'") == true)
        }
    }

    @Test func `a bridged LAN is looked at by its bridge, before it is made and after`() {
        var check = check()
        check.settings.lan.mode = .bridged
        check.bridged = (IPPrefix("10.128.16.0/20")!, SourcePosition(line: 2, column: 13))
        var before = facts()
        before.network = Self.bridged(before.network, port: nil)
        var after = facts()
        after.network = Self.bridged(after.network, port: 9)

        #expect(check.problems(before).isEmpty)
        #expect(check.problems(after).isEmpty)
    }

    @Test func `a LAN that cannot be bridged, and a subnet that is another interface's, are errors`() {
        var check = check()
        check.settings.lan.mode = .bridged
        check.bridged = (IPPrefix("203.0.112.0/20")!, SourcePosition(line: 2, column: 13))
        // eth1 has no Ethernet address here.
        let problems = check.problems(facts())

        #expect(problems.map(\.code) == [.lanNotBridged, .overlap])
        #expect(problems.last?.line == 2 && problems.last?.column == 13)
    }

    /// The network with permanent addresses, `eth1` being an Ethernet interface: by itself, or a port of a bridge that
    /// has its address.
    private static func bridged(_ network: HostNetworkState, port: Int32?) -> HostNetworkState {
        var links = network.links
        links[2].mac = MACAddress(rawValue: 0x3c_00_00_00_00_01)
        links[2].masterIndex = port
        if let port { links.append(HostLink(index: port, name: "ipop-lan", isUp: true, kind: "bridge")) }
        let addresses = network.addresses.map { address in
            var address = address
            if address.linkIndex == 3, let port { address.linkIndex = port }
            address.flags = .permanent
            return address
        }
        return HostNetworkState(links: links, addresses: addresses, routes: network.routes)
    }

    @Test func `a gateway without an address in its exports is told`() {
        let problems = check(exports: ["192.168.20.0/24", "2001:db8::/64"]).problems(facts(lan: "192.168.21.1"))

        #expect(problems.filter { $0.code == .noOwnAddress }.count == 2)
        #expect(problems.allSatisfy { $0.severity == .warning })
    }

    @Test func `a one-armed gateway is told its choices`() throws {
        let problems = check().problems(facts(routerOn: 3))

        #expect(problems.map(\.code) == [.oneArmed])
        let fix = try #require(problems.first?.suggestion)
        #expect(fix.contains("static route") && fix.contains("option 121") && fix.contains("source NAT"))
    }

    @Test func `a firewall that lets nothing pass is told with the command that does`() {
        var facts = facts()
        let base = FirewallChain.Base(hook: .forward, dropsByPolicy: true)
        facts.firewall = FirewallRuleset(chains: [
            FirewallChain(family: .inet, table: "filter", name: "forward", base: base)
        ])
        let problems = check().problems(facts)

        #expect(problems.map(\.code) == [.forwardingDropped])
        #expect(
            problems.first?.suggestion
                == "nft add rule inet filter forward iifname eth1 oifname ipop0 accept")
    }

    @Test func `forwarding and the reverse path filter are told with the exact command`() {
        var facts = facts()
        facts.forwards = { $0 == .v6 }
        facts.reversePathFilter = { $0 == "eth1" ? 1 : 2 }
        let problems = check().problems(facts)

        #expect(problems.map(\.code) == [.forwardingOff, .reversePathFilter])
        #expect(problems[0].suggestion?.hasPrefix("sysctl -w net.ipv4.ip_forward=1;") == true)
        #expect(problems[1].suggestion?.hasSuffix("sysctl -w net.ipv4.conf.eth1.rp_filter=2") == true)
    }
}
