import NetworkTypes
import RoutePlanning
import Testing

/// Own exports against the host, the preferred source, and the words for people.
@Suite struct CheckTests {
    private func check(_ exports: [String], lan: String = "lan0", found: HostNetworkState = Scenery.found)
        -> [ExportVerdict]
    {
        ExportCheck.check(
            exports: exports.map { IPPrefix($0)! }, lanInterface: lan, device: "ipop0", found: found)
    }

    @Test func `the LAN's MTU is that of its ports, whatever the overlay's device has made of its bridge`() {
        var links = Scenery.links
        links[1].masterIndex = 7
        links[3].masterIndex = 7
        links[3].mtu = 1_400
        links.append(HostLink(index: 7, name: "br0", isUp: true, mtu: 1_400, kind: HostLink.bridgeKind))
        let found = Scenery.state(links: links)

        #expect(found.lanMTU(of: "lan0", besides: "ipop0") == 1_500)
        #expect(found.lanMTU(of: "br0", besides: "ipop0") == 1_500)
        #expect(found.lanMTU(of: "eth9", besides: "ipop0") == nil)
    }

    @Test(
        arguments: [
            ("192.168.20.0/24", "lan0", false), ("192.168.20.128/25", "lan0", false), ("192.168.0.0/16", "lan0", true),
            ("10.128.7.0/24", nil, true), ("fd20::/80", "lan0", false), ("fd77::/64", nil, true),
        ] as [(String, String?, Bool)])
    func `a virtual prefix that shares addresses with a network is told, and never cuts it off`(
        prefix: String, interface: String?, mayEnd: Bool
    ) {
        let check = VirtualPrefixCheck(found: Scenery.found, device: "ipop0")

        #expect(check.network(sharing: IPPrefix(prefix)!)?.interface == interface)
        #expect(check.mayEnd(IPPrefix(prefix)!) == mayEnd)
    }

    @Test func `the LAN's own prefixes, smaller and larger ones may be exported`() {
        let verdicts = check(["192.168.20.0/24", "192.168.20.128/25", "192.168.0.0/16", "fd20::/64"])

        #expect(verdicts.allSatisfy { $0.refusal == nil && $0.warning == nil })
    }

    @Test(arguments: ["203.0.113.0/24", "203.0.0.0/16", "0.0.0.0/0", "2001:db8::/32"])
    func `an export that equals or covers another interface's network is refused`(prefix: String) {
        let verdict = check([prefix])[0]

        #expect(verdict.refusal?.code == "covers-other-interface")
        #expect(verdict.refusal?.text.contains("wan0") == true)
    }

    @Test func `in one-armed operation the uplink is the LAN`() {
        #expect(check(["203.0.113.0/24"], lan: "wan0")[0].refusal == nil)
    }

    @Test func `a prefix that is on both interfaces is the LAN's`() {
        let both = Scenery.state(addresses: Scenery.addresses + [Scenery.held("192.168.20.2", 24, on: 3)])

        #expect(check(["192.168.20.0/24"], found: both)[0].refusal == nil)
    }

    @Test func `missing, down and wrong interfaces and reserved ranges are named`() {
        var links = Scenery.links
        links[1].isUp = false
        let down = Scenery.state(links: links)

        #expect(check(["192.168.20.0/24"], lan: "eth9")[0].refusal == .interfaceMissing("eth9"))
        #expect(check(["192.168.20.0/24"], lan: "ipop0")[0].refusal == .interfaceIsOverlay("ipop0"))
        #expect(check(["169.254.0.0/16"])[0].refusal == .reservedRange)
        #expect(check(["192.168.20.0/24"], found: down)[0].warning == .interfaceDown("lan0"))
    }

    @Test func `an export that nothing on the LAN leads to is warned of, behind a LAN router it is fine`() {
        let routed = Scenery.state(
            routes: Scenery.foreignRoutes + [Scenery.foreign("10.5.0.0/16", via: "192.168.20.9", metric: 0, link: 2)])

        #expect(check(["10.5.0.0/16"])[0].warning == .notReachableThroughLAN(interface: "lan0"))
        #expect(check(["10.5.0.0/16"])[0].refusal == nil)
        #expect(check(["10.5.0.0/16"], found: routed)[0].warning == nil)
    }

