import NetworkTypes
import PacketForwarding
import Testing

/// RFC 6040: what the ECN field becomes through the tunnel, and RFC 2983: the DSCP is the packet's own.
@Suite struct CongestionTests {
    /// Figure 4 of RFC 6040: rows are the inner field 0 to 3, columns the outer 0 to 3 as code points
    /// (00 Not-ECT, 01 ECT(1), 10 ECT(0), 11 CE); `nil` is dropped.
    static let figure4: [[UInt8?]] = [
        [0b00, 0b00, 0b00, nil],
        [0b01, 0b01, 0b01, 0b11],
        [0b10, 0b01, 0b10, 0b11],
        [0b11, 0b11, 0b11, 0b11],
    ]

    @Test(arguments: 0..<16, [false, true])
    func `the field that leaves is figure 4 of RFC 6040`(number: Int, isV6: Bool) throws {
        let (inner, outer) = (number / 4, number % 4)
        let (near, far) = Site.pair()
        var packet = TestPacket()
        if isV6 { (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9)) }
        packet.trafficClass = 0xb8 | UInt8(inner)
        packet.payload = [UInt8](repeating: 1, count: 2_500)
        for isSuper in [false, true] {
            packet.segmentSize = isSuper ? 1_000 : nil
            if !isSuper { packet.payload = [1, 2, 3] } else { packet.payload = [UInt8](repeating: 1, count: 2_500) }
            near.recorder.trains = []
            far.recorder.frames = []
            near.forward(packet.frame)
            #expect(near.recorder.trains.allSatisfy { $0.trafficClass == packet.trafficClass })

            for train in near.recorder.trains {
                far.receive(
                    train.bytes, segmentSize: train.segmentSize, from: near.endpoint,
                    trafficClass: UInt8(outer))
            }

            guard let field = Self.figure4[inner][outer] else {
                #expect(far.recorder.frames.isEmpty)
                continue
            }
            packet.trafficClass = 0xb8 | field
            #expect(far.recorder.frames.count == 1)
            #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
            packet.trafficClass = 0xb8 | UInt8(inner)
        }
        let dropped = far.plane.counters[.congestionMarked]
        #expect(dropped == (Self.figure4[inner][outer] == nil ? 4 : 0))
    }

    @Test func `packets of different traffic classes do not share a train`() {
        let (near, _) = Site.pair()
        for trafficClass: UInt8 in [0, 0, 0xb8, 0] {
            var packet = TestPacket()
            packet.trafficClass = trafficClass
            near.forward(packet.frame, flush: false)
        }
        near.plane.flush()

        #expect(near.recorder.trains.map(\.trafficClass) == [0, 0xb8, 0])
        #expect(near.recorder.trains.map(\.datagrams.count) == [2, 1, 1])
    }

    @Test func `a mark on one slice is a mark on the packet`() throws {
        let (near, far) = Site.pair(payload: 1_200)
        var packet = TestPacket()
        packet.transport = .udp
        packet.trafficClass = 2
        packet.payload = [UInt8](repeating: 8, count: 3_000)
        near.forward(packet.frame)
        for (index, datagram) in near.recorder.datagrams.enumerated() {
            far.receive(datagram.bytes, from: near.endpoint, trafficClass: index == 1 ? 3 : 2)
        }

        packet.trafficClass = 3
        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
    }

    @Test func `a mark within a train begins a new super-packet`() throws {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.trafficClass = 2
        packet.payload = [UInt8](repeating: 8, count: 4_000)
        packet.segmentSize = 1_000
        near.forward(packet.frame)
        for (index, datagram) in near.recorder.datagrams.enumerated() {
            far.receive(datagram.bytes, from: near.endpoint, trafficClass: index < 2 ? 2 : 3, flush: false)
        }
        far.plane.flush()

        var marked = packet
        marked.trafficClass = 3
        let expected =
            try Array(Reference.packets(packet.frame)[..<2]) + Array(Reference.packets(marked.frame)[2...])
        #expect(far.recorder.frames.count == 2)
        #expect(try far.recorder.frames.flatMap(Reference.packets) == expected)
    }
}
