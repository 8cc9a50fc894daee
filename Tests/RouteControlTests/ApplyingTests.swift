import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning
import Testing

/// Plans carried out on a real kernel.
@Suite struct ApplyingTests {
    @Test func `a plan applied in full leaves nothing to do, and applying it again changes nothing`() throws {
        let host = try TestHost()
        let wanted = WantedHostNetwork.twoSites()

        let first = try host.reconcile(wanted)
        let once = try host.read()
        try host.apply(first.steps)
        let twice = try host.read()
        let second = try host.plan(wanted)

        #expect(second.steps == [])
        #expect(second.verdicts.map(\.state) == [.installed, .installed, .installed])
        #expect(once.ours == twice.ours)
        #expect(once.addresses == twice.addresses)
        let device = try #require(once.link(named: "ipop0"))
        #expect(device.isUp && device.mtu == 1420)
        #expect(
            once.ours.map { $0.command(through: device.identity) } == [
                "10.9.0.0/16 via 169.254.77.1 dev ipop0 proto ipop metric 50 src 192.168.20.1 mtu 1380 advmss 1340",
                "192.168.10.0/24 via 169.254.77.1 dev ipop0 proto ipop metric 50 src 192.168.20.1 mtu 1380 advmss 1340",
                "fd10::/64 via fe80::1 dev ipop0 proto ipop metric 50 src fd20::1 mtu 1380 advmss 1340",
            ])
        #expect(once.neighbours.filter(\.isPermanent).map(\.mac) == [.virtualNextHop, .virtualNextHop])
        #expect(try host.lookup("10.9.1.1")?.preferredSource == IPAddress("192.168.20.1"))
        #expect(try host.lookup("fd10::5")?.linkIndex == device.index)
    }

    @Test func `own virtual prefixes end in the kernel, of both families, and go again`() throws {
        let host = try TestHost()
        var wanted = WantedHostNetwork.twoSites()
        wanted.routes += ["10.128.7.0/24", "fd77:7::/64"].map { prefix in
            WantedRoute(prefix: IPPrefix(prefix)!, site: "lsu", isDeadEnd: true)
        }

        try host.reconcile(wanted)

        #expect(try host.plan(wanted).steps == [])
        #expect(try host.shell("ip route show type unreachable").contains("unreachable 10.128.7.0/24 "))
        #expect(try host.shell("ip -6 route show type unreachable").contains("fd77:7::/64"))
        #expect(try host.lookup("10.128.7.5") == nil)
        try host.reconcile(.twoSites())
        #expect(try host.shell("ip route show type unreachable").isEmpty)
        #expect(!(try host.shell("ip -6 route show type unreachable").contains("fd77:7::/64")))
    }

    @Test func `iproute2 shows the protocol number, the permanent neighbour and the source`() throws {
        let host = try TestHost()

        try host.reconcile(.twoSites())

        let route = try host.shell("ip -N route show 10.9.0.0/16")
        #expect(route.contains("via 169.254.77.1 dev ipop0 proto 77 src 192.168.20.1 metric 50"))
        #expect(
            try host.shell("ip neighbour show dev ipop0").contains("169.254.77.1 lladdr 02:69:70:6f:70:01 PERMANENT"))
        #expect(try host.shell("ip -6 neighbour show dev ipop0").contains("fe80::1 lladdr 02:69:70:6f:70:01 PERMANENT"))
        #expect(try host.shell("ip address show dev ipop0").contains("inet 169.254.77.2/30 scope link ipop0"))
    }

    @Test func `a TAP device is set up like any other`() throws {
        let host = try TestHost()
        try host.shell("ip link del ipop0 && ip tuntap add dev ipop0 mode tap")

        try host.reconcile(.twoSites())

        #expect(try host.plan(.twoSites()).steps == [])
        #expect(try host.read().link(named: "ipop0")?.kind == "tun")
    }

    @Test func `routes of other programs stay as they are, whatever is wanted`() throws {
        let host = try TestHost()
        try host.shell("ip route add 10.9.0.0/16 via 203.0.113.9 dev wan0 metric 50 proto static")
        try host.shell("ip -6 route add fd10::/64 via 2001:db8:113::9 dev wan0 metric 50 proto static")
        try host.shell("ip route add 192.168.10.0/24 via 203.0.113.9 dev wan0 metric 20 proto static")
        let foreign = try host.read().routes.filter { $0.origin == .static }

        try host.reconcile(.twoSites())
        let plan = try host.plan(.twoSites())
        try host.apply(HostNetworkPlanner.farewell(found: try host.read()))
        let left = try host.read()

        #expect(plan.verdicts.map(\.state) == [.foreign, .shadowed, .foreign])
        #expect(plan.steps == [])
        #expect(foreign.count == 3)
        #expect(left.routes.filter { $0.origin == .static } == foreign)
        #expect(left.ours == [])
    }

    @Test func `adding where another program was faster leaves its route alone`() throws {
        let host = try TestHost()
        let plan = try host.plan(.twoSites())
        try host.shell("ip route add 10.9.0.0/16 via 203.0.113.9 dev wan0 metric 50 proto static")

        try host.apply(plan.steps)

        #expect(try host.plan(.twoSites()).verdicts.map(\.state) == [.foreign, .installed, .installed])
        #expect(try host.lookup("10.9.0.1")?.gateway == IPAddress("203.0.113.9"))
    }

    @Test func `changed attributes are replaced in place`() throws {
        let host = try TestHost()
        try host.reconcile(.twoSites())
        var wanted = WantedHostNetwork.twoSites()
        for index in wanted.routes.indices { wanted.routes[index].mtu = 1290 }

        let plan = try host.reconcile(wanted)

        #expect(plan.steps.count == 3)
        #expect(plan.steps.allSatisfy { if case .replaceRoute = $0 { true } else { false } })
        #expect(try host.plan(wanted).steps == [])
        #expect(try host.read().ours.map(\.mtu) == [1290, 1290, 1290])
    }

    @Test func `what an earlier run left is adopted where wanted and removed where not`() throws {
        let host = try TestHost()
        try host.reconcile(.twoSites())
        var wanted = WantedHostNetwork.twoSites()
        wanted.routes.removeFirst()
        let kept = try host.read().ours.filter { $0.prefix != IPPrefix("192.168.10.0/24") }

        let plan = try host.reconcile(wanted)

        #expect(
            plan.steps.map(\.item) == [
                .unwantedRoute(RouteKey(table: .main, prefix: IPPrefix("192.168.10.0/24")!, metric: 50))
            ])
        #expect(try host.read().ours == kept)
    }

    @Test func `routes go into a table of their own when told to`() throws {
        let host = try TestHost()
        var wanted = WantedHostNetwork.twoSites()
        try host.reconcile(wanted)
        wanted.table = RoutingTable(rawValue: 770)
        wanted.metric = 7

        try host.reconcile(wanted)

        #expect(try host.plan(wanted).steps == [])
        #expect(try host.read().ours.allSatisfy { $0.table.rawValue == 770 && $0.metric == 7 })
        #expect(try host.plan(wanted).warnings.map(\.code) == ["table-never-asked", "table-never-asked"])
    }

    @Test func `strange addresses on the device go`() throws {
        let host = try TestHost()
        try host.shell("ip address add 10.66.0.1/24 dev ipop0 && ip address add fd66::1/64 dev ipop0")

        try host.reconcile(.twoSites())

        let state = try host.read()
        let index = try #require(state.link(named: "ipop0")).index
        #expect(state.addresses.allSatisfy { $0.linkIndex != index || $0.address.isLinkLocal })
        #expect(try host.plan(.twoSites()).steps == [])
    }

    @Test func `when the LAN address goes, the routes come back without a preferred source`() throws {
        let host = try TestHost()
        try host.reconcile(.twoSites())
        try host.shell("ip address del 192.168.20.1/24 dev lan0")

        try host.reconcile(.twoSites())

        let state = try host.read()
        #expect(state.ours.count == 3)
        #expect(state.ours.filter { $0.family == .v4 }.allSatisfy { $0.preferredSource == nil })
        #expect(try host.plan(.twoSites()).steps == [])
    }

    @Test func `a refusal keeps the kernel's code and explanation and names the command`() throws {
        let host = try TestHost()
        let link = try #require(try host.read().link(named: "wan0")).identity
        let route = HostRoute(
            prefix: IPPrefix("10.9.0.0/16")!, metric: 50, origin: .ipop, linkIndex: link.index,
            gateway: IPAddress("172.16.0.1")!)

        let error = #expect(throws: NetlinkError.self) {
            try host.apply([.addRoute(route, through: link, purpose: .overlay)])
        }

        #expect(error?.kernelCode == 101)
        #expect(
            error?.description
                == "ip route add 10.9.0.0/16 via 172.16.0.1 dev wan0 proto ipop metric 50: "
                + "Network is unreachable (errno 101): Nexthop has invalid gateway")
    }

    @Test func `on a device that is gone removals are done and everything else fails with ENODEV`() throws {
        let host = try TestHost()
        try host.reconcile(.twoSites())
        let found = try host.read()
        let device = try #require(found.link(named: "ipop0")).identity
        let address = try #require(found.addresses.first { $0.linkIndex == device.index })
        try host.shell("ip link del ipop0")

        try host.apply(HostNetworkPlanner.farewell(found: found))
        try host.apply([.removeAddress(address, on: device)])
        let failing: [HostNetworkStep] = [
            .setUp(device), .setMTU(device, mtu: 1400), .addAddress(address, on: device),
            .setNeighbour(found.neighbours[0], on: device),
        ]
        let codes = failing.map { step in
            do {
                try host.apply([step])
                return Int32(0)
            } catch {
                return (error as? NetlinkError)?.kernelCode ?? -1
            }
        }

        #expect(codes == [19, 19, 19, 19])
        #expect(try host.plan(.twoSites()).steps == [.makeDevice(name: "ipop0")])
        #expect(throws: NetlinkError.self) { try host.apply([.makeDevice(name: "ipop0")]) }
    }
}
