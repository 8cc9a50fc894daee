import NetworkTypes
import PacketForwarding
import Testing
import WireFormat

/// From the TAP: what goes where, and what does not.
@Suite struct ForwardingTests {
    @Test func `a frame cut off at any length is dropped and counted`() {
        for isV6 in [false, true] {
            let (near, _) = Site.pair()
            var packet = TestPacket()
            if isV6 { (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9)) }
            packet.payload = [UInt8](repeating: 1, count: 2_000)
            packet.segmentSize = 900
            let frame = packet.frame
            for count in 0..<frame.count { near.forward(Array(frame[..<count])) }

            #expect(near.recorder.trains.isEmpty)
            #expect(near.plane.counters[.malformedFrame] == UInt64(frame.count))
            #expect(near.plane.counters.framesRead == UInt64(frame.count))
        }
    }

    @Test func `padding behind a short packet stays here`() {
        let (near, far) = Site.pair()
        let packet = TestPacket()
        near.forward(packet.frame + [0, 0, 0, 0, 0, 0])
        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(far.recorder.frames.map { $0.count } == [packet.frame.count])
    }

    @Test func `only packets of exported sources to announced destinations leave`() {
        let (near, _) = Site.pair()
        var frame = TestPacket().frame
        frame.replaceSubrange(22..<24, with: [8, 6])
        near.forward(frame)
        var packet = TestPacket()
        packet.source = Site.address4(7, 1)
        near.forward(packet.frame)
        packet = TestPacket()
        packet.destination = Site.address4(9, 1)
        near.forward(packet.frame)
        packet.destination = IPAddress(224, 0, 0, 251)
        near.forward(packet.frame)
        packet.destination = IPAddress(255, 255, 255, 255)
        near.forward(packet.frame)
        (packet.source, packet.destination) = (Site.address6(1, 1), IPAddress("ff02::1")!)
        near.forward(packet.frame)

        let counters = near.plane.counters
        #expect(near.recorder.trains.isEmpty && near.recorder.frames.isEmpty)
        #expect(counters[.notIP] == 1)
        #expect(counters[.sourceNotExported] == 1)
        #expect(counters[.noRoute] == 1)
        #expect(counters[.notUnicast] == 3)
        #expect(counters.drops.reduce(0) { $0 + $1.count } == counters.framesRead)
    }

    @Test(arguments: 0..<8)
    func `an offload header that contradicts the packet is dropped`(number: Int) {
        let (near, _) = Site.pair()
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 1, count: 3_000)
        packet.segmentSize = 1_000
        if number == 6 { packet.fragment = 0x2000 }
        if number == 7 { packet.payload = [] }
        var frame = packet.frame
        switch number {
        case 0: frame[1] = 4  // v6 on a v4 packet.
        case 1: frame[1] = 5  // UDP on a TCP packet.
        case 2: frame[1] = 3  // UFO, which is not offered.
        case 3: frame.replaceSubrange(4..<6, with: [0, 0])  // No segment size.
        case 4: frame[0] = 0  // Neither left open nor verified.
        case 5: frame[6] ^= 4  // The checksum starts elsewhere.
        default: break
        }
        near.forward(frame)

        #expect(near.recorder.trains.isEmpty)
        #expect(near.plane.counters[.malformedFrame] == 1)
    }

    @Test func `a checksum that lies outside the packet is refused`() {
        let (near, _) = Site.pair()
        var packet = TestPacket()
        packet.transport = .other(99)
        packet.payload = [1, 2, 3, 4]
        for start: UInt16 in [0, 14 + 20 + 2, 60_000] {
            var frame = packet.frame
            frame[0] = 1
            withUnsafeBytes(of: start) { frame.replaceSubrange(6..<8, with: $0) }
            withUnsafeBytes(of: UInt16(1)) { frame.replaceSubrange(8..<10, with: $0) }
            near.forward(frame)
        }

        #expect(near.plane.counters[.malformedFrame] == 3)
    }

    @Test func `two gateways of one site share its prefix`() {
        let (near, far) = Site.pair()
        let second = Site(3)
        near.plane.setRoutes(Site.routes(2, far.node) + Site.routes(2, second.node))
        near.plane.setPath(second.node, endpoint: second.endpoint, payloadByteCount: 1_440)
        near.install(with: second)
        near.forward(TestPacket().frame)
        near.plane.setPath(far.node, endpoint: nil, payloadByteCount: 1_440)
        near.forward(TestPacket().frame)
        #expect(near.recorder.trains.map(\.endpoint) == [far.endpoint, second.endpoint])

        var packet = TestPacket()
        (packet.source, packet.destination) = (packet.destination, packet.source)
        for site in [far, second] {
            var peer = RawPeer(site, to: near)
            near.receive(peer.seal(.packet, .partialChecksum, packet.packet), from: site.endpoint)
        }
        #expect(near.recorder.frames.count == 2)
    }

    @Test func `counters tell packets and bytes of a peer`() {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 1, count: 2_500)
        packet.segmentSize = 1_000
        near.forward(packet.frame)
        far.receive(near.recorder.datagrams, from: near.endpoint)

        let sent = near.plane.peerCounters(far.node)
        #expect(sent?.sentPackets == 3 && sent?.sentBytes == 2_620 && sent?.lastSent == near.plane.now)
        let received = far.plane.peerCounters(near.node)
        #expect(received?.receivedPackets == 3 && received?.receivedBytes == 2_620)
        #expect(received?.lastReceived == far.plane.now && received?.lastSent == nil)
        let totals = (near.plane.counters, far.plane.counters)
        #expect(totals.0.framesRead == 1 && totals.0.datagramsSent == 3 && totals.0.trainsSent == 1)
        #expect(totals.1.datagramsReceived == 3 && totals.1.framesWritten == 1)
    }

    @Test(arguments: 0..<10)
    func `every frame is sent, waits or is dropped for one reason`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let (near, _) = Site.pair()
        var garbage = 0
        for _ in 0..<100 {
            var frame = RoundTripTests.randomPacket(&random).frame
            for _ in 0..<random.below(3) { frame[Int(random.below(70)) % frame.count] = UInt8(random.below(256)) }
            if random.chance(1, in: 5) { frame = Array(frame.prefix(Int(random.below(200)))) }
            let before = near.plane.counters
            let peerBefore = try #require(near.plane.peerCounters(NodeAddress(high: 2, middle: 0, low: 0)))
            near.forward(frame)
            let after = near.plane.counters
            let peerAfter = try #require(near.plane.peerCounters(NodeAddress(high: 2, middle: 0, low: 0)))
            let drops = after.drops.reduce(0) { $0 + $1.count } - before.drops.reduce(0) { $0 + $1.count }
            #expect((drops == 1) != (peerAfter.sentPackets > peerBefore.sentPackets))
            garbage += Int(drops)
        }
        #expect(garbage > 0)
        #expect(near.plane.counters.datagramsSent == UInt64(near.recorder.datagrams.count))
    }
}
