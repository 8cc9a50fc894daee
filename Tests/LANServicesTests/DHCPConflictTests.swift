import LANServices
import NetworkTypes
import Testing

/// What can come between a client and its address: others on the LAN, other sites, other servers, and hostile messages.
@Suite struct DHCPConflictTests {
    private let lan = TestLAN.giving()
    private let station = Station(1)

    @Test func `an address that a host of the LAN uses is not offered`() throws {
        let asked = lan.receive(DHCPClientMessage(.discover).frame)
        let taken = try #require(asked.registrations.first).address

        var effects = lan.receive(Station(5).here(taken))

        #expect(effects.contains(.unregister(taken)))
        let other = try #require(effects.registrations.first { $0.mac == station.mac }).address
        #expect(other != taken)
        #expect(lan.host(taken)?.mac == Station(5).mac)
        effects = lan.agree(effects) + lan.pass(.seconds(1))
        #expect(effects.answers.map(\.given) == [other])
    }

    @Test func `an address that another host is probing for is not offered`() throws {
        let asked = lan.receive(DHCPClientMessage(.discover).frame)
        let wanted = try #require(asked.registrations.first).address

        let effects = lan.receive(Station(5).probe(for: wanted))

        #expect(effects.contains(.unregister(wanted)))
        #expect(lan.pass(.seconds(2)).answers.map(\.given).contains(wanted) == false)
    }

    @Test func `the client's own probe is no conflict`() throws {
        let asked = lan.receive(DHCPClientMessage(.discover).frame)
        let address = try #require(asked.registrations.first).address

        #expect(!lan.receive(station.probe(for: address)).contains(.unregister(address)))
    }

    @Test func `an address that the grid refuses is not offered, and four are tried`() throws {
        var effects = lan.receive(DHCPClientMessage(.discover).frame)
        var tried: [IPAddress] = []
        while let address = effects.registrations.first?.address {
            tried.append(address)
            effects = lan.input { $0.refused(address, holder: "lsu", now: $1, effects: &$2) }
        }

        #expect(tried.count == LANLimits.tries)
        #expect(Set(tried).count == tried.count)
        #expect(lan.pass(.seconds(5)).answers.isEmpty)
        #expect(lan.counters.drops[.dhcpNoAddress] == 1)
    }

    @Test func `a grid that does not answer does not keep clients from addresses of an own block`() throws {
        lan.receive(DHCPClientMessage(.discover).frame)

        let offer = try #require(lan.pass(.seconds(2)).answers.first)
        let request = DHCPClientMessage(.request) {
            $0.requested = offer.given
            $0.server = TestLAN.service
        }
        let bound = lan.receive(request.frame)
        #expect(bound.answers.first?.kind == .acknowledgement)
        #expect(lan.host(offer.given)?.state == .assumed)

        lan.input { $0.registered(offer.given, now: $1, effects: &$2) }
        #expect(lan.host(offer.given)?.state == .registered)
    }

    @Test func `after a merge the loser's host is stopped at once and refused when it renews`() throws {
        let address = try #require(lan.lease(station))

        let lost = lan.input { $0.lost(address, to: "lsu", mac: Station(9).mac, now: $1, effects: &$2) }
        #expect(lost.contains(.localHostGone(address)))
        let renewal = DHCPClientMessage(.request) { $0.current = address }
        let answer = try #require(lan.receive(renewal.frame(isBroadcast: false)).answers.first)

        #expect(answer.kind == .refusal)
        #expect(answer.destination == Station.everybody)
        #expect(answer.target == IPAddress(255, 255, 255, 255))
        #expect(lan.host(address) == nil)
        #expect(lan.lease(station) != address)
    }

    @Test func `an offer that nobody takes is withdrawn`() throws {
        let offer = try #require(lan.offer())

        #expect(lan.pass(.seconds(31)).contains(.unregister(offer.given)))
    }

    @Test func `an offer of a client that chooses another server is withdrawn at once`() throws {
        let offer = try #require(lan.offer())
        let request = DHCPClientMessage(.request) {
            $0.requested = IPAddress(192, 168, 1, 20)
            $0.server = IPAddress(192, 168, 1, 1)
        }

        #expect(lan.receive(request.frame) == [.unregister(offer.given)])
    }

    @Test func `a request for another address than the offered one is refused`() throws {
        let offer = try #require(lan.offer())
        let request = DHCPClientMessage(.request) {
            $0.requested = offer.given.advanced(by: 1)
            $0.server = TestLAN.service
        }

        #expect(lan.receive(request.frame).answers.first?.kind == .refusal)
    }

