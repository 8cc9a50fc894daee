import Dispatch
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning
import Testing

/// The kernel's state as `HostNetworkReader` sees it, against what iproute2 was told to make.
@Suite struct ReadingTests {
    @Test func `links are read with their index, state, MTU, address, kind and master`() throws {
        let host = try TestHost()
        try host.shell("ip link add br0 type bridge && ip link set wan0-far master br0")
        try host.shell("ip link set lan0 mtu 1400 address 02:00:00:00:00:07")

        let state = try host.read()

        let lan = try #require(state.link(named: "lan0"))
        #expect(lan.isUp && lan.hasCarrier && !lan.isLoopback)
        #expect(lan.mtu == 1400)
        #expect(lan.mac == MACAddress("02:00:00:00:00:07"))
        #expect(lan.kind == "veth" && lan.masterIndex == nil)
        #expect(state.link(named: "ipop0")?.isUp == false)
        #expect(state.link(named: "lo")?.isLoopback == true)
        let bridge = try #require(state.link(named: "br0"))
        #expect(state.link(named: "wan0-far")?.masterIndex == bridge.index)
        #expect(state.links.map(\.index) == state.links.map(\.index).sorted())
        #expect(Set(state.links.map(\.index)).count == state.links.count)
    }

    @Test func `addresses are read with length, scope and the far end of a point-to-point link`() throws {
        let host = try TestHost()
        try host.shell("ip address add 10.7.0.1 peer 10.7.0.9/32 dev wan0")

        let state = try host.read()

        let wan = try #require(state.link(named: "wan0")).index
        let plain = try #require(state.addresses.first { $0.address == IPAddress("203.0.113.2") })
        #expect(plain == HostAddress(linkIndex: wan, address: plain.address, prefixLength: 24, flags: .permanent))
        let pointToPoint = try #require(state.addresses.first { $0.address == IPAddress("10.7.0.1") })
        #expect(pointToPoint.peer == IPAddress("10.7.0.9"))
        #expect(pointToPoint.connectedPrefix == IPPrefix("10.7.0.9/32"))
        let v6 = try #require(state.addresses.first { $0.address == IPAddress("fd20::1") })
        #expect(v6.prefixLength == 64 && v6.scope == .global && v6.isUsable)
        #expect(
            state.connectedPrefixes(except: "ipop0").contains(
                ConnectedPrefix(prefix: IPPrefix("fd20::/64")!, interface: "lan0")))
    }

    @Test func `routes are read with all their attributes, the local table's not at all`() throws {
        let host = try TestHost()
        try host.shell(
            "ip route add 10.1.0.0/16 via 203.0.113.9 dev wan0 proto bird metric 7 src 203.0.113.2 mtu 1300 advmss 1200"
        )
        try host.shell("ip route add 10.2.0.0/16 via 172.31.1.1 dev wan0 onlink table 1000")
        try host.shell("ip route add unreachable 10.3.0.0/16 metric 9")
        try host.shell("ip route add 10.4.0.0/16 nexthop via 203.0.113.3 dev wan0 nexthop via 203.0.113.4 dev wan0")
        try host.shell("ip -6 route add blackhole fd66::/48 metric 3")
        try host.shell("ip route add 10.5.0.0/16 tos 0x10 via 203.0.113.9 dev wan0")

        let state = try host.read()

        let wan = try #require(state.link(named: "wan0")).index
        func route(_ prefix: String, _ table: RoutingTable = .main) -> HostRoute? {
            state.routes(to: IPPrefix(prefix)!, in: table).first
        }
        #expect(
            route("10.1.0.0/16")
                == HostRoute(
                    prefix: IPPrefix("10.1.0.0/16")!, metric: 7, origin: RouteProtocol(rawValue: 12), linkIndex: wan,
                    gateway: IPAddress("203.0.113.9"), preferredSource: IPAddress("203.0.113.2"), mtu: 1300,
                    advertisedMSS: 1200))
        let onLink = try #require(route("10.2.0.0/16", RoutingTable(rawValue: 1000)))
        #expect(onLink.isOnLink && onLink.gateway == IPAddress("172.31.1.1"))
        #expect(route("10.3.0.0/16")?.kind == .unreachable)
        #expect(route("10.3.0.0/16")?.linkIndex == nil)
        #expect(route("10.4.0.0/16")?.nextHopCount == 2)
        #expect(route("fd66::/48")?.kind == .blackhole)
        #expect(route("fd66::/48")?.linkIndex == nil)
        #expect(route("10.5.0.0/16") == nil)
        #expect(route("0.0.0.0/0")?.gateway == IPAddress("203.0.113.1"))
        #expect(route("::/0")?.metric == 100)
        #expect(route("192.168.20.0/24")?.origin == .kernel)
        #expect(!state.routes.contains { $0.table == .local })
        #expect(state.routes == state.routes.sorted())
    }

    @Test func `neighbours are those of the device only, rules those of both families`() throws {
        let host = try TestHost()
        try host.shell("ip link set ipop0 up")
        try host.shell("ip neighbour add 169.254.77.1 lladdr 02:69:70:6f:70:01 dev ipop0 nud permanent")
        try host.shell("ip neighbour add 192.168.20.9 lladdr 02:00:00:00:00:09 dev lan0 nud permanent")
        try host.shell("ip neighbour add fe80::1 lladdr 02:69:70:6f:70:01 dev ipop0 nud reachable")
        try host.shell("ip rule add fwmark 5 lookup 1000 priority 900 && ip -6 rule add lookup 1001 priority 901")

        let state = try host.read()

        let index = try #require(state.link(named: "ipop0")).index
        #expect(
            state.neighbours.filter { !$0.address.isMulticast } == [
                HostNeighbour(
                    linkIndex: index, address: IPAddress("169.254.77.1")!, mac: .virtualNextHop, isPermanent: true),
                HostNeighbour(
                    linkIndex: index, address: IPAddress("fe80::1")!, mac: .virtualNextHop, isPermanent: false),
            ])
        #expect(state.rules.contains(PolicyRule(family: .v4, priority: 900, table: RoutingTable(rawValue: 1000))))
        #expect(state.rules.contains(PolicyRule(family: .v6, priority: 901, table: RoutingTable(rawValue: 1001))))
        #expect(state.rules.contains(PolicyRule(family: .v6, priority: 32_766, table: .main)))
    }

    @Test func `two thousand routes are read back as they were added`() throws {
        let host = try TestHost()
        var wanted = WantedHostNetwork.twoSites()
        wanted.routes = (0..<2_000).map { number in
            let address = IPAddress(10, UInt8(number / 256), UInt8(number % 256), 0)
            return WantedRoute(prefix: IPPrefix(containing: address, length: 24), site: "s\(number)", mtu: 1380)
        }
        wanted.routes += (0..<200).map { number in
            let address = IPAddress(v6High: 0xfd77_0000_0000_0000 | UInt64(number) << 16, low: 0)
            return WantedRoute(prefix: IPPrefix(containing: address, length: 64), site: "t\(number)")
        }

        let first = try host.reconcile(wanted)
        let second = try host.plan(wanted)

        #expect(first.steps.count >= 2_200)
        #expect(second.steps == [])
        #expect(second.verdicts.count == 2_200)
        #expect(second.verdicts.allSatisfy { $0.state == .installed && $0.reason == nil })
        #expect(try host.read().ours.map(\.prefix) == wanted.routes.map(\.prefix).sorted())
    }

    @Test func `reading ends although the tables change all the while`() throws {
        let host = try TestHost()
        var wanted = WantedHostNetwork.twoSites()
        wanted.routes += (0..<500).map { .to("fd77:0:0:\(String($0, radix: 16))::/64", "s\($0)") }
        try host.reconcile(wanted)
        let extra: [HostNetworkStep] = HostNetworkPlanner.plan(
            wanted: WantedHostNetwork(device: "ipop0", mtu: 1420, routes: [.to("fd99::/64", "x")]),
            found: try host.read()
        ).steps.filter { !$0.isRemoval }
        let writing = DispatchGroup()
        DispatchQueue.global().async(group: writing) {
            // Plenty of additions and removals; a failure here shows as a missing route below.
            let undo = extra.compactMap { step -> HostNetworkStep? in
                guard case .addRoute(let route, let link, let purpose) = step else { return nil }
                return .removeRoute(route, through: link, purpose: purpose)
            }
            for _ in 0..<40 { try? host.apply(extra + undo + extra) }
        }

        let counts = try (0..<40).map { _ in try host.read().ours.count }
        writing.wait()

        #expect(extra.count == 1)
        #expect(counts.allSatisfy { (503...504).contains($0) })
        #expect(try host.read().ours.count == 504)
    }

    @Test func `statistics are a device's own, and nil without the device`() throws {
        let host = try TestHost()
        try host.shell("ip link set ipop0 mtu 1420 && ip link set ipop0 up && ip address add 169.254.77.2/30 dev ipop0")
        try host.shell("ip neighbour add 169.254.77.1 lladdr 02:69:70:6f:70:01 dev ipop0 nud permanent")
        let before = try host.namespace.run { try HostNetworkReader().statistics(of: "ipop0") }
        try host.shell("bash -c 'echo hello > /dev/udp/169.254.77.1/9'")

        let (after, none) = try host.namespace.run {
            let reader = try HostNetworkReader()
            return (try reader.statistics(of: "ipop0"), try reader.statistics(of: "nothing0"))
        }

        #expect(after?.isUp == true)
        #expect(after?.mtu == 1420)
        #expect(try #require(after).txPackets > #require(before).txPackets)
        #expect(try #require(after).txBytes > #require(before).txBytes)
        #expect(none == nil)
    }

    @Test func `the kernel is asked which way it takes`() throws {
        let host = try TestHost()
        let wan = try #require(try host.read().link(named: "wan0")).index

        let away = try #require(try host.lookup("198.51.100.7"))
        let local = try #require(try host.lookup("192.168.20.1"))
        try host.shell("ip route del default")
        let nowhere = try host.lookup("198.51.100.7")

        #expect(away.prefix == IPPrefix("198.51.100.7/32") && away.linkIndex == wan)
        #expect(away.gateway == IPAddress("203.0.113.1") && away.preferredSource == IPAddress("203.0.113.2"))
        #expect(local.kind == .local)
        #expect(nowhere == nil)
    }
}
