import NetworkTypes
import RouteControl
import RoutePlanning
import Testing

/// No overlay over itself: peers' outer addresses stay on the uplink whatever prefix a site exports.
@Suite struct UnderlayTests {
    /// A site exports everything, in both families; two peers are out there, one on the uplink's own network.
    private static func everything() -> WantedHostNetwork {
        WantedHostNetwork(
            device: "ipop0", mtu: 1420,
            routes: [.to("0.0.0.0/0", "cern"), .to("::/0", "cern"), .to("198.51.0.0/16", "ufl")],
            underlay: ["198.51.100.7", "203.0.113.9", "2001:db8:aa::7"].map { IPAddress($0)! })
    }

    @Test func `covered peers get host routes along the way they had, others none`() throws {
        let host = try TestHost()

        try host.reconcile(Self.everything())

        let state = try host.read()
        let wan = try #require(state.link(named: "wan0")).index
        #expect(
            state.ours.filter { $0.linkIndex == wan }.map(\.description) == [
                "198.51.100.7/32 via 203.0.113.1", "2001:db8:aa::7/128 via 2001:db8:113::1",
            ])
        #expect(try host.lookup("198.51.100.7")?.linkIndex == wan)
        #expect(try host.lookup("2001:db8:aa::7")?.linkIndex == wan)
        #expect(try host.lookup("198.51.100.8")?.gateway == WantedHostNetwork.nextHopV4)
        #expect(try host.lookup("203.0.113.9")?.linkIndex == wan)
        #expect(try host.plan(Self.everything()).steps == [])
    }

    @Test func `pins follow the default route, and hold the address back when there is none`() throws {
        let host = try TestHost()
        try host.reconcile(Self.everything())

        try host.shell("ip route replace default via 203.0.113.254 dev wan0 metric 100")
        try host.reconcile(Self.everything())
        let moved = try host.lookup("198.51.100.7")
        try host.shell("ip route del default via 203.0.113.254 && ip -6 route del default via 2001:db8:113::1")
        try host.reconcile(Self.everything())
        let held = (try host.lookup("198.51.100.7"), try host.lookup("2001:db8:aa::7"))
        let settled = try host.plan(Self.everything()).steps
        try host.shell("ip route add default via 203.0.113.1 dev wan0 metric 100")
        try host.shell("ip -6 route add default via 2001:db8:113::1 dev wan0 metric 100")
        try host.reconcile(Self.everything())

        #expect(moved?.gateway == IPAddress("203.0.113.254"))
        #expect(held.0 == nil && held.1 == nil)
        #expect(settled == [])
        #expect(try host.lookup("198.51.100.7")?.gateway == IPAddress("203.0.113.1"))
        #expect(try host.lookup("2001:db8:aa::7")?.gateway == IPAddress("2001:db8:113::1"))
        #expect(try host.plan(Self.everything()).steps == [])
    }

    @Test func `pins go when nothing covers the peer any more`() throws {
        let host = try TestHost()
        try host.reconcile(Self.everything())

        try host.reconcile(.twoSites(underlay: ["198.51.100.7"]))

        #expect(try host.read().ours.map(\.prefix.description) == ["10.9.0.0/16", "192.168.10.0/24", "fd10::/64"])
        #expect(try host.plan(.twoSites(underlay: ["198.51.100.7"])).steps == [])
    }

    @Test func `a gateway that is reached on-link only is kept so`() throws {
        let host = try TestHost()
        try host.shell("ip route replace default via 172.31.1.1 dev wan0 onlink metric 100")

        try host.reconcile(Self.everything())

        #expect(try host.lookup("198.51.100.7")?.gateway == IPAddress("172.31.1.1"))
        #expect(try host.plan(Self.everything()).steps == [])
    }
}

extension HostRoute {
    fileprivate var description: String { "\(prefix) via \(gateway.map { "\($0)" } ?? "-")" }
}