    @Test func `a client that comes from another site with its lease keeps it if the grid agrees`() throws {
        let roaming = IPAddress(10, 128, 16, 130)
        let reboot = DHCPClientMessage(.request) { $0.requested = roaming }

        let asked = lan.receive(reboot.frame)
        #expect(asked.registrations.map(\.address) == [roaming])
        let effects = lan.agree(asked) + lan.pass(.seconds(1))

        #expect(effects.answers.map(\.kind) == [.acknowledgement])
        #expect(effects.contains(.localHost(roaming, station.mac)))
    }

    @Test func `a client that wants what another site's host has is refused`() throws {
        let taken = IPAddress(10, 128, 16, 130)
        lan.receive(DHCPClientMessage(.request) { $0.requested = taken }.frame)

        let effects = lan.input { $0.refused(taken, holder: "lsu", now: $1, effects: &$2) }

        #expect(effects.answers.map(\.kind) == [.refusal])
    }

    @Test func `other ranges are left to other servers`() {
        let foreign = DHCPClientMessage(.request) { $0.requested = IPAddress(192, 168, 1, 20) }
        #expect(lan.receive(foreign.frame).isEmpty)
        let renewal = DHCPClientMessage(.request) { $0.current = IPAddress(192, 168, 1, 20) }
        #expect(lan.receive(renewal.frame).isEmpty)
        #expect(lan.counters.drops[.dhcpOtherServer] == 2)
        // In the own range it is refused.
        let reserved = DHCPClientMessage(.request) { $0.requested = IPAddress(10, 128, 16, 255) }
        #expect(lan.receive(reserved.frame).answers.map(\.kind) == [.refusal])
    }

    @Test func `only admitted clients are answered`() {
        let named = TestLAN.giving { $0.clients = .addresses([Station(2).mac]) }
        #expect(named.offer() == nil)
        #expect(named.offer(DHCPClientMessage(.discover) { $0.station = Station(2) }) != nil)

        let classed = TestLAN.giving { $0.clients = .classes(["ipop"]) }
        #expect(classed.offer() == nil)
        #expect(classed.offer(DHCPClientMessage(.discover) { $0.more = [60, 6] + Array("ipop-1".utf8) }) != nil)

        let none = TestLAN.giving { $0.clients = .nobody }
        #expect(none.offer() == nil)
        #expect(none.counters.drops[.dhcpNotAdmitted] == 1)
    }

    @Test func `without a block there is silence, and it is told once`() {
        let empty = TestLAN()
        #expect(empty.pass(.seconds(1)).contains(.wantBlocks(1)))

        let effects = empty.receive(DHCPClientMessage(.discover).frame)
        #expect(effects == [.notice(.noAddresses)])
        #expect(empty.receive(DHCPClientMessage(.discover).frame).isEmpty)

        empty.input { services, _, _ in services.blocksChanged([TestLAN.block]) }
        #expect(empty.pass(.seconds(1)).notices == [.addressesAgain])
        #expect(empty.offer() != nil)
    }

    @Test func `when no more clients are to be answered no more blocks are wanted`() {
        lan.input { services, _, _ in services.settingsChanged(TestLAN.settings { $0.clients = .nobody }) }

        #expect(lan.pass(.seconds(1)).contains(.wantBlocks(0)))
    }

    @Test func `another block is asked for before the last address is given, and none is given twice`() {
        var given: Set<IPAddress> = []
        var effects: [LANEffects.Effect] = []
        for number in 0..<20 {
            if let address = lan.lease(Station(UInt8(number + 1))) { given.insert(address) }
            effects += lan.pass(.seconds(1))
        }

        #expect(given.count == 16)
        #expect(effects.contains(.wantBlocks(2)))
        #expect(lan.hosts.count == 16)
    }

    @Test func `in a small subnet a gateway keeps one address to spare, so that others find some`() {
        let small = TestLAN {
            $0 = LANServiceSettings(
                prefixes: [IPPrefix("10.128.16.0/26")!], serviceMAC: TestLAN.serviceMAC, mtu: 1_500, site: "ufl",
                grid: "physics")
        }
        small.input { services, _, _ in
            services.blocksChanged([IPPrefix("10.128.16.8/32")!, IPPrefix("10.128.16.9/32")!])
        }
        small.pass(.seconds(1))

        #expect(small.lease(Station(1)) != nil)
        #expect(!small.pass(.seconds(2)).contains(.wantBlocks(3)))
        #expect(small.lease(Station(2)) != nil)
        #expect(small.pass(.seconds(2)).contains(.wantBlocks(3)))
    }

