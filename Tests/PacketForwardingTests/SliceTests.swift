import NetworkTypes
import PacketForwarding
import Testing
import WireFormat

/// What does not fit the path's payload travels in slices.
@Suite struct SliceTests {
    private static func packet(_ count: Int, host: UInt8 = 5) -> TestPacket {
        var random = SeededRandom(seed: UInt64(count))
        var packet = TestPacket()
        packet.source = Site.address4(1, host)
        packet.transport = .udp
        packet.payload = RoundTripTests.randomBytes(count - 28, &random)
        return packet
    }

    @Test(arguments: [1_441, 1_500, 2_880, 2_881, 9_000, 40_000, 65_535])
    func `a packet larger than the payload arrives whole`(byteCount: Int) throws {
        let (near, far) = Site.pair(payload: 1_440)
        let packet = Self.packet(byteCount)
        near.forward(packet.frame)

        for datagram in near.recorder.datagrams.reversed() { far.receive(datagram.bytes, from: near.endpoint) }

        #expect(near.recorder.datagrams.allSatisfy { $0.bytes.count <= 1_440 + SealedHeader.overhead })
        #expect(near.recorder.datagrams.count == (byteCount + 1_439) / 1_440)
        #expect(near.recorder.trains.count == (byteCount > 65_000 ? 2 : 1))
        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
        #expect(far.plane.counters.packetsJoined == 1)
    }

    @Test func `more than 64 slices are refused`() {
        let (near, _) = Site.pair(payload: 516)
        near.forward(Self.packet(516 * 64 + 1).frame)

        #expect(near.recorder.trains.isEmpty)
        #expect(near.plane.counters[.tooLarge] == 1)
    }

    @Test func `packets whose slices are mixed are joined each`() throws {
        let (near, far) = Site.pair(payload: 1_200)
        let packets = (1...10).map { Self.packet(5_000 + $0, host: UInt8($0)) }
        for packet in packets { near.forward(packet.frame, flush: false) }
        near.plane.flush()
        var random = SeededRandom(seed: 8)
        var wire = near.recorder.datagrams
        for index in wire.indices.reversed() { wire.swapAt(index, Int(random.below(UInt64(index + 1)))) }

        far.receive(wire, from: near.endpoint, groupLimit: 7)
        far.plane.flush()

        let written = try far.recorder.frames.flatMap(Reference.packets).sorted { $0[15] < $1[15] }
        #expect(try written == packets.flatMap { try Reference.packets($0.frame) })
    }

    @Test func `a forged slice damages no accepted one`() throws {
        let (near, far) = Site.pair(payload: 1_200)
        let packet = Self.packet(3_500)
        near.forward(packet.frame)
        let wire = near.recorder.datagrams
        for (index, datagram) in wire.enumerated() {
            far.receive(datagram.bytes, from: near.endpoint)
            // The same place again, with another content and a counter that the window takes.
            var forged = wire[(index + 1) % wire.count].bytes
            forged[20] ^= 1
            far.receive(forged, from: near.endpoint)
        }

        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
    }

    @Test func `slices of a peer that contradict each other are dropped with their packet`() {
        let (near, far) = Site.pair()
        let content = Self.packet(3_000).packet
        let cases: [(inout RawPeer) -> [[UInt8]]] = [
            { peer in  // A middle slice of another size.
                var wire = peer.slices(content, size: 1_000)
                peer.counter -= 2
                var flags = SealedFlags()
                flags.sliceIndex = 1
                wire[1] = peer.seal(.slice, flags, Array(content[..<900]))
                return wire
            },
            { peer in  // A middle slice with other flags.
                var wire = peer.slices(content, size: 1_000)
                peer.counter -= 2
                var flags = SealedFlags.partialChecksum
                flags.sliceIndex = 1
                wire[1] = peer.seal(.slice, flags, Array(content[1_000..<2_000]))
                return wire
            },
            { peer in  // The last slice is longer than the others.
                var flags = SealedFlags()
                let first = peer.seal(.slice, flags, Array(content[..<1_000]))
                flags.sliceIndex = 1
                flags.insert(.last)
                return [first, peer.seal(.slice, flags, Array(content[1_000...]))]
            },
            { peer in  // The whole would be larger than a packet.
                var flags = SealedFlags()
                flags.sliceIndex = 63
                peer.counter += 63
                return [peer.seal(.slice, flags, [UInt8](repeating: 0, count: 1_100))]
            },
            { peer in [peer.seal(.slice, .last, content)] },  // A slice that is the whole.
            { peer in [peer.seal(.slice, [], [])] },
            { peer in  // An index beyond its counter.
                peer.counter = 0
                var flags = SealedFlags()
                flags.sliceIndex = 2
                return [peer.seal(.slice, flags, content)]
            },
        ]
        for (number, make) in cases.enumerated() {
            let (near, far) = Site.pair()
            var peer = RawPeer(near, to: far)
            peer.counter = 10
            for datagram in make(&peer) { far.receive(datagram, from: near.endpoint) }
            #expect(far.recorder.frames.isEmpty, "case \(number)")
            #expect(far.plane.counters[.malformedPacket] >= 1, "case \(number)")
        }
        #expect(near.recorder.frames.isEmpty && far.recorder.frames.isEmpty)
    }

    @Test func `a packet that misses slices is given up in time`() {
        let (near, far) = Site.pair(payload: 1_200)
        near.forward(Self.packet(3_000).frame)
        let wire = near.recorder.datagrams
        far.receive(wire[0].bytes, from: near.endpoint)
        far.receive(wire[1].bytes, from: near.endpoint)
        #expect(far.plane.counters[.slicesMissing] == 0)

        far.plane.now = far.plane.now + .milliseconds(2_001)
        far.plane.flush()
        far.receive(wire[2].bytes, from: near.endpoint)

        #expect(far.plane.counters[.slicesMissing] == 1)
        #expect(far.recorder.frames.isEmpty)
    }

    @Test func `the oldest gives way when too many packets miss slices`() throws {
        var limits = ForwardingLimits()
        limits.reassemblySlots = 8
        limits.reassemblySlotsPerPeer = 4
        let (near, far) = Site.pair(payload: 1_200, limits: limits)
        var starts: [[SentDatagram]] = []
        for number in 0..<6 {
            near.forward(Self.packet(3_000 + number, host: UInt8(10 + number)).frame)
            starts.append(Array(near.recorder.datagrams.suffix(3)))
        }
        for wire in starts {
            far.plane.now = far.plane.now + .milliseconds(1)
            far.receive(Array(wire.dropLast()), from: near.endpoint)
        }
        #expect(far.plane.counters[.slicesMissing] == 2)

        for wire in starts.reversed() { far.receive([wire[2]], from: near.endpoint) }

        let hosts = try far.recorder.frames.flatMap(Reference.packets).map { $0[15] }
        #expect(hosts == [15, 14, 13, 12])
    }

    @Test func `segments larger than the payload are sliced one by one`() throws {
        let (near, far) = Site.pair(payload: 1_200)
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 3, count: 7_000)
        packet.segmentSize = 1_448
        near.forward(packet.frame)

        far.receive(near.recorder.datagrams, from: near.endpoint)
        far.plane.flush()

        #expect(near.plane.counters.packetsSliced == 5)
        #expect(near.recorder.datagrams.count == 10)
        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
    }
}
