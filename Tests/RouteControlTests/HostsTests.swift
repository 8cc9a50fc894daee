import HostDiagnosis
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning
import Testing

/// What is asked of the kernel about one host.
@Suite struct HostsTests {
    private static let far = IPAddress(192, 168, 10, 10), near = IPAddress(192, 168, 20, 10)

    @Test func `the way to an address is the route of the table that wins, with its prefix`() throws {
        let host = try TestHost()
        try host.shell("ip link set ipop0 up && ip route add 192.168.10.0/24 dev ipop0 proto 77 metric 50")

        let ways = try host.namespace.run {
            let reader = try HostNetworkReader()
            return [Self.far, Self.near, IPAddress(198, 51, 100, 1)].map { reader.way(to: $0) }
        }
        let state = try host.read()

        let prefixes = ways.map { if case .route(let route) = $0 { route.prefix.description } else { "none" } }
        let links = ways.map { if case .route(let route) = $0 { state.linkName(route.linkIndex ?? 0) } else { "none" } }
        #expect(prefixes == ["192.168.10.0/24", "192.168.20.0/24", "0.0.0.0/0"])
        #expect(links == ["ipop0", "lan0", "wan0"])
    }

    @Test func `a way that only packets from the LAN have is seen, and that there is none`() throws {
        let host = try TestHost()
        try host.shell("echo 1 > /proc/sys/net/ipv4/ip_forward && ip link set ipop0 up")
        try host.shell("ip route add 192.168.10.0/24 dev ipop0 table 99 && ip rule add iif lan0 table 99")
        try host.shell("ip route add unreachable 10.0.0.0/8")

        let (own, fromLAN, nowhere) = try host.namespace.run {
            let reader = try HostNetworkReader()
            let lan = try #require(try reader.read(device: "ipop0").link(named: "lan0"))
            return (
                reader.way(to: Self.far), reader.way(to: Self.far, from: (Self.near, lan)),
                reader.way(to: IPAddress(10, 1, 1, 1))
            )
        }

        if case .route(let route) = own { #expect(route.prefix.length == 0) } else { Issue.record("\(own)") }
        if case .route(let route) = fromLAN {
            #expect(route.table == RoutingTable(rawValue: 99) && route.prefix.description == "192.168.10.0/24")
        } else {
            Issue.record("\(fromLAN)")
        }
        if case .route(let route) = nowhere { #expect(route.kind != .unicast) } else { #expect(nowhere == .none) }
    }

    @Test func `a neighbour is there, or was, or is not known`() throws {
        let host = try TestHost()
        try host.shell("ip neigh add 192.168.20.10 dev lan0 lladdr 02:00:00:00:00:07 nud reachable")
        try host.shell("ip neigh add 192.168.20.11 dev lan0 lladdr 02:00:00:00:00:08 nud stale")

        let found = try host.namespace.run {
            let reader = try HostNetworkReader()
            let lan = try #require(try reader.read(device: "ipop0").link(named: "lan0"))
            return (10...12).map { reader.neighbour(IPAddress(192, 168, 20, $0), on: lan) }
        }

        let macs = [MACAddress("02:00:00:00:00:07"), MACAddress("02:00:00:00:00:08")]
        #expect(found == [.reachable(macs[0]), .stale(macs[1]), .unknown])
    }

    @Test func `a host that is asked for and not there is absent in the end`() throws {
        let host = try TestHost()

        let (first, last) = try host.namespace.run {
            let reader = try HostNetworkReader()
            let lan = try #require(try reader.read(device: "ipop0").link(named: "lan0"))
            let known = reader.neighbour(Self.near, on: lan)
            reader.ask(Self.near, on: lan, known: known)
            let first = reader.neighbour(Self.near, on: lan)
            var last = first
            // The kernel gives up after three questions; the test's time limit ends this if it does not.
            while last == .asked { last = reader.neighbour(Self.near, on: lan) }
            return (first, last)
        }

        #expect(first == .asked && last == .absent)
    }

    @Test func `the facts of a side are read as they are`() throws {
        let host = try TestHost()
        try host.shell("echo 1 > /proc/sys/net/ipv4/conf/lan0/forwarding")
        try host.shell("echo 1 > /proc/sys/net/ipv4/conf/lan0/rp_filter")

        let facts = try host.namespace.run {
            try SideFactsReader.read(
                .init(local: Self.near, remote: Self.far, lanInterface: "lan0", device: "ipop0"), asksHost: false)
        }

        #expect(facts.forwardsFromLAN == true && facts.forwardsFromDevice == false)
        #expect(facts.strictInterfaces == ["lan0"] && facts.neighbour == .unknown)
        #expect(facts.firewall.ruleset != nil && !facts.isGatewayItself)
    }
}
