import NetworkTypes
import PacketForwarding
import Testing

/// Sites with the same subnet reach each other: addresses are mapped host for host, and checksums stay right. Every
/// expected packet is built from scratch with the addresses that its receiver knows.
@Suite struct MappingTests {
    @Test(arguments: 0..<40)
    func `packets of every kind arrive with the addresses that each LAN knows`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed) &* 1_009 &+ 3)
        let (near, far) = MappedSites.pair(payload: 516 + Int(random.below(2_000)))
        for _ in 0..<8 {
            let packet = Self.mapped(RoundTripTests.randomPacket(&random))
            let (sent, expected) = MappedSites.ends(packet)

            let arrived = try MappedSites.carry(sent.frame, from: near, to: far)

            #expect(try arrived == Reference.packets(expected.frame), "seed \(seed), \(packet)")
        }
        #expect(near.plane.counters[.sourceNotExported] == 0 && far.plane.counters[.destinationNotExported] == 0)
    }

    @Test(arguments: [TestPacket.Checksum.complete, .valid])
    func `every checksum value is mended, both zeros too`(checksum: TestPacket.Checksum) throws {
        let (near, far) = MappedSites.pair()
        for value in stride(from: 0, through: 0xffff, by: 257) {
            for isUDP in [false, true] {
                var packet = TestPacket()
                packet.transport = isUDP ? .udp : .tcp
                packet.checksum = checksum
                packet.payload = [UInt8(value >> 8), UInt8(value & 255)]
                let (sent, expected) = MappedSites.ends(packet)

                #expect(try MappedSites.carry(sent.frame, from: near, to: far) == [expected.packet])
            }
        }
    }

    @Test func `a UDP datagram without a checksum stays without`() throws {
        let (near, far) = MappedSites.pair()
        var packet = TestPacket()
        packet.transport = .udp
        packet.checksum = .complete
        packet.payload = [1, 2, 3]
        var (sent, expected) = (MappedSites.ends(packet).sent.frame, MappedSites.ends(packet).expected.packet)
        sent.replaceSubrange(24 + 26..<24 + 28, with: [0, 0])
        expected.replaceSubrange(26..<28, with: [0, 0])

        #expect(try MappedSites.carry(sent, from: near, to: far) == [expected])
    }

    @Test(arguments: [false, true])
    func `a train is still written as one super-packet`(isV6: Bool) throws {
        let (near, far) = MappedSites.pair()
        var packet = TestPacket()
        if isV6 { (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9)) }
        packet.payload = [UInt8](repeating: 7, count: 40_000)
        packet.segmentSize = 1_300
        let (sent, expected) = MappedSites.ends(packet)

        _ = try MappedSites.carry(sent.frame, from: near, to: far)

        #expect(far.recorder.frames.count == 1)
        #expect(far.recorder.frames.first.map { Array($0[24...]) } == expected.packet)
    }

    @Test(arguments: [58, 136, 33, 132, 50])
    func `of other protocols only those with a pseudo-header are mended`(number: Int) throws {
        let (near, far) = MappedSites.pair()
        let offset = number == 58 ? 2 : 6
        let covers = number != 132 && number != 50
        var packet = TestPacket()
        (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9))
        packet.transport = .other(UInt8(number))
        let (sent, expected) = MappedSites.ends(packet)
        func bytes(_ end: TestPacket) -> TestPacket {
            var end = end
            var segment: [UInt8] = [128, 0, 0, 0, 0, 20, 0, 0] + (0..<12)
            let pseudo = Reference.pseudoHeader(
                covers ? end.source : packet.source, covers ? end.destination : packet.destination, UInt8(number),
                segment.count)
            let checksum = ~Reference.sum(pseudo + segment)
            segment[offset] = UInt8(checksum >> 8)
            segment[offset + 1] = UInt8(checksum & 255)
            end.payload = segment
            return end
        }

        let arrived = try MappedSites.carry(bytes(sent).frame, from: near, to: far)

        #expect(arrived == [bytes(expected).packet])
    }

    @Test func `a header cut off before its checksum is mapped and otherwise left alone`() throws {
        let (near, far) = MappedSites.pair()
        for number in [UInt8(6), 17, 58] {
            for count in 0..<20 {
                var packet = TestPacket()
                packet.transport = .other(number)
                packet.checksum = .complete
                packet.fragment = 0x2000
                packet.payload = [UInt8](repeating: 0, count: count)
                let (sent, expected) = MappedSites.ends(packet)
                let arrived = try #require(try MappedSites.carry(sent.frame, from: near, to: far).first)

                #expect(Array(arrived[..<20]) == Array(expected.packet[..<20]))
                #expect(arrived.count == 20 + count)
            }
        }
    }

    @Test func `a routing header that leads on keeps the checksum of its last destination`() throws {
        let (near, far) = MappedSites.pair()
        for left in [UInt8(0), 1] {
            var packet = TestPacket()
            (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9))
            packet.options = [6, 2, 0, left, 0, 0, 0, 0] + Site.address6(7, 7).bytes
            packet.extensionProtocol = 43
            packet.checksum = .complete
            let (sent, expected) = MappedSites.ends(packet)
            var wanted = expected.packet
            if left > 0 {
                // As the sender summed it up, with the source mended.
                var between = packet
                between.source = packet.source
                wanted.replaceSubrange(64..., with: between.packet[64...])
            }

            #expect(try MappedSites.carry(sent.frame, from: near, to: far) == [wanted])
        }
    }

    @Test func `beside a mapped export others keep their addresses`() throws {
        let (near, far) = Site.pair()
        let other = IPPrefix("192.0.2.0/24")!
        near.plane.setMappedExports(MappedSites.exports(1) + [ForwardedExport(other)])
        far.plane.setRoutes(Site.routes(1, near.node) + [(other, near.node)])
        var packet = TestPacket()
        packet.source = IPAddress(192, 0, 2, 7)

        #expect(try MappedSites.carry(packet.frame, from: near, to: far) == Reference.packets(packet.frame))
    }

    @Test func `the LAN's own addresses mean nothing to other sites`() throws {
        let (near, far) = MappedSites.pair()
        near.plane.setRoutes(Site.routes(2, far.node) + MappedSites.subnets.map { ($0, far.node) })
        var packet = TestPacket()
        packet.source = MappedSites.local4(5)
        packet.destination = MappedSites.local4(9)
        #expect(try MappedSites.carry(packet.frame, from: near, to: far).isEmpty)
        #expect(far.plane.counters[.destinationNotExported] == 1)
        // Nor may a host pretend to be another one by the grid's name for it.
        packet.source = Site.address4(1, 6)
        packet.destination = Site.address4(2, 9)
        #expect(try MappedSites.carry(packet.frame, from: near, to: far).isEmpty)
        #expect(near.plane.counters[.sourceNotExported] == 1)
    }

    @Test func `packets that waited for a path are mapped once`() throws {
        let (near, far) = MappedSites.pair()
        near.plane.setPath(far.node, endpoint: nil, payloadByteCount: 1_440)
        let (sent, expected) = MappedSites.ends(TestPacket())
        near.forward(sent.frame)
        near.plane.setPath(far.node, endpoint: far.endpoint, payloadByteCount: 1_440)

        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(expected.frame))
    }

    // MARK: - Helpers

    /// The packet without what would need another expectation: a later fragment's bytes are no transport header.
    private static func mapped(_ packet: TestPacket) -> TestPacket {
        var packet = packet
        if case .other(136) = packet.transport {
            packet.transport = .other(99)
            if packet.isV6, !packet.options.isEmpty { packet.options[0] = 99 }
        }
        guard !packet.isV6, packet.fragment & 0x1fff != 0 else { return packet }
        let number = packet.packet[9]
        packet.payload = Array(packet.packet[packet.networkHeaderByteCount...])
        packet.transport = .other(number)
        return packet
    }
}
