import NetworkTypes
import PacketForwarding
import Testing

/// Packets wait while a session or a path forms: the first ping is answered.
@Suite struct WaitingTests {
    private static func packet(_ number: UInt8, size: Int = 10) -> TestPacket {
        var packet = TestPacket()
        packet.transport = .udp
        packet.payload = [UInt8](repeating: number, count: size)
        return packet
    }

    /// A pair of which the near site knows the far one's prefixes only.
    private static func strangers(limits: ForwardingLimits = ForwardingLimits()) -> (Site, Site) {
        let (near, far) = (Site(1, limits: limits), Site(2, limits: limits))
        near.plane.setGatewayAddress(v4: Site.address4(1, 1), v6: nil)
        near.plane.setRoutes(Site.routes(2, far.node))
        far.plane.setRoutes(Site.routes(1, near.node))
        far.install(with: near)
        return (near, far)
    }

    @Test func `the first packets are sent when the session is there`() throws {
        let (near, far) = Self.strangers()
        near.forward(Self.packet(1).frame, flush: false)
        near.forward(Self.packet(2).frame)
        near.forward(Self.packet(3).frame)
        #expect(near.recorder.told == [.needsPath(far.node), .needsPath(far.node)])

        near.plane.setPath(far.node, endpoint: far.endpoint, payloadByteCount: 1_440)
        near.install(with: far, isActive: false)
        #expect(near.recorder.trains.isEmpty)
        near.plane.activate(localIndex: Site.index(near.node, far.node, 1), for: far.node)

        #expect(near.recorder.trains.count == 1)
        far.receive(near.recorder.datagrams, from: near.endpoint)
        #expect(far.recorder.frames.map(\.last) == [1, 2, 3])
        #expect(near.plane.counters.framesRead == 3)
    }

    @Test func `a path that goes and comes again loses nothing`() throws {
        let (near, far) = Site.pair()
        near.plane.setPath(far.node, endpoint: nil, payloadByteCount: 0)
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 6, count: 60_000)
        packet.segmentSize = 1_000
        near.forward(packet.frame)
        near.plane.setPath(far.node, endpoint: far.endpoint, payloadByteCount: 1_440)

        far.receive(near.recorder.datagrams, from: near.endpoint)
        far.plane.flush()
        #expect(try far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
    }

    @Test func `the control core may make the path while it hears of the need`() {
        let (near, far) = Self.strangers()
        near.recorder.reaction = { told in
            guard case .needsPath = told else { return }
            near.plane.setPath(far.node, endpoint: far.endpoint, payloadByteCount: 1_440)
            near.install(with: far)
        }
        near.forward(Self.packet(1).frame)

        #expect(near.recorder.datagrams.count == 1)
    }

    @Test func `of too many the oldest are dropped`() {
        let (near, far) = Self.strangers()
        for number in 0..<20 { near.forward(Self.packet(UInt8(number)).frame) }
        #expect(near.plane.counters[.waitingOverflow] == 4)

        near.plane.setPath(far.node, endpoint: far.endpoint, payloadByteCount: 1_440)
        near.install(with: far)
        far.receive(near.recorder.datagrams, from: near.endpoint)

        #expect(far.recorder.frames.map(\.last) == (4..<20).map { UInt8($0) })
    }

    @Test(arguments: 0..<20)
    func `the pool is bounded, and keeps the newest of every peer`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var limits = ForwardingLimits()
        limits.waitingByteCount = 8_192
        limits.waitingPacketsPerPeer = 6
        let near = Site(1, limits: limits)
        let sites = (2...5).map { Site(UInt8($0)) }
        near.plane.setRoutes(sites.flatMap { Site.routes(UInt8($0.node.high), $0.node) })
        var queues: [[UInt8]] = Array(repeating: [], count: sites.count)
        for number in 0..<120 {
            let index = Int(random.below(4))
            if random.chance(1, in: 12) {
                near.recorder.trains = []
                near.plane.setPath(sites[index].node, endpoint: sites[index].endpoint, payloadByteCount: 9_000)
                near.install(with: sites[index])
                near.plane.removePeer(sites[index].node)
                let sent = near.recorder.datagrams.map { ($0.bytes.count - 32 - 28) % 200 }
                // What is sent is the end of what was offered, in order; the byte limit may have cost the beginning.
                #expect(sent.elementsEqual(queues[index].suffix(sent.count).map { Int($0) }))
                queues[index] = []
                continue
            }
            var packet = Self.packet(0, size: (number % 200) + 200 * Int(random.below(8)))
            packet.destination = Site.address4(UInt8(index + 2), 1)
            near.forward(packet.frame)
            queues[index].append(UInt8(number % 200))
            if queues[index].count > 6 { queues[index].removeFirst() }
        }
        #expect(near.plane.counters[.waitingOverflow] > 0)
    }

    @Test func `a frame larger than the pool is dropped`() {
        var limits = ForwardingLimits()
        limits.waitingByteCount = 1_024
        let (near, _) = Self.strangers(limits: limits)
        near.forward(Self.packet(1, size: 1_200).frame)

        #expect(near.plane.counters[.waitingOverflow] == 1)
    }

    @Test func `after a while the peer is down, until a handshake ends`() {
        let (near, far) = Self.strangers()
        near.forward(Self.packet(1).frame)
        near.plane.now = near.plane.now + .seconds(4)
        near.plane.flush()
        #expect(near.plane.counters[.noPath] == 1)
        near.forward(Self.packet(2).frame)
        #expect(near.plane.counters[.noPath] == 2)
        #expect(near.recorder.told.count == 2)

        near.install(with: far)
        near.forward(Self.packet(3).frame)
        near.plane.setPath(far.node, endpoint: far.endpoint, payloadByteCount: 1_440)

        #expect(near.recorder.datagrams.count == 1)
        #expect(near.plane.counters.errorsSent == 2)
    }

    @Test func `a removed peer takes its packets along`() {
        let (near, far) = Self.strangers()
        near.forward(Self.packet(1).frame)
        near.plane.removePeer(far.node)
        near.plane.setPath(far.node, endpoint: far.endpoint, payloadByteCount: 1_440)
        near.install(with: far)

        #expect(near.recorder.trains.isEmpty)
        #expect(near.plane.counters[.noPath] == 1)
        #expect(near.plane.isUsable(far.node))
    }
}
