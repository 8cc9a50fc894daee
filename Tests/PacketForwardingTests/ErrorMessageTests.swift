import NetworkTypes
import PacketForwarding
import Testing

/// ICMP errors: RFC 792, 1191, 1812 and 4443.
@Suite struct ErrorMessageTests {
    private static func pair(payload: Int = 1_440) -> (Site, Site) {
        let (near, far) = Site.pair(payload: payload)
        near.plane.setGatewayAddress(v4: Site.address4(1, 1), v6: Site.address6(1, 1))
        return (near, far)
    }

    private static func check(_ frame: [UInt8]?, about packet: TestPacket, type: UInt8, code: UInt8, mtu: UInt16 = 0)
        throws
    {
        let frame = try #require(frame)
        let isV6 = packet.isV6
        #expect(Array(frame[..<10]) == [UInt8](repeating: 0, count: 10))
        #expect(Array(frame[10..<22]) == MACAddress.overlayDevice.bytes + MACAddress.virtualNextHop.bytes)
        #expect(Array(frame[22..<24]) == (isV6 ? [0x86, 0xdd] : [8, 0]))
        let error = Array(frame[24...])
        let header = isV6 ? 40 : 20
        let icmp = Array(error[header...])
        let limit = isV6 ? 1_280 : 576
        let original = packet.packet
        #expect(Array(icmp[..<2]) == [type, code])
        #expect(Reference.word(icmp, 4) == 0 && Reference.word(icmp, 6) == mtu)
        #expect(Array(icmp[8...]) == Array(original.prefix(limit - header - 8)))
        if isV6 {
            let (from, to) = (Site.address6(1, 1), packet.source)
            #expect(Array(error[8..<40]) == from.bytes + to.bytes)
            #expect(Int(Reference.word(error, 4)) == icmp.count && error[6] == 58 && error[0] == 0x60)
            #expect(Reference.sum(Reference.pseudoHeader(from, to, 58, icmp.count) + icmp) == 0xffff)
        } else {
            #expect(Array(error[12..<20]) == Site.address4(1, 1).bytes + packet.source.bytes)
            #expect(Int(Reference.word(error, 2)) == error.count && error[9] == 1 && error[0] == 0x45)
            #expect(Reference.sum(Array(error[..<20])) == 0xffff)
            #expect(Reference.sum(icmp) == 0xffff)
        }
    }

    @Test(arguments: [0, 7, 600, 1_400])
    func `no route is told to the sender`(payload: Int) throws {
        let (near, _) = Self.pair()
        for isV6 in [false, true] {
            var packet = TestPacket()
            packet.payload = [UInt8](repeating: 4, count: payload)
            packet.destination = Site.address4(9, 1)
            if isV6 { (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(9, 1)) }
            near.forward(packet.frame)
            try Self.check(near.recorder.frames.last, about: packet, type: isV6 ? 1 : 3, code: 0)
        }
        #expect(near.plane.counters[.noRoute] == 2)
        #expect(near.plane.counters.errorsSent == 2)
    }

    @Test func `a peer that stays down is told to the sender`() throws {
        let (near, far) = Self.pair()
        near.plane.setPath(far.node, endpoint: nil, payloadByteCount: 1_440)
        let packet = TestPacket()
        near.forward(packet.frame)
        #expect(near.recorder.frames.isEmpty)

        near.plane.now = near.plane.now + .milliseconds(3_001)
        near.plane.flush()
        try Self.check(near.recorder.frames.last, about: packet, type: 3, code: 1)
        #expect(near.recorder.frames.count == 1)

        var second = TestPacket()
        (second.source, second.destination) = (Site.address6(1, 5), Site.address6(2, 9))
        near.forward(second.frame)
        try Self.check(near.recorder.frames.last, about: second, type: 1, code: 3)
        #expect(near.plane.counters[.noPath] == 2)
    }

