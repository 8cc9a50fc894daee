import NetworkTypes
import PacketForwarding
import Testing
import WireFormat

/// Control messages, and what the control core hears.
@Suite struct ControlTests {
    @Test func `a control message arrives with its sender and source`() {
        let (near, far) = Site.pair()
        #expect(near.plane.sendControl([1, 2, 3], to: far.node))
        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(near.recorder.trains.map(\.endpoint) == [far.endpoint])
        #expect(far.recorder.told.contains(.control([1, 2, 3], near.node, near.endpoint)))
        #expect(far.plane.peerCounters(near.node)?.receivedPackets == 0)
        #expect(far.plane.peerCounters(near.node)?.lastReceived == far.plane.now)
    }

    @Test func `a probe is filled up and never sliced`() {
        let (near, far) = Site.pair(payload: 1_200)
        let elsewhere = Endpoint(address: IPAddress(203, 0, 113, 5), port: 1)
        #expect(near.plane.sendControl([9], to: far.node, endpoint: elsewhere, paddedTo: 1_400))

        #expect(near.recorder.trains.map(\.bytes.count) == [1_432])
        #expect(near.recorder.trains.map(\.endpoint) == [elsewhere])
        far.receive(near.recorder.datagrams, from: near.endpoint)
        let expected = [9] + [UInt8](repeating: 0, count: 1_399)
        #expect(far.recorder.told.last == .control(expected, near.node, near.endpoint))
    }

    @Test(arguments: [1_200, 1_201, 5_000, 60_000])
    func `a message larger than the path travels in slices`(byteCount: Int) {
        let (near, far) = Site.pair(payload: 1_200)
        let message = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(near.plane.sendControl(message, to: far.node))
        for datagram in near.recorder.datagrams.reversed() { far.receive(datagram.bytes, from: near.endpoint) }

        #expect(near.recorder.datagrams.allSatisfy { $0.bytes.count <= 1_232 })
        #expect(far.recorder.told.contains(.control(message, near.node, near.endpoint)))
        #expect(far.recorder.frames.isEmpty)
    }

    @Test func `what cannot be sent is not`() {
        let (near, far) = Site.pair(payload: 600)
        let stranger = NodeAddress(high: 77, middle: 0, low: 0)
        #expect(!near.plane.sendControl([1], to: stranger))
        #expect(!near.plane.sendControl([1], to: stranger, endpoint: far.endpoint))
        #expect(!near.plane.sendControl([1], to: far.node, localIndex: 12_345))
        #expect(!near.plane.sendControl([UInt8](repeating: 0, count: 600 * 64 + 1), to: far.node))
        #expect(!near.plane.sendControl([1], to: far.node, paddedTo: 65_507))
        near.plane.setPath(far.node, endpoint: nil, payloadByteCount: 600)
        #expect(!near.plane.sendControl([1], to: far.node))
        #expect(near.plane.sendControl([1], to: far.node, endpoint: far.endpoint))
        #expect(near.recorder.trains.count == 1)
    }