    @Test func `a relayed client is answered through its relay, with what the relay has added`() throws {
        let relay = IPAddress(10, 128, 16, 9)
        let router = Station(8)
        let message = DHCPClientMessage(.discover) {
            $0.relay = relay
            $0.hops = 1
            $0.more = [82, 4, 1, 2, 0xab, 0xcd]
        }
        let frame = router.udp(
            from: Endpoint(address: relay, port: 67), to: Endpoint(address: TestLAN.service, port: 67),
            message.payload)
        var effects = lan.receive(frame)
        effects = lan.agree(effects) + lan.pass(.seconds(1))

        let offer = try #require(effects.answers.first)
        #expect(offer.destination == router.mac)
        #expect(offer.target == relay)
        #expect(offer.port == 67)
        #expect(offer.relay == relay)
        #expect(offer.options.last == DHCPServerMessage.Option(code: 82, bytes: [1, 2, 0xab, 0xcd]))
    }

    @Test func `relay loops and foreign relays are dropped and counted`() {
        let loop = DHCPClientMessage(.discover) { $0.relay = TestLAN.service }
        let long = DHCPClientMessage(.discover) { $0.hops = 17 }
        let foreign = DHCPClientMessage(.discover) { $0.relay = IPAddress(192, 168, 1, 1) }

        for message in [loop, long, foreign] { #expect(lan.receive(message.frame).isEmpty) }

        #expect(lan.counters.drops[.dhcpRelayLoop] == 2)
        #expect(lan.counters.drops[.dhcpForeignRelay] == 1)
    }

    @Test func `wrong lengths and option bombs are dropped and counted`() {
        let wrong: [[UInt8]] = [[50, 3, 10, 128, 16], [54, 5, 1, 2, 3, 4, 5], [57, 1, 2], [61, 0], [53, 1, 1]]
        for more in wrong {
            #expect(lan.receive(DHCPClientMessage(.discover) { $0.more = more }.frame).isEmpty, "\(more)")
        }
        #expect(lan.counters.drops[.dhcpOptionLength] == 5)

        let bomb: [UInt8] = (100..<200).flatMap { (code: UInt8) -> [UInt8] in [code, 0] }
        let endless: [UInt8] = [60, 200, 1]
        let overloaded: [UInt8] = [52, 1, 4]
        for more in [bomb, endless, overloaded] {
            #expect(lan.receive(DHCPClientMessage(.discover) { $0.more = more }.frame).isEmpty)
        }
        #expect(lan.counters.drops[.dhcpMalformed] == 3)
    }

    @Test func `options that go on in the file and server name fields are read`() throws {
        let message = DHCPClientMessage(.discover) {
            $0.more = [52, 1, 3]
            $0.file = [60, 3] + Array("abc".utf8) + [255]
            $0.serverName = [50, 4, 10, 128, 16, 70, 255]
        }

        #expect(try #require(lan.offer(message)).given == IPAddress(10, 128, 16, 70))
    }

    @Test func `messages cut short, answers and BOOTP are dropped`() {
        let payload = DHCPClientMessage(.discover).payload
        for count in 0..<payload.count {
            let frame = station.udp(
                from: Endpoint("0.0.0.0:68")!, to: Endpoint("255.255.255.255:67")!, Array(payload.prefix(count)),
                at: Station.everybody)
            let effects = lan.receive(frame)
            // Behind the message's type it may end between two options: what went before is whole.
            if count < 243 { #expect(effects.isEmpty, "\(count)") }
        }
        var answer = payload
        answer[0] = 2
        var bootp = Array(payload.prefix(240))
        bootp += [255]
        for bytes in [answer, bootp] {
            let frame = station.udp(
                from: Endpoint("0.0.0.0:68")!, to: Endpoint("255.255.255.255:67")!, bytes, at: Station.everybody)
            #expect(lan.receive(frame).isEmpty)
        }
    }

    @Test func `many clients at once are served a bounded number at a time`() {
        for number in 0..<200 {
            lan.receive(DHCPClientMessage(.discover) { $0.station = Station(UInt8(number)) }.frame)
        }

        #expect(lan.counters.drops[.dhcpNoAddress] + lan.counters.drops[.full] >= 200 - 64)
        #expect(lan.pass(.seconds(60)).answers.count <= LANLimits.pendingClients)
    }
}
