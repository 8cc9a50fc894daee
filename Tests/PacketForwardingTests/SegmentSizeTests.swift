import NetworkTypes
import PacketForwarding
import Testing

/// The MSS clamp, in both directions.
@Suite struct SegmentSizeTests {
    /// No-operations that shift the option to an even or an odd place.
    static let shifts: [[UInt8]] = [[], [1], [1, 1], [1, 1, 1]]

    private static func synchronize(_ size: UInt16, shift: Int, isV6: Bool, checksum: TestPacket.Checksum) -> TestPacket
    {
        var packet = TestPacket()
        if isV6 { (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9)) }
        packet.flags = 0x02
        packet.checksum = checksum
        let options = shifts[shift] + [2, 4, UInt8(size >> 8), UInt8(size & 255), 4, 2]
        packet.transportOptions = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
        return packet
    }

    @Test(arguments: 0..<4, [TestPacket.Checksum.complete, .partial])
    func `a SYN is lowered to the path, with its checksum`(shift: Int, checksum: TestPacket.Checksum) throws {
        for isV6 in [false, true] {
            // Clamped by the near gateway (1,300), then by the far one, whose own path is smaller (1,250).
            let (near, far) = Site.pair(payload: 1_300)
            far.plane.setPath(near.node, endpoint: near.endpoint, payloadByteCount: 1_250)
            let header: UInt16 = isV6 ? 60 : 40
            near.forward(Self.synchronize(1_460, shift: shift, isV6: isV6, checksum: checksum).frame)
            let wire = near.recorder.datagrams
            far.receive(wire, from: near.endpoint)

            let expected = Self.synchronize(1_250 - header, shift: shift, isV6: isV6, checksum: checksum)
            #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(expected.frame))
            #expect(near.plane.counters.segmentSizesClamped == 1 && far.plane.counters.segmentSizesClamped == 1)
        }
    }

    @Test func `a small enough segment size stays`() throws {
        let (near, far) = Site.pair()
        let packet = Self.synchronize(1_400, shift: 0, isV6: false, checksum: .complete)
        near.forward(packet.frame)
        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(far.recorder.frames.map { Array($0[24...]) } == [packet.packet])
        #expect(near.plane.counters.segmentSizesClamped == 0)
    }

    @Test(arguments: [[2, 3, 5, 0], [2, 4, 255], [3], [8, 0, 0, 0], [1, 1, 1, 2], [0, 2, 4, 255]] as [[UInt8]])
    func `options that make no sense are left alone`(options: [UInt8]) throws {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.flags = 0x02
        packet.transportOptions = options + [UInt8](repeating: options.count < 4 ? 255 : 0, count: 4 - options.count)
        near.forward(packet.frame)
        far.receive(near.recorder.datagrams, from: near.endpoint)

        let written = try #require(far.recorder.frames.first)
        if options != [2, 4, 255] {
            #expect(Array(written[64...]) == packet.transportOptions)
        }
    }

    @Test func `only a SYN is looked at`() {
        let (near, far) = Site.pair()
        var packet = Self.synchronize(1_460, shift: 0, isV6: false, checksum: .partial)
        packet.flags = 0x10
        near.forward(packet.frame)
        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(far.recorder.frames.map { Array($0[24...]) } == [packet.packet])
    }
}
