import NetworkTypes
import PacketForwarding
import Testing

/// Between a bridged subnet and others the gateway is a router.
@Suite struct HostRoutingTests {
    private static func leaving(v6: Bool = false) -> TestPacket {
        var packet = BridgedSites.packet(v6: v6)
        packet.destination = v6 ? Site.address6(2, 9) : Site.address4(2, 9)
        return packet
    }

    @Test(arguments: [false, true])
    func `a packet that leaves the subnet has passed one router`(v6: Bool) throws {
        let sites = BridgedSites()
        let packet = Self.leaving(v6: v6)

        sites.near.forward(packet.frame)
        sites.carry()

        var expected = packet
        expected.lifetime = packet.lifetime - 1
        let frame = try #require(sites.far.recorder.frames.first)
        #expect(Array(frame[10..<16]) == MACAddress.overlayDevice.bytes)
        #expect(try Reference.packets(frame) == Reference.packets(expected.frame))
    }

    @Test func `a packet that has waited has passed one router, not two`() throws {
        let sites = BridgedSites()
        let packet = Self.leaving()
        sites.near.plane.setPath(sites.far.node, endpoint: nil, payloadByteCount: 0)
        sites.near.forward(packet.frame)

        sites.near.plane.setPath(sites.far.node, endpoint: sites.far.endpoint, payloadByteCount: 1_440)
        sites.carry()

        var expected = packet
        expected.lifetime = packet.lifetime - 1
        #expect(try sites.far.recorder.frames.flatMap(Reference.packets) == Reference.packets(expected.frame))
    }

    @Test(arguments: [false, true])
    func `the sender hears from the service address that a packet has passed too many routers`(v6: Bool) throws {
        let sites = BridgedSites()
        var packet = Self.leaving(v6: v6)
        packet.lifetime = 1

        sites.near.forward(packet.frame)

        #expect(sites.near.recorder.trains.isEmpty)
        #expect(sites.near.plane.counters[.lifetimeExceeded] == 1)
        let error = try #require(sites.near.recorder.frames.first)
        #expect(Array(error[10..<16]) == BridgedSites.stations[0].bytes)
        let (source, type) = v6 ? (32..<48, 64) : (36..<40, 44)
        #expect(Array(error[source]) == BridgedSites.services[v6 ? 1 : 0].bytes)
        #expect(error[type] == (v6 ? 3 : 11) && error[type + 1] == 0)
    }

    @Test func `hosts of one subnet are on one link, however little time to live there is`() {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.lifetime = 1

        sites.near.forward(packet.frame)
        sites.carry()

        #expect(sites.far.recorder.frames.count == 1)
    }

    @Test func `a packet from a far exported subnet reaches the host's station`() throws {
        let sites = BridgedSites()
        var packet = TestPacket()
        packet.destination = BridgedSites.hosts4[1]

        sites.near.forward(packet.frame)
        sites.carry()

        let frame = try #require(sites.far.recorder.frames.first)
        #expect(Array(frame[10..<16]) == BridgedSites.stations[1].bytes)
        #expect(try Reference.packets(frame) == Reference.packets(packet.frame))
    }

    @Test func `the site's own exported subnet is behind the kernel`() throws {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.destination = Site.address4(1, 77)

        sites.near.forward(packet.frame)

        var expected = packet
        expected.lifetime = packet.lifetime - 1
        let frame = try #require(sites.near.recorder.frames.first)
        #expect(Array(frame[10..<16]) == MACAddress.overlayDevice.bytes)
        #expect(try Reference.packets(frame) == Reference.packets(expected.frame))
    }

    @Test func `the kernel's packets reach the hosts of this LAN`() throws {
        let sites = BridgedSites()
        var packet = TestPacket()
        packet.destination = BridgedSites.hosts4[0]

        sites.near.forward(packet.frame)

        #expect(sites.near.recorder.frames.map { Array($0[10..<16]) } == [BridgedSites.stations[0].bytes])
        #expect(sites.near.recorder.trains.isEmpty)
    }

    @Test func `a site that is not bridged reaches hosts one by one`() throws {
        let sites = BridgedSites()
        sites.near.plane.setBridgedSubnets(own: nil, remote: BridgedSites.subnets, sink: sites.sinks.near)
        var packet = TestPacket()
        packet.destination = BridgedSites.hosts4[1]
        var other = packet
        other.destination = IPAddress(10, 200, 5, 5)

        sites.near.forward(packet.frame)
        sites.near.forward(other.frame)
        sites.carry()

        #expect(sites.far.recorder.frames.map { Array($0[10..<16]) } == [BridgedSites.stations[1].bytes])
        #expect(sites.sinks.near.wanted == [other.destination])
    }

    @Test func `a site that is not bridged takes nothing for the subnet`() {
        let sites = BridgedSites()
        sites.far.plane.setBridgedSubnets(own: nil, remote: BridgedSites.subnets, sink: sites.sinks.far)

        sites.near.forward(BridgedSites.packet().frame)
        sites.carry()

        #expect(sites.far.recorder.frames.isEmpty)
        #expect(sites.far.plane.counters[.destinationNotExported] == 1)
    }
}