    @Test func `a generation is confirmed once, by its first authentic datagram`() {
        let (near, far) = Site.pair()
        far.install(with: near, number: 2, isActive: false)
        near.install(with: far, number: 2, isActive: false)
        let index = Site.index(near.node, far.node, 2)
        near.plane.sendControl([1], to: far.node, localIndex: index)
        near.plane.sendControl([2], to: far.node, localIndex: index)
        near.plane.sendControl([3], to: far.node)
        far.receive(near.recorder.datagrams, from: near.endpoint)

        let confirmed = far.recorder.told.filter { if case .confirmed = $0 { true } else { false } }
        #expect(
            confirmed == [
                .confirmed(near.node, Site.index(far.node, near.node, 2)),
                .confirmed(near.node, Site.index(far.node, near.node, 1)),
            ])
    }

    @Test func `a rekey under traffic loses nothing`() throws {
        let (near, far) = Site.pair()
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 6, count: 5_000)
        packet.segmentSize = 1_000
        near.forward(packet.frame)
        far.install(with: near, number: 2)
        near.install(with: far, number: 2)
        near.forward(packet.frame)
        let wire = near.recorder.datagrams
        // Both generations arrive interleaved.
        let mixed = zip(wire[..<5], wire[5...]).flatMap { [$0, $1] }
        for datagram in mixed { far.receive(datagram.bytes, from: near.endpoint, flush: false) }
        far.plane.flush()

        let sorted = try far.recorder.frames.flatMap(Reference.packets).sorted {
            Reference.word($0, 4) < Reference.word($1, 4)
        }
        let once = try Reference.packets(packet.frame)
        #expect(sorted == once.flatMap { [$0, $0] })

        far.plane.remove(localIndex: Site.index(far.node, near.node, 1))
        far.receive(wire[0].bytes, from: near.endpoint)
        #expect(far.plane.counters[.unknownIndex] == 1)
    }

    @Test func `a new source is told when it is the newest, and not for ever`() {
        let (near, far) = Site.pair()
        let elsewhere = Endpoint(address: IPAddress(203, 0, 113, 5), port: 1)
        for _ in 0..<4 { near.forward(TestPacket().frame) }
        let wire = near.recorder.datagrams.map(\.bytes)
        let changed = Told.sourceChanged(near.node, elsewhere)
        far.receive(wire[1], from: near.endpoint)
        far.receive(wire[0], from: elsewhere)
        #expect(!far.recorder.told.contains(changed))
        far.receive(wire[2], from: elsewhere)
        far.receive(wire[3], from: elsewhere)
        #expect(far.recorder.told.filter { $0 == changed }.count == 1)

        far.plane.now = far.plane.now + .seconds(2)
        for round in 0..<2 {
            near.recorder.trains = []
            near.forward(TestPacket().frame)
            far.receive(near.recorder.datagrams, from: elsewhere)
            #expect(far.recorder.told.filter { $0 == changed }.count == 2)
            if round == 0 { far.plane.setPath(near.node, endpoint: elsewhere, payloadByteCount: 1_440) }
        }
    }

    @Test func `the control core may remove the peer in the middle of a read`() {
        for trigger in 0..<3 {
            let (near, far) = Site.pair()
            near.plane.sendControl([1], to: far.node)
            near.plane.sendControl([UInt8](repeating: 1, count: 3_000), to: far.node)
            near.plane.sendControl([2], to: far.node)
            far.recorder.reaction = { told in
                switch (told, trigger) {
                case (.confirmed, 0), (.control([1], _, _), 1), (.control([2], _, _), 2):
                    far.plane.removePeer(near.node)
                    far.plane.addPeer(NodeAddress(high: 9, middle: 0, low: 0))
                default: break
                }
            }
            let elsewhere = Endpoint(address: IPAddress(203, 0, 113, 5), port: 1)
            let bytes = near.recorder.datagrams.map(\.bytes)
            let size = bytes.map(\.count).max() ?? 0
            for datagram in bytes where datagram.count < size { far.receive(datagram, from: elsewhere) }
            far.receive(bytes.filter { $0.count == size }.flatMap { $0 }, segmentSize: size, from: elsewhere)

            #expect(far.plane.peerCounters(near.node)?.lastReceived == nil)
        }
    }

    @Test func `routes change under a removed peer without a trace`() {
        let (near, far) = Site.pair()
        let third = Site(3)
        near.plane.removePeer(far.node)
        near.forward(TestPacket().frame)
        #expect(near.recorder.told == [.needsPath(far.node)])
        near.plane.setRoutes([])
        #expect(near.plane.peerCounters(far.node) == nil)
        near.plane.addPeer(third.node)
        near.forward(TestPacket().frame)

        #expect(near.plane.counters[.noRoute] == 1)
        #expect(near.plane.peerCounters(third.node) == PeerCounters())
    }
}
