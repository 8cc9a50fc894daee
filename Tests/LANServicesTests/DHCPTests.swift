import LANServices
import NetworkTypes
import Testing

/// The ordinary way of a client to its address.
@Suite struct DHCPTests {
    private let lan = TestLAN.giving()
    private let station = Station(1)

    @Test func `a client is offered an address when the LAN and the grid leave it`() throws {
        let asked = lan.receive(DHCPClientMessage(.discover).frame)

        let address = try #require(asked.registrations.first).address
        #expect(TestLAN.block.contains(address))
        // A probe of RFC 5227: nobody's, for the address.
        let probe = try #require(asked.frames.first)
        #expect(probe[20..<22] == [0, 1])
        #expect(probe[28..<32] == [0, 0, 0, 0])
        #expect(probe[38..<42] == address.bytes[...])
        #expect(lan.agree(asked).answers.isEmpty, "the LAN has not been waited for")

        let offer = try #require(lan.pass(.seconds(1)).answers.first)
        #expect(offer.kind == .offer)
        #expect(offer.given == address)
        #expect(offer.transaction == 0x1234_5678)
        #expect(offer.target == address)
        #expect(offer.destination == station.mac)
        #expect(lan.hosts.isEmpty)
    }

    @Test func `an offer says everything that a host needs`() throws {
        let lan = TestLAN.giving { $0.routes = [IPPrefix("192.168.20.0/24")!, IPPrefix("10.9.0.0/16")!] }
        let offer = try #require(lan.offer())

        #expect(offer[1] == [255, 255, 255, 0])
        #expect(offer[3] == TestLAN.service.bytes)
        #expect(offer[6] == TestLAN.service.bytes)
        #expect(offer[15] == Array("ufl.physics".utf8))
        #expect(offer[26] == [5, 220])
        #expect(offer[28] == [10, 128, 16, 255])
        #expect(offer[51] == [0, 0, 14, 16])
        #expect(offer[54] == TestLAN.service.bytes)
        #expect(offer[58] == [0, 0, 7, 8])
        #expect(offer[59] == [0, 0, 12, 78])
        #expect(
            offer[121] == [0, 10, 128, 16, 1, 24, 192, 168, 20, 10, 128, 16, 1, 16, 10, 9, 10, 128, 16, 1])
        let codes = offer.options.map(\.code)
        #expect(codes.firstIndex(of: 1)! < codes.firstIndex(of: 3)!)
    }

    @Test func `a client that does not ask for routes gets none`() throws {
        let lan = TestLAN.giving { $0.routes = [IPPrefix("192.168.20.0/24")!] }
        let offer = lan.offer(DHCPClientMessage(.discover) { $0.parameters = [1, 3] })

        #expect(try #require(offer)[121] == nil)
    }

    @Test func `a request binds the address and lets the host talk`() throws {
        let offer = try #require(lan.offer())
        let request = DHCPClientMessage(.request) {
            $0.requested = offer.given
            $0.server = TestLAN.service
            $0.name = "Node7.example"
        }

        let bound = lan.receive(request.frame)

        let acknowledgement = try #require(bound.answers.first)
        #expect(acknowledgement.kind == .acknowledgement)
        #expect(acknowledgement.given == offer.given)
        #expect(bound.contains(.localHost(offer.given, station.mac)))
        #expect(bound.contains(.memoryChanged))
        let host = try #require(lan.host(offer.given))
        #expect(host.origin == .dhcp)
        #expect(host.name == "node7")
        #expect(host.expires == lan.now + .seconds(3_600))
        // Once more, when the answer was lost.
        #expect(lan.receive(request.frame).answers.first?.kind == .acknowledgement)
    }

    @Test func `a client has the same address again, and others have others`() throws {
        let first = try #require(lan.lease(station))
        let second = try #require(lan.lease(Station(2)))
        #expect(first != second)

        #expect(lan.offer()?.given == first)
        lan.pass(.seconds(4_000))
        #expect(lan.hosts.isEmpty)
        #expect(lan.offer()?.given == first, "it has not forgotten who had it")
        #expect(TestLAN.giving().offer()?.given == first, "nor does it need to remember")
    }

    @Test func `a renewal extends the lease, and without one it ends`() throws {
        let address = try #require(lan.lease(station))
        lan.pass(.seconds(1_800))
        let renewal = DHCPClientMessage(.request) { $0.current = address }

        let renewed = lan.receive(renewal.frame(isBroadcast: false))

        let answer = try #require(renewed.answers.first)
        #expect(answer.kind == .acknowledgement)
        #expect(answer.target == address)
        #expect(answer.destination == station.mac)
        #expect(renewed.registrations.map(\.lifetimeSeconds) == [3_600])
        lan.pass(.seconds(3_590))
        #expect(lan.host(address) != nil)
        let ended = lan.pass(.seconds(20))
        #expect(ended.contains(.localHostGone(address)))
        #expect(ended.contains(.unregister(address)))
    }

    @Test func `a datagram with a wrong checksum is dropped`() throws {
        let address = try #require(lan.lease(station))
        var frame = DHCPClientMessage(.request) { $0.current = address }.frame(isBroadcast: false)
        frame[40] ^= 0x55

        #expect(lan.receive(frame).isEmpty)
        #expect(lan.counters.drops[.malformedFrame] == 1)
    }

    @Test func `a released address is free, and kept for its client while there is room`() throws {
        let address = try #require(lan.lease(station))

        let released = lan.receive(DHCPClientMessage(.release) { $0.current = address }.frame(isBroadcast: false))

        #expect(released.contains(.unregister(address)))
        #expect(released.contains(.localHostGone(address)))
        #expect(released.answers.isEmpty)
        #expect(lan.lease(Station(2)) != address)
        #expect(lan.offer()?.given == address)
    }

    @Test func `a stranger cannot release an address`() throws {
        let address = try #require(lan.lease(station))
        let stranger = DHCPClientMessage(.release) { $0.current = address }
        let frame = Station(9).udp(
            from: Endpoint(address: address, port: 68), to: Endpoint(address: TestLAN.service, port: 67),
            stranger.payload)

        lan.receive(frame)

        #expect(lan.host(address) != nil)
    }

    @Test func `a declined address is given to nobody for ten minutes`() throws {
        let address = try #require(lan.lease(station))

        let declined = lan.receive(
            DHCPClientMessage(.decline) {
                $0.requested = address
                $0.server = TestLAN.service
            }.frame)

        #expect(declined.notices == [.addressDeclined(address, station.mac)])
        #expect(declined.contains(.unregister(address)))
        let next = try #require(lan.offer()?.given)
        #expect(next != address)
        lan.pass(.seconds(700))
        #expect(lan.offer(DHCPClientMessage(.discover) { $0.requested = address })?.given == address)
    }

    @Test func `who has an address and asks for the rest gets it without a lease`() throws {
        let own = IPAddress(10, 128, 16, 200)
        let answers = lan.receive(DHCPClientMessage(.inform) { $0.current = own }.frame(isBroadcast: false)).answers

        let answer = try #require(answers.first)
        #expect(answer.kind == .acknowledgement)
        #expect(answer.target == own)
        #expect(answer.given.isUnspecified)
        #expect(answer[51] == nil)
        #expect(answer[6] == TestLAN.service.bytes)
    }

    @Test func `a client that cannot take frames yet is answered by broadcast`() throws {
        let offer = try #require(lan.offer(DHCPClientMessage(.discover) { $0.wantsBroadcast = true }))

        #expect(offer.destination == Station.everybody)
        #expect(offer.target == IPAddress(255, 255, 255, 255))
    }

    @Test func `clients are told apart by their identifiers, which they get back`() throws {
        let first = lan.lease(station, more: [61, 3, 0, 1, 2])
        let second = lan.lease(station, more: [61, 3, 0, 1, 3])
        #expect(first != nil && second != nil && first != second)

        let offer = lan.offer(DHCPClientMessage(.discover) { $0.more = [61, 3, 0, 1, 2] })
        #expect(offer?.given == first)
        #expect(offer?[61] == [0, 1, 2])
    }

    @Test func `a client with a new interface keeps its address, which is registered anew`() throws {
        let address = try #require(lan.lease(station, more: [61, 3, 0, 1, 2]))
        let request = DHCPClientMessage(.request) {
            $0.station = Station(2)
            $0.requested = address
            $0.more = [61, 3, 0, 1, 2]
        }

        let effects = lan.receive(request.frame)

        #expect(effects.answers.map(\.kind) == [.acknowledgement])
        let changes = effects.compactMap { effect -> String? in
            switch effect {
            case .localHostGone: "gone"
            case .unregister: "unregister"
            case .register(let registration): "register \(registration.mac)"
            case .localHost(_, let mac): "here \(mac)"
            default: nil
            }
        }
        #expect(changes == ["gone", "unregister", "register \(Station(2).mac)"])
        #expect(lan.agree(effects) == [.localHost(address, Station(2).mac)])
    }

    @Test func `of two hosts that want one name the first has it`() throws {
        let first = try #require(lan.lease(station, name: "node"))
        let second = try #require(lan.lease(Station(2), name: "node"))

        #expect(lan.host(first)?.name == "node")
        #expect(lan.host(second)?.name == nil)
    }
}