    @Test func `TCP that forbids fragments is told the size, and travels all the same`() throws {
        let (near, far) = Self.pair(payload: 1_380)
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 4, count: 1_448)
        near.forward(packet.frame)
        try Self.check(near.recorder.frames.last, about: packet, type: 3, code: 4, mtu: 1_380)
        var wide = packet
        (wide.source, wide.destination) = (Site.address6(1, 5), Site.address6(2, 9))
        wide.segmentSize = 1_440
        wide.payload = [UInt8](repeating: 4, count: 14_400)
        near.forward(wide.frame)
        try Self.check(near.recorder.frames.last, about: wide, type: 2, code: 0, mtu: 1_380)
        #expect(near.recorder.frames.count == 2)

        far.receive(near.recorder.datagrams, from: near.endpoint)
        #expect(
            try far.recorder.frames.flatMap(Reference.packets)
                == Reference.packets(packet.frame) + Reference.packets(wide.frame))
    }

    @Test func `nobody is told a size that does not help`() {
        let (near, _) = Self.pair(payload: 1_200)
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 4, count: 1_448)
        packet.fragment = 0
        near.forward(packet.frame)  // Fragments are allowed: slices do the same better.
        packet.fragment = 0x4000
        packet.transport = .udp
        near.forward(packet.frame)  // UDP cannot make its datagrams smaller.
        packet.transport = .tcp
        (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9))
        packet.payload = [UInt8](repeating: 4, count: 1_280 - 60)
        near.forward(packet.frame)  // Hosts do not go below 1,280.

        #expect(near.recorder.frames.isEmpty)
        #expect(near.recorder.datagrams.count == 6)
    }

    @Test func `errors are never about errors, later fragments or many`() {
        let (near, _) = Self.pair()
        for type: UInt8 in [3, 4, 5, 11, 12] { near.forward(Self.icmp(type, isV6: false).frame) }
        for type: UInt8 in [1, 2, 3, 4, 100, 127, 137] { near.forward(Self.icmp(type, isV6: true).frame) }
        var packet = TestPacket()
        packet.destination = Site.address4(9, 1)
        packet.checksum = .complete
        packet.fragment = 0x0010
        near.forward(packet.frame)
        packet.fragment = 0
        packet.destination = IPAddress(239, 1, 1, 1)
        near.forward(packet.frame)
        packet.transport = .other(1)
        packet.payload = []
        packet.destination = Site.address4(9, 1)
        near.forward(packet.frame)
        #expect(near.recorder.frames.isEmpty)

        near.forward(Self.icmp(8, isV6: false).frame)
        near.forward(Self.icmp(128, isV6: true).frame)
        #expect(near.recorder.frames.count == 2)
    }

    @Test func `errors have a rate`() {
        let (near, _) = Self.pair()
        var packet = TestPacket()
        packet.destination = Site.address4(9, 1)
        for _ in 0..<200 { near.forward(packet.frame) }
        #expect(near.recorder.frames.count == 50)
        for _ in 0..<20 {
            near.plane.now = near.plane.now + .milliseconds(5)
            near.forward(packet.frame)
        }
        #expect(near.recorder.frames.count == 60)
        near.plane.now = near.plane.now + .seconds(100)
        for _ in 0..<200 { near.forward(packet.frame) }
        #expect(near.recorder.frames.count == 110)
        #expect(near.plane.counters[.noRoute] == 420)
    }

    @Test func `without an address of its own the gateway keeps silent`() {
        let (near, _) = Site.pair()
        var packet = TestPacket()
        packet.destination = Site.address4(9, 1)
        near.forward(packet.frame)

        #expect(near.recorder.frames.isEmpty)
    }

    private static func icmp(_ type: UInt8, isV6: Bool) -> TestPacket {
        var packet = TestPacket()
        packet.transport = .other(isV6 ? 58 : 1)
        packet.checksum = .complete
        packet.payload = [type, 0, 0, 0, 0, 0, 0, 0]
        packet.destination = Site.address4(9, 1)
        if isV6 { (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(9, 1)) }
        return packet
    }
}