    @Test func `the preferred source is an own address inside an export, of the family, usable and settled`() {
        let exports = ["192.168.20.0/24", "fd20::/64"].map { IPPrefix($0)! }
        let more = [
            Scenery.held("fd20::99", 64, on: 2), Scenery.held("fd20::aa", 64, on: 2),
            Scenery.held("192.168.20.77", 32, on: 4),
        ]
        var addresses = Scenery.addresses.filter { $0.address != IPAddress("fd20::1") } + more
        addresses[addresses.firstIndex { $0.address == IPAddress("fd20::99") }!].flags = .temporary
        let found = Scenery.state(addresses: addresses)
        func source(_ family: AddressFamily, _ exports: [IPPrefix], _ found: HostNetworkState) -> IPAddress? {
            PreferredSource.address(family: family, exports: exports, found: found, device: "ipop0")
        }

        #expect(source(.v4, exports, found) == IPAddress("192.168.20.1"))
        #expect(source(.v6, exports, found) == IPAddress("fd20::aa"))
        #expect(source(.v4, [IPPrefix("10.5.0.0/16")!], found) == nil)
        #expect(
            source(.v6, exports, Scenery.state(addresses: [Scenery.held("fd20::5", 64, on: 2, flags: .tentative)]))
                == nil)
    }

    @Test func `reasons have distinct kebab-case codes, a text and a fix`() {
        let connected = ConnectedPrefix(prefix: IPPrefix("10.0.0.0/8")!, interface: "lan0")
        let reasons: [RouteReason] = [
            .equalsConnectedPrefix(interface: "lan0"), .insideConnectedPrefix(connected), .reservedRange,
            .isUnderlayAddress, .claimedByAnotherSite("ufl"), .mtuBelowV6Minimum(mtu: 1200), .deviceMissing("ipop0"),
            .notInstalledYet, .nextHopChanged, .removedByAnotherProgram(nil), .kernelRefused("x"),
            .heldByAnotherProgram(.dhcp, interface: "wan0"), .betterMetric(.dhcp, metric: 0, interface: nil),
        ]

        #expect(Set(reasons.map(\.code)).count == reasons.count)
        for reason in reasons {
            #expect(
                reason.code.utf8.allSatisfy {
                    $0 == UInt8(ascii: "-") || ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57)
                })
            #expect(!reason.text.isEmpty && !reason.text.hasSuffix(".") && !reason.fix.isEmpty)
        }
    }

    @Test func `steps read as the commands that do the same`() {
        var route = Scenery.ours("10.9.0.0/16")
        route.table = RoutingTable(rawValue: 77)
        route.preferredSource = IPAddress("192.168.20.1")!
        route.mtu = 1380
        route.advertisedMSS = 1340
        let unreachable = HostRoute(
            prefix: IPPrefix("198.51.100.7/32")!, metric: 50, origin: .ipop, kind: .unreachable, linkIndex: nil)
        let neighbour = HostNeighbour(
            linkIndex: 4, address: IPAddress("169.254.77.1")!, mac: .virtualNextHop, isPermanent: true)
        let steps: [HostNetworkStep] = [
            .makeDevice(name: "ipop0"), .setMTU(Scenery.device, mtu: 1420), .setUp(Scenery.device),
            .addAddress(Scenery.held("169.254.77.2", 30, on: 4), on: Scenery.device),
            .removeAddress(Scenery.held("10.1.1.1", 24, on: 4), on: Scenery.device),
            .setNeighbour(neighbour, on: Scenery.device),
            .addRoute(route, through: Scenery.device, purpose: .overlay),
            .replaceRoute(Scenery.pin("198.51.100.7"), through: Scenery.wan, purpose: .underlayPin),
            .removeRoute(unreachable, through: nil, purpose: .underlayPin),
        ]

        #expect(
            steps.map(\.description) == [
                "ip tuntap add dev ipop0 mode tap", "ip link set dev ipop0 mtu 1420", "ip link set dev ipop0 up",
                "ip address add 169.254.77.2/30 scope link dev ipop0", "ip address del 10.1.1.1/24 dev ipop0",
                "ip neighbour replace 169.254.77.1 lladdr 02:69:70:6f:70:01 dev ipop0 nud permanent",
                "ip route add 10.9.0.0/16 via 169.254.77.1 dev ipop0 proto ipop metric 50 table 77 src 192.168.20.1 "
                    + "mtu 1380 advmss 1340",
                "ip route replace 198.51.100.7/32 via 203.0.113.1 dev wan0 proto ipop metric 50",
                "ip route del unreachable 198.51.100.7/32 proto ipop metric 50",
            ])
    }
}
