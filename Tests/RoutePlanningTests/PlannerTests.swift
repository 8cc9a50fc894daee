import NetworkTypes
import RoutePlanning
import Testing

/// The rules of `HostNetworkPlanner`, one by one.
@Suite struct PlannerTests {
    @Test func `a missing device is made first, and nothing else is done`() {
        let found = Scenery.state(links: Scenery.links.filter { $0.name != "ipop0" })

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: found)

        #expect(plan.steps == [.makeDevice(name: "ipop0")])
        #expect(plan.verdicts.map(\.state) == [.missing])
        #expect(plan.verdicts.first?.reason == .deviceMissing("ipop0"))
    }

    @Test func `a new device gets MTU, up, link-local addresses and permanent next hops, in this order`() {
        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted(), found: Scenery.found)

        let device = Scenery.device
        func neighbour(_ address: String) -> HostNeighbour {
            HostNeighbour(linkIndex: 4, address: IPAddress(address)!, mac: .virtualNextHop, isPermanent: true)
        }
        #expect(
            plan.steps == [
                .setMTU(device, mtu: 1420), .setUp(device),
                .addAddress(Scenery.held("169.254.77.2", 30, on: 4), on: device),
                .addAddress(Scenery.held("fe80::2", 64, on: 4), on: device),
                .setNeighbour(neighbour("169.254.77.1"), on: device), .setNeighbour(neighbour("fe80::1"), on: device),
            ])
    }

    @Test func `other addresses on the device go, automatic link-local v6 ones stay`() {
        let strange = Scenery.held("10.77.0.1", 24, on: 4)
        let automatic = Scenery.held("fe80::69:70ff:fe6f:7002", 64, on: 4)
        let wrongLength = Scenery.held("169.254.77.2", 24, on: 4)
        let found = Scenery.state(addresses: Scenery.addresses + [strange, automatic, wrongLength])

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted(), found: found)

        let removed = plan.steps.filter(\.isRemoval)
        #expect(
            removed == [
                .removeAddress(strange, on: Scenery.device), .removeAddress(wrongLength, on: Scenery.device),
            ])
    }

    @Test(arguments: ["10.128.7.0/24", "fd77:7::/64"])
    func `what is sent to an own virtual prefix ends in the gateway, until it is not wanted any more`(
        prefix: String
    ) throws {
        let own = WantedRoute(prefix: IPPrefix(prefix)!, site: "lsu", isDeadEnd: true)
        let wanted = Scenery.wanted([own, Scenery.route("10.9.0.0/16")])

        let first = HostNetworkPlanner.plan(wanted: wanted, found: Scenery.found)

        let settled = Scenery.found.after(first)
        let route = try #require(settled.routes(to: own.prefix, in: .main).first)
        #expect(route.kind == .unreachable && route.linkIndex == nil && route.origin == .ipop)
        let again = HostNetworkPlanner.plan(wanted: wanted, found: settled)
        #expect(again.steps.isEmpty && again.verdicts.map(\.state) == [.installed, .installed])
        let gone = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.9.0.0/16")]), found: settled)
        #expect(gone.steps == [.removeRoute(route, through: nil, purpose: .deadEnd)])
        #expect(HostNetworkPlanner.farewell(found: settled).contains(gone.steps[0]))
    }

    @Test func `a peer within an own virtual prefix is kept reachable`() {
        let own = WantedRoute(prefix: IPPrefix("198.51.0.0/16")!, site: "lsu", isDeadEnd: true)

        let plan = HostNetworkPlanner.plan(
            wanted: Scenery.wanted([own], underlay: ["198.51.100.7"]), found: Scenery.found)

        let pins = plan.steps.filter { if case .pin = $0.item { true } else { false } }
        #expect(pins.count == 1)
    }

    @Test func `a neighbour entry that is not permanent or has another MAC is overwritten`() {
        let settled = Scenery.found.after(HostNetworkPlanner.plan(wanted: Scenery.wanted(), found: Scenery.found))
        var neighbours = settled.neighbours
        neighbours[0].isPermanent = false
        neighbours[1].mac = MACAddress(rawValue: 1)
        let found = Scenery.state(
            links: settled.links, addresses: settled.addresses, routes: settled.routes, neighbours: neighbours)

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted(), found: found)

        #expect(plan.steps.map(\.item) == [.neighbour(IPAddress("169.254.77.1")!), .neighbour(IPAddress("fe80::1")!)])
    }

    @Test func `remote prefixes of both families are routed by the virtual next hops`() {
        let wanted = Scenery.wanted([
            Scenery.route("10.9.0.0/16", source: "192.168.20.1", mtu: 1380),
            Scenery.route("fd10::/64", source: "fd20::1"),
        ])

        let plan = HostNetworkPlanner.plan(wanted: wanted, found: Scenery.found)

        #expect(
            plan.addedRoutes == [
                HostRoute(
                    prefix: IPPrefix("10.9.0.0/16")!, metric: 50, origin: .ipop, linkIndex: 4,
                    gateway: IPAddress("169.254.77.1")!, preferredSource: IPAddress("192.168.20.1")!, mtu: 1380),
                HostRoute(
                    prefix: IPPrefix("fd10::/64")!, metric: 50, origin: .ipop, linkIndex: 4,
                    gateway: IPAddress("fe80::1")!, preferredSource: IPAddress("fd20::1")!),
            ])
        #expect(plan.verdicts.map(\.state) == [.missing, .missing])
        #expect(plan.verdicts.allSatisfy { $0.reason == .notInstalledYet })
    }

    @Test func `a preferred source that the host does not have, or may not use yet, is left out`() {
        let tentative = Scenery.held("fd20::5", 64, on: 2, flags: .tentative)
        let found = Scenery.state(addresses: Scenery.addresses + [tentative])
        let wanted = Scenery.wanted([
            Scenery.route("10.9.0.0/16", source: "192.168.20.99"), Scenery.route("fd10::/64", source: "fd20::5"),
        ])

        let plan = HostNetworkPlanner.plan(wanted: wanted, found: found)

        #expect(plan.addedRoutes.map(\.preferredSource) == [nil, nil])
    }

    @Test(arguments: [
        ("192.168.20.0/24", "equals-connected-prefix"), ("192.168.20.128/25", "inside-connected-prefix"),
        ("203.0.113.9/32", "inside-connected-prefix"), ("fd20::/64", "equals-connected-prefix"),
        ("fd20::8000:0:0:0/65", "inside-connected-prefix"), ("127.0.0.0/8", "reserved-range"),
        ("169.254.0.0/16", "reserved-range"), ("fe80::/64", "reserved-range"), ("224.0.0.0/8", "reserved-range"),
    ])
    func `a remote prefix that would steal local hosts is refused`(prefix: String, code: String) {
        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route(prefix)]), found: Scenery.found)

        #expect(plan.verdicts.map(\.state) == [.refused])
        #expect(plan.verdicts.first?.reason?.code == code)
        #expect(plan.addedRoutes == [])
    }

    @Test func `a refused route that stands is taken away when a local network appears`() {
        let wanted = Scenery.wanted([Scenery.route("10.9.0.0/16")])
        let before = Scenery.found.after(HostNetworkPlanner.plan(wanted: wanted, found: Scenery.found))
        let found = Scenery.state(
            links: before.links, addresses: before.addresses + [Scenery.held("10.9.4.1", 8, on: 2)],
            routes: before.routes, neighbours: before.neighbours)

        let plan = HostNetworkPlanner.plan(wanted: wanted, found: found)

        #expect(plan.removedRoutes == [Scenery.ours("10.9.0.0/16")])
        let connected = ConnectedPrefix(prefix: IPPrefix("10.0.0.0/8")!, interface: "lan0")
        #expect(plan.verdicts.first?.reason == .insideConnectedPrefix(connected))
    }

    @Test func `the shorter of two nested connected prefixes refuses too`() {
        let nested = [Scenery.held("10.0.0.1", 8, on: 2), Scenery.held("10.1.0.1", 24, on: 3)]
        let found = Scenery.state(addresses: Scenery.addresses + nested)

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("10.1.0.0/16")]), found: found)

        #expect(plan.verdicts.first?.state == .refused)
    }

    @Test func `networks of interfaces that are down refuse nothing`() {
        var links = Scenery.links
        links[1].isUp = false
        let found = Scenery.state(links: links)

        let plan = HostNetworkPlanner.plan(wanted: Scenery.wanted([Scenery.route("192.168.20.0/24")]), found: found)

        #expect(plan.verdicts.map(\.state) == [.missing])
    }

    @Test func `a covering remote prefix is installed`() {
        let plan = HostNetworkPlanner.plan(
            wanted: Scenery.wanted([Scenery.route("192.168.0.0/16")]), found: Scenery.found)

        #expect(plan.addedRoutes == [Scenery.ours("192.168.0.0/16")])
    }

    @Test func `two sites with one prefix: the first in order keeps it, the other is told`() {
        let wanted = Scenery.wanted([
            Scenery.route("10.9.0.0/16", site: "ufl"), Scenery.route("10.9.0.0/16", site: "cern"),
        ])

        let plan = HostNetworkPlanner.plan(wanted: wanted, found: Scenery.found)

        #expect(plan.verdicts.map(\.wanted.site) == ["cern", "ufl"])
        #expect(plan.verdicts.map(\.state) == [.missing, .refused])
        #expect(plan.verdicts.last?.reason == .claimedByAnotherSite("cern"))
        #expect(plan.addedRoutes.count == 1)
    }

    @Test func `without the room for v6 only v4 is set up`() {
        var wanted = Scenery.wanted([Scenery.route("10.9.0.0/16"), Scenery.route("fd10::/64")])
        wanted.mtu = 1200

        let plan = HostNetworkPlanner.plan(wanted: wanted, found: Scenery.found)

        #expect(plan.verdicts.map(\.state) == [.missing, .refused])
        #expect(plan.verdicts.last?.reason == .mtuBelowV6Minimum(mtu: 1200))
        #expect(!plan.steps.contains { $0.item == .address(IPAddress("fe80::2")!) })
    }
}
