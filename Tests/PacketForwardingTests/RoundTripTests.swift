import LinkSecurity
import NetworkTypes
import PacketForwarding
import Testing
import WireFormat

/// Whatever the near kernel hands over, the far kernel gets, byte for byte, as far as the network lets it through.
@Suite struct RoundTripTests {
    enum Network: String, CaseIterable {
        case perfect, losing, reordering, duplicating, forging, all
    }

    @Test(arguments: Network.allCases, 0..<12)
    func `packets come out as they went in`(network: Network, seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed) &* 977 &+ 5)
        let payload = 516 + Int(random.below(random.chance(1, in: 3) ? 8_500 : 1_000))
        let (near, far) = Site.pair(payload: payload)
        var offered: [[UInt8]] = []
        var wire: [SentDatagram] = []
        for _ in 0..<(4 + random.below(12)) {
            let frame = Self.randomPacket(&random).frame
            offered += try Reference.packets(frame)
            near.forward(frame, flush: random.chance(1, in: 3))
        }
        near.plane.flush()
        wire = near.recorder.datagrams

        let owners = Self.owners(wire)
        var isWhole = [Bool](repeating: true, count: offered.count)
        var delivered: [SentDatagram] = []
        for (datagram, owner) in zip(wire, owners) {
            if network == .losing || network == .all, random.chance(1, in: 12) {
                isWhole[owner] = false
                continue
            }
            if network == .forging || network == .all, random.chance(1, in: 3) {
                delivered.append(Self.forged(datagram, &random))
            }
            delivered.append(datagram)
            if network == .duplicating || network == .all, random.chance(1, in: 4) { delivered.append(datagram) }
        }
        if network == .reordering || network == .all {
            for index in delivered.indices.dropLast() where random.chance(1, in: 4) {
                delivered.swapAt(index, min(index + 1 + Int(random.below(3)), delivered.count - 1))
            }
        }
        far.receive(delivered, from: near.endpoint, groupLimit: 1 + Int(random.below(64)))
        far.plane.flush()

        #expect(owners.last.map { $0 + 1 } == offered.count)
        let expected = zip(offered, isWhole).filter(\.1).map(\.0)
        var written = try far.recorder.frames.flatMap(Reference.packets)
        let count = try #require(far.plane.peerCounters(near.node)).receivedPackets
        #expect(count == UInt64(written.count))
        if network == .reordering || network == .all {
            written.sort { $0.lexicographicallyPrecedes($1) }
            #expect(written == expected.sorted { $0.lexicographicallyPrecedes($1) })
        } else {
            #expect(written == expected)
        }
    }

    @Test(arguments: [false, true])
    func `a train without loss is written as the one super-packet it was`(isUDP: Bool) throws {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.transport = isUDP ? .udp : .tcp
        packet.payload = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        packet.segmentSize = 1_400
        packet.flags = 0x98
        near.forward(packet.frame)

        far.receive(near.recorder.datagrams, from: near.endpoint)
        far.plane.flush()

        #expect(near.recorder.trains.count == 1)
        #expect(far.recorder.frames.count == 1)
        let frame = try #require(far.recorder.frames.first)
        var sent = packet.frame
        sent.replaceSubrange(10..<22, with: MACAddress.overlayDevice.bytes + MACAddress.virtualNextHop.bytes)
        #expect(frame == sent)
    }

    @Test func `a super-packet larger than a train is still one at the far end`() throws {
        let (near, far) = Site.pair(payload: 1_440)
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 7, count: 65_400)
        packet.segmentSize = 1_400
        near.forward(packet.frame)

        for train in near.recorder.trains {
            far.receive(train.bytes, segmentSize: train.segmentSize, from: near.endpoint, flush: false)
        }
        far.plane.flush()

        #expect(near.recorder.trains.count == 2)
        #expect(near.recorder.trains.allSatisfy { $0.bytes.count <= 65_507 && $0.datagrams.count <= 64 })
        #expect(far.recorder.frames.count == 1)
        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
    }

    @Test func `one lost datagram costs one segment`() throws {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 7, count: 14_000)
        packet.segmentSize = 1_400
        near.forward(packet.frame)
        var wire = near.recorder.datagrams
        wire.remove(at: 4)

        far.receive(wire, from: near.endpoint)
        far.plane.flush()

        var expected = try Reference.packets(packet.frame)
        expected.remove(at: 4)
        #expect(far.recorder.frames.count == 2)
        #expect(try far.recorder.frames.flatMap(Reference.packets) == expected)
    }

    @Test func `a hole closes a train even where no header shows it`() throws {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9))
        packet.transport = .udp
        packet.payload = [UInt8](repeating: 7, count: 5_000)
        packet.segmentSize = 1_000
        near.forward(packet.frame)
        var wire = near.recorder.datagrams
        wire.remove(at: 2)

        far.receive(wire, from: near.endpoint)
        far.plane.flush()

        #expect(try far.recorder.frames.map { try Reference.packets($0).count } == [2, 2])
    }

    @Test func `packets of one batch and size share a train, in order`() {
        let (near, far) = Site.pair()
        for number in 0..<5 {
            var packet = TestPacket()
            packet.payload = [UInt8](repeating: UInt8(number), count: number == 4 ? 20 : 100)
            near.forward(packet.frame, flush: false)
        }
        #expect(near.recorder.trains.map(\.datagrams.count) == [5])

        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(far.recorder.frames.map(\.last) == [0, 1, 2, 3, 4])
    }

    @Test func `a device without joined super-packets gets every segment by itself`() throws {
        let (near, far) = Site.pair()
        far.plane.rebuildsTCP = false
        near.plane.segmentsPerTrain = 1
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 9, count: 5_000)
        packet.segmentSize = 1_000
        near.forward(packet.frame)

        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(near.recorder.trains.map(\.datagrams.count) == [1, 1, 1, 1, 1])
        #expect(far.recorder.frames.count == 5)
        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
    }

    @Test func `the verified mark of the near kernel is handed on`() throws {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.checksum = .valid
        near.forward(packet.frame)

        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(far.recorder.frames.first?[0] == 2)
        #expect(far.recorder.frames.map { Array($0[24...]) } == [packet.packet])
    }

    @Test func `a checksum at an unusual place is computed by the near gateway`() throws {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.transport = .other(47)
        packet.payload = (0..<101).map { UInt8($0) }
        var frame = packet.frame
        frame[0] = 1
        withUnsafeBytes(of: UInt16(14 + 20 + 24)) { frame.replaceSubrange(6..<8, with: $0) }
        withUnsafeBytes(of: UInt16(6)) { frame.replaceSubrange(8..<10, with: $0) }
        near.forward(frame)

        far.receive(near.recorder.datagrams, from: near.endpoint)

        let written = try #require(far.recorder.frames.first)
        #expect(written[0] == 0)
        var covered = packet.payload[24...].map { $0 }
        let checksum = ~Reference.sum(covered)
        covered[6] = UInt8(checksum >> 8)
        covered[7] = UInt8(checksum & 255)
        #expect(Array(written[(24 + 20 + 24)...]) == covered)
    }

    // MARK: - Helpers

    /// Which packet a datagram belongs to, counted in sending order.
    static func owners(_ wire: [SentDatagram]) -> [Int] {
        var next = -1
        return wire.map { datagram in
            let header = datagram.bytes.withUnsafeBytes { SealedHeader(reading: $0.baseAddress!) }
            if header?.type != .slice || header?.flags.sliceIndex == 0 { next += 1 }
            return next
        }
    }

    static func forged(_ datagram: SentDatagram, _ random: inout SeededRandom) -> SentDatagram {
        var forged = datagram
        // The receiver index stays, so that the forgery reaches the cipher.
        let places = [1, 2, 3] + Array(8..<datagram.bytes.count)
        forged.bytes[places[Int(random.below(UInt64(places.count)))]] ^= UInt8(1 + random.below(255))
        return forged
    }

    static func randomPacket(_ random: inout SeededRandom) -> TestPacket {
        var packet = TestPacket()
        let hosts = (UInt8(1 + random.below(250)), UInt8(1 + random.below(250)))
        let isV6 = random.chance(1, in: 2)
        packet.source = isV6 ? Site.address6(1, hosts.0) : Site.address4(1, hosts.0)
        packet.destination = isV6 ? Site.address6(2, hosts.1) : Site.address4(2, hosts.1)
        packet.transport = [.tcp, .tcp, .udp, .udp, .other(UInt8(100 + random.below(50)))][Int(random.below(5))]
        packet.trafficClass = UInt8(random.below(256))
        packet.identification = UInt16(random.below(65_536))
        packet.sequence = UInt32(random.below(1 << 32))
        packet.sourcePort = UInt16(random.below(65_536))
        packet.flags = [0x10, 0x18, 0x11, 0x90, 0xd8][Int(random.below(5))]
        if case .tcp = packet.transport {
            packet.transportOptions = randomBytes(Int(random.below(11)) * 4, &random)
        }
        var number: UInt8 = 6
        switch packet.transport {
        case .tcp: number = 6
        case .udp: number = 17
        case .other(let value): number = value
        }
        if random.chance(1, in: 4) {
            packet.options = isV6 ? [number, 0] + randomBytes(6, &random) : [1, 1, 1, 0]
        }
        var isSuper = random.chance(2, in: 3)
        if case .other = packet.transport { isSuper = false }
        if isSuper {
            let size = 1 + Int(random.below(random.chance(1, in: 4) ? 9_000 : 1_500))
            let room = min(65_535 - packet.headerByteCount, size * 70)
            packet.segmentSize = size
            packet.payload = randomBytes(min(size + 1 + Int(random.below(UInt64(room))), room), &random)
            if packet.payload.count <= size { packet.segmentSize = nil }
        } else {
            packet.checksum = [.partial, .complete, .valid][Int(random.below(3))]
            packet.payload = randomBytes(Int(random.below(random.chance(1, in: 3) ? 8_900 : 1_460)), &random)
            if !isV6, random.chance(1, in: 8) {
                packet.checksum = .complete
                packet.fragment = UInt16(random.below(0x2000)) | 0x2000
            }
        }
        return packet
    }

    static func randomBytes(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var word: UInt64 = 0
        for index in 0..<count {
            if index % 8 == 0 { word = random.nextWord() }
            bytes.append(UInt8(truncatingIfNeeded: word))
            word >>= 8
        }
        return bytes
    }
}
