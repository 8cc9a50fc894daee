import NetworkTypes
import RoutePlanning
import Testing

/// By which interfaces a host reaches others.
@Suite struct OwnUplinksTests {
    private static let everywhere = IPPrefix("0.0.0.0/0")!

    /// Two providers, a LAN, and a network for management that leads nowhere.
    private func host(
        _ change: (inout [HostLink], inout [HostRoute]) -> Void = { _, _ in }
    ) -> HostNetworkState {
        var links = [
            HostLink(index: 2, name: "eth0", isUp: true), HostLink(index: 3, name: "eth1", isUp: true),
            HostLink(index: 4, name: "lte0", isUp: true), HostLink(index: 5, name: "mgmt0", isUp: true),
        ]
        var routes = [
            HostRoute(
                prefix: Self.everywhere, metric: 200, origin: .dhcp, linkIndex: 4, gateway: IPAddress(100, 64, 0, 1)),
            HostRoute(
                prefix: Self.everywhere, metric: 100, origin: .dhcp, linkIndex: 2, gateway: IPAddress(192, 0, 2, 1)),
            HostRoute(
                prefix: IPPrefix("10.2.0.0/16")!, origin: .static, linkIndex: 3, gateway: IPAddress(10, 1, 0, 2)),
            HostRoute(prefix: IPPrefix("172.16.0.0/24")!, origin: .kernel, linkIndex: 5),
        ]
        change(&links, &routes)
        return HostNetworkState(
            links: links,
            addresses: [
                HostAddress(linkIndex: 2, address: IPAddress(192, 0, 2, 9), prefixLength: 24),
                HostAddress(linkIndex: 3, address: IPAddress(10, 1, 0, 1), prefixLength: 24),
                HostAddress(linkIndex: 4, address: IPAddress(100, 64, 0, 9), prefixLength: 10),
                HostAddress(linkIndex: 5, address: IPAddress(172, 16, 0, 9), prefixLength: 24),
            ], routes: routes)
    }

    private func names(_ found: HostNetworkState) -> [String] {
        let candidates = OwnUnderlay.candidates(found: found, device: "ipop0", listening: [], overlay: [])
        return OwnUplinks.find(found: found, candidates: candidates, lan: "eth1").map(\.link.name)
    }

    @Test func `interfaces with a router are uplinks, the kernel's choice first, and the LAN is none`() {
        #expect(names(host()) == ["eth0", "lte0"])
    }

    @Test func `metrics say which comes first`() {
        #expect(names(host { $1[0].metric = 50 }) == ["lte0", "eth0"])
    }

    @Test func `a default route that a rule leads to makes an uplink, behind those of the main table`() {
        let found = host { _, routes in
            routes[1].table = RoutingTable(rawValue: 102)
            routes[1].metric = 0
        }
        #expect(names(found) == ["lte0", "eth0"])
    }

    @Test func `without a carrier or an address there is no uplink`() {
        #expect(names(host { links, _ in links[0].hasCarrier = false }) == ["lte0"])
        #expect(names(host { links, _ in links[0].isUp = false }) == ["lte0"])
    }

    @Test func `pins of this program make no uplink of an interface`() {
        let found = host { _, routes in
            routes[3].gateway = IPAddress(172, 16, 0, 1)
            routes[3].origin = .ipop
        }
        #expect(names(found) == ["eth0", "lte0"])
    }

    @Test func `the addresses of both families go with their interface`() throws {
        let v6 = IPAddress("2001:db8::9")!
        let found = host()
        let both = HostNetworkState(
            links: found.links,
            addresses: found.addresses + [HostAddress(linkIndex: 4, address: v6, prefixLength: 64)],
            routes: found.routes)
        let candidates = OwnUnderlay.candidates(found: both, device: "ipop0", listening: [], overlay: [])
        let uplinks = OwnUplinks.find(found: both, candidates: candidates, lan: "eth1")
        #expect(uplinks.map(\.v4) == [IPAddress(192, 0, 2, 9), IPAddress(100, 64, 0, 9)])
        #expect(uplinks.map(\.v6) == [nil, v6])
    }
}
