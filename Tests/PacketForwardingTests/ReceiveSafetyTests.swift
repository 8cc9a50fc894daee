import NetworkTypes
import PacketForwarding
import Testing
import WireFormat

/// Nothing that comes from the network traps, and nothing unauthentic changes anything.
@Suite struct ReceiveSafetyTests {
    @Test func `a datagram cut off at any length is dropped`() {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 1, count: 30)
        near.forward(packet.frame)
        let datagram = near.recorder.datagrams[0].bytes

        for count in 0..<datagram.count {
            far.receive(Array(datagram[..<count]), from: near.endpoint)
        }

        #expect(far.recorder.frames.isEmpty)
        let counters = far.plane.counters
        #expect(counters[.malformedDatagram] == UInt64(SealedHeader.overhead - 1))
        #expect(counters[.notAuthentic] == UInt64(datagram.count - SealedHeader.overhead))
        #expect(far.plane.peerCounters(near.node)?.lastReceived == nil)
        far.receive(datagram, from: near.endpoint)
        #expect(far.recorder.frames.count == 1)
    }

    @Test func `an authentic packet cut off at any length is dropped`() {
        for isV6 in [false, true] {
            let (near, far) = Site.pair()
            var peer = RawPeer(near, to: far)
            var packet = TestPacket()
            if isV6 { (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9)) }
            packet.payload = [1, 2, 3]
            let whole = packet.packet
            for count in 0..<whole.count {
                far.receive(peer.seal(.packet, .partialChecksum, Array(whole[..<count])), from: near.endpoint)
                far.receive(peer.seal(.segment, .partialChecksum, Array(whole[..<count])), from: near.endpoint)
            }
            far.receive(peer.seal(.packet, .partialChecksum, whole + [0]), from: near.endpoint)

            #expect(far.recorder.frames.isEmpty)
            #expect(far.plane.counters[.malformedPacket] == UInt64(2 * whole.count + 1))
        }
    }

    @Test func `a replayed datagram is dropped before it is opened`() {
        let (near, far) = Site.pair()
        near.forward(TestPacket().frame)
        let datagram = near.recorder.datagrams[0].bytes

        far.receive(datagram, from: near.endpoint)
        far.receive(datagram, from: near.endpoint)

        #expect(far.recorder.frames.count == 1)
        #expect(far.plane.counters[.replayed] == 1)
    }

    @Test func `an unknown receiver index and a foreign type are counted`() {
        let (near, far) = Site.pair()
        var peer = RawPeer(near, to: far, number: 9)
        far.receive(peer.seal(.packet, [], TestPacket().packet), from: near.endpoint)
        far.receive([UInt8](repeating: 0x16, count: 100), from: near.endpoint)

        #expect(far.plane.counters[.unknownIndex] == 1)
        #expect(far.plane.counters[.malformedDatagram] == 1)
        #expect(far.plane.counters.datagramsReceived == 2)
    }

    @Test func `a source that is not the peer's is dropped and counted for the peer`() {
        let (near, far) = Site.pair()
        var peer = RawPeer(near, to: far)
        for source in [Site.address4(3, 1), Site.address4(2, 1), Site.address6(2, 1)] {
            var packet = TestPacket()
            packet.source = source
            packet.destination = source.family == .v4 ? Site.address4(2, 9) : Site.address6(2, 9)
            far.receive(peer.seal(.packet, .partialChecksum, packet.packet), from: near.endpoint)
        }

        #expect(far.recorder.frames.isEmpty)
        #expect(far.plane.counters[.sourceCheck] == 3)
        #expect(far.plane.peerCounters(near.node)?.sourceCheckDrops == 3)
        #expect(far.plane.peerCounters(near.node)?.receivedPackets == 0)
    }

    @Test func `a more specific prefix of another site wins the source check`() {
        let (near, far) = Site.pair()
        let third = NodeAddress(high: 3, middle: 0, low: 0)
        far.plane.setRoutes(
            Site.routes(1, near.node) + [(IPPrefix(containing: Site.address4(1, 0), length: 24), third)])
        near.forward(TestPacket().frame)
        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(far.recorder.frames.isEmpty)
        #expect(far.plane.counters[.sourceCheck] == 1)
    }

    @Test func `a destination that is not exported is dropped and counted for the peer`() {
        let (near, far) = Site.pair()
        var peer = RawPeer(near, to: far)
        var packet = TestPacket()
        packet.destination = Site.address4(3, 9)
        far.receive(peer.seal(.packet, .partialChecksum, packet.packet), from: near.endpoint)

        #expect(far.recorder.frames.isEmpty)
        #expect(far.plane.counters[.destinationNotExported] == 1)
        #expect(far.plane.peerCounters(near.node)?.destinationDrops == 1)
    }

    @Test func `a spoofed segment does not slip into a train`() throws {
        let (near, far) = Site.pair()
        var peer = RawPeer(near, to: far)
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 5, count: 3_000)
        packet.segmentSize = 1_000
        let segments = try Reference.packets(packet.frame)
        var spoofed = segments[1]
        spoofed[13] = 3
        let wire = [
            peer.seal(.segment, [.partialChecksum, .first], segments[0]),
            peer.seal(.segment, .partialChecksum, spoofed),
            peer.seal(.segment, [.partialChecksum, .last], segments[2]),
        ]
        far.receive(wire.flatMap { $0 }, segmentSize: wire[0].count, from: near.endpoint)

        #expect(far.plane.counters[.sourceCheck] == 1)
        #expect(try far.recorder.frames.flatMap(Reference.packets) == [segments[0], segments[2]])
    }

    @Test(arguments: 0..<8)
    func `a segment that does not go on starts anew`(field: Int) throws {
        let (near, far) = Site.pair()
        var peer = RawPeer(near, to: far)
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 5, count: 2_000)
        packet.segmentSize = 1_000
        let segments = try Reference.packets(packet.frame)
        var changed = segments[1]
        // TOS, identification, fragment word, TTL, port, sequence, acknowledgement, window.
        let place = [1, 5, 6, 8, 21, 27, 31, 35][field]
        changed[place] ^= place == 6 ? 0x40 : 0x04
        let wire = [
            peer.seal(.segment, [.partialChecksum, .first], segments[0]),
            peer.seal(.segment, [.partialChecksum, .last], changed),
        ]
        far.receive(wire.flatMap { $0 }, segmentSize: wire[0].count, from: near.endpoint)

        #expect(far.recorder.frames.count == 2)
        #expect(far.recorder.frames.last.map { Array($0[24...].dropFirst(40)) } == Array(changed[40...]))
        #expect(far.recorder.frames.last.map { $0[24 + place] } == changed[place])
    }

    @Test func `forgeries and garbage of every size change nothing`() throws {
        var random = SeededRandom(seed: 3)
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.payload = RoundTripTests.randomBytes(20_000, &random)
        packet.segmentSize = 1_000
        near.forward(packet.frame)
        let index = near.recorder.datagrams[0].bytes[4..<8]
        for datagram in near.recorder.datagrams {
            for _ in 0..<8 {
                var garbage = RoundTripTests.randomBytes(Int(random.below(3_000)), &random)
                if garbage.count >= 16 {
                    garbage.replaceSubrange(0..<16, with: datagram.bytes[0..<16])
                    garbage[0] = UInt8(128 + random.below(4))
                    garbage.replaceSubrange(4..<8, with: index)
                }
                far.receive(garbage, from: near.endpoint, flush: false)
            }
            far.receive(datagram.bytes, from: near.endpoint, flush: false)
        }
        far.plane.flush()

        #expect(far.recorder.frames.count == 1)
        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
        #expect(far.recorder.told == [.confirmed(near.node, Site.index(far.node, near.node, 1))])
    }

    @Test(arguments: 0..<40)
    func `a member gone bad does no harm, and every datagram is accounted for`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let (near, far) = Site.pair()
        var peer = RawPeer(near, to: far)
        let types: [SealedType] = [.packet, .segment, .slice, .control]
        for _ in 0..<150 {
            var content = RoundTripTests.randomPacket(&random).packet
            for _ in 0..<random.below(4) where !content.isEmpty {
                content[Int(random.below(UInt64(min(content.count, 80))))] = UInt8(random.below(256))
            }
            if random.chance(1, in: 3) { content = Array(content.prefix(Int(random.below(2_000)))) }
            content = Array(content.prefix(60_000))
            peer.counter += random.below(3)
            let flags = SealedFlags(rawValue: UInt16(random.below(65_536)))
            far.receive(
                peer.seal(types[Int(random.below(4))], flags, content), from: near.endpoint,
                trafficClass: UInt8(random.below(256)), flush: random.chance(1, in: 4))
            if random.chance(1, in: 10) { far.plane.now = far.plane.now + .seconds(1) }
        }
        far.plane.flush()

        #expect(far.plane.counters.datagramsReceived == 150)
        let exported = Set(Site.prefixes(2))
        for frame in far.recorder.frames {
            let packet = Array(frame[24...])
            let destination = packet[0] >> 4 == 6 ? packet[24..<40] : packet[16..<20]
            let address = try #require(IPAddress(bytes: Array(destination)))
            #expect(exported.contains { $0.contains(address) })
        }
    }
}
