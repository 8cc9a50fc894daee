import NetworkTypes
import RoutePlanning
import Testing

/// Which own addresses are told to others, and which router is asked for a mapping.
@Suite struct OwnUnderlayTests {
    private func candidates(
        _ addresses: [HostAddress], links: [HostLink] = Scenery.links, listening: [String] = [],
        overlay: [String] = ["192.168.20.0/24", "fd20::/64"]
    ) -> [String] {
        OwnUnderlay.candidates(
            found: Scenery.state(links: links, addresses: addresses), device: "ipop0",
            listening: listening.map { IPAddress($0)! }, overlay: overlay.map { IPPrefix($0)! }
        ).map { "\($0.address)" }
    }

    @Test func `addresses of both families are told, and what leads into the overlay is not`() {
        // Loopback, link-local and the exported LAN are among them.
        #expect(candidates(Scenery.addresses) == ["203.0.113.2", "2001:db8:113::2"])
    }

    @Test func `the overlay's device and links that are down have no candidates`() {
        let addresses = [Scenery.held("198.51.100.1", 24, on: 4), Scenery.held("203.0.113.2", 24, on: 3)]
        let up = Scenery.links.map { link in
            var link = link
            link.isUp = link.name != "wan0"
            return link
        }

        #expect(candidates(addresses, links: up).isEmpty)
    }

    @Test func `addresses of the grid's pool are none, wherever they are`() {
        let addresses = [Scenery.held("10.128.3.1", 24, on: 3), Scenery.held("10.1.0.1", 24, on: 3)]

        #expect(candidates(addresses, overlay: ["10.128.0.0/9"]) == ["10.1.0.1"])
    }

    @Test(arguments: [HostAddressFlags.temporary, .deprecated, .tentative, .duplicate])
    func `addresses that change or go are none`(flags: HostAddressFlags) {
        let addresses = [
            Scenery.held("2001:db8:113::99", 64, on: 3, flags: flags), Scenery.held("2001:db8:113::2", 64, on: 3),
        ]

        #expect(candidates(addresses) == ["2001:db8:113::2"])
    }

    @Test func `global addresses stand before private ones, and the list ends`() {
        let private4 = ["10.1.0.1", "100.64.0.1", "172.16.0.1", "192.168.1.1"]
        let global = ["198.51.100.1", "2001:db8::1"]
        let addresses = (private4 + ["fd00::1"] + global.reversed()).map { Scenery.held($0, 24, on: 3) }

        #expect(candidates(addresses, overlay: []) == global + private4)
        #expect(OwnUnderlay.limit == 6)
    }

    @Test func `only what is listened on is told`() {
        #expect(candidates(Scenery.addresses, listening: ["203.0.113.2"]) == ["203.0.113.2"])
    }

    private func router(
        _ routes: [HostRoute], addresses: [HostAddress] = [Scenery.held("192.168.1.7", 24, on: 3)],
        overlay: [String] = []
    ) -> DefaultRouter? {
        DefaultRouter.find(
            in: Scenery.state(addresses: addresses, routes: routes), device: "ipop0",
            overlay: overlay.map { IPPrefix($0)! })
    }

    @Test func `the private router of the best default route is asked`() {
        let found = router([
            Scenery.foreign("0.0.0.0/0", via: "10.9.9.9", metric: 200),
            Scenery.foreign("0.0.0.0/0", via: "192.168.1.1", metric: 100),
        ])

        #expect(found == DefaultRouter(address: IPAddress(192, 168, 1, 1), client: IPAddress(192, 168, 1, 7)))
    }

    @Test func `a router that is public, in the overlay, or on no own subnet is not asked`() {
        let home = Scenery.foreign("0.0.0.0/0", via: "192.168.1.1", metric: 100)

        #expect(router([Scenery.foreign("0.0.0.0/0", via: "203.0.113.1", metric: 100)]) == nil)
        #expect(router([home], overlay: ["192.168.0.0/16"]) == nil)
        #expect(router([home], addresses: []) == nil)
        #expect(router([]) == nil)
        #expect(router([Scenery.foreign("0.0.0.0/0", via: "192.168.1.1", metric: 9, link: 4)]) == nil)
    }
}
