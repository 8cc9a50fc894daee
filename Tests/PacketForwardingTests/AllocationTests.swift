import CAllocationCount
import LinkSecurity
import NetworkTypes
import PacketForwarding
import Testing

/// The packet path asks the heap for nothing once it runs.
@Suite struct AllocationTests {
    /// Hands trains straight to the other plane, and forgets frames.
    private final class Quiet: DatagramSink, FrameSink, ControlSink {
        var other: ForwardingPlane?
        var frameCount = 0
        private let buffer = UnsafeMutableRawPointer.allocate(byteCount: 65_536, alignment: 16)

        deinit {
            buffer.deallocate()
        }

        func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8) {
            guard let source = train.baseAddress, let other else { return }
            buffer.copyMemory(from: source, byteCount: train.count)
            other.receiveDatagrams(
                UnsafeMutableRawBufferPointer(start: buffer, count: train.count), segmentSize: segmentSize,
                source: Endpoint(address: IPAddress(v4: 1), port: 1), trafficClass: trafficClass)
        }

        func write(_ frame: UnsafeRawBufferPointer) { frameCount += 1 }
        func receivedControl(_ message: UnsafeRawBufferPointer, from node: NodeAddress, source: Endpoint) {}
        func sourceChanged(_ node: NodeAddress, source: Endpoint) {}
        func confirmed(_ node: NodeAddress, localIndex: UInt32) {}
        func needsPath(_ node: NodeAddress) {}
    }

    private static func plane(_ own: Site, _ other: Site, _ number: UInt8, sink: Quiet) -> ForwardingPlane {
        let plane = ForwardingPlane(datagrams: sink, frames: sink, control: sink)
        plane.setExports(Site.prefixes(UInt8(own.node.high)))
        plane.setRoutes(Site.routes(number, other.node))
        plane.setGatewayAddress(v4: Site.address4(1, 1), v6: nil)
        plane.setPath(other.node, endpoint: other.endpoint, payloadByteCount: 1_440)
        let index = Site.index(own.node, other.node, 1)
        plane.install(
            KeyGeneration(
                localIndex: index, remoteIndex: Site.index(other.node, own.node, 1), epoch: 0,
                sealing: TestCipher(key: 5), opening: TestCipher(key: 5)),
            for: other.node)
        plane.activate(localIndex: index, for: other.node)
        return plane
    }

    /// Super-packets, single packets, slices, a path error, and packets that are dropped.
    private static var frames: [[UInt8]] {
        var packet = TestPacket()
        packet.payload = [UInt8](repeating: 1, count: 5_000)
        packet.segmentSize = 1_400
        var list = [packet.frame]
        packet.segmentSize = 1_448
        list.append(packet.frame)
        packet.transport = .udp
        packet.segmentSize = 1_300
        list.append(packet.frame)
        (packet.source, packet.destination) = (Site.address6(1, 1), Site.address6(2, 1))
        list.append(packet.frame)
        packet.segmentSize = nil
        list.append(packet.frame)
        packet.payload = [1, 2, 3]
        list.append(packet.frame)
        packet.destination = Site.address6(9, 1)
        list.append(packet.frame)
        packet.source = Site.address6(8, 1)
        list.append(packet.frame)
        return list
    }

    /// Frames in memory of their own: a closure over an array would allocate in a debug build.
    private final class Frames {
        private let count: Int
        private let originals: UnsafeMutablePointer<UnsafeMutableRawBufferPointer>
        private let buffer = UnsafeMutableRawPointer.allocate(byteCount: 65_600, alignment: 16)

        init(_ frames: [[UInt8]]) {
            count = frames.count
            originals = .allocate(capacity: count)
            for (index, frame) in frames.enumerated() {
                let original = UnsafeMutableRawBufferPointer.allocate(byteCount: frame.count, alignment: 16)
                original.copyBytes(from: frame)
                (originals + index).initialize(to: original)
            }
        }

        deinit {
            for index in 0..<count { originals[index].deallocate() }
            originals.deallocate()
            buffer.deallocate()
        }

        func run(_ rounds: Int, through near: ForwardingPlane, _ far: ForwardingPlane) {
            var left = rounds * count
            while left > 0 {
                left -= 1
                let frame = originals[left % count]
                guard let source = frame.baseAddress else { continue }
                buffer.copyMemory(from: source, byteCount: frame.count)
                near.forwardFrame(UnsafeMutableRawBufferPointer(start: buffer, count: frame.count))
                guard left % count == 0 else { continue }
                near.flush()
                far.flush()
            }
        }
    }

    @Test func `forwarding and receiving allocate nothing`() throws {
        let (nearSite, farSite) = (Site(1), Site(2))
        let (wire, device) = (Quiet(), Quiet())
        let near = Self.plane(nearSite, farSite, 2, sink: wire)
        let far = Self.plane(farSite, nearSite, 1, sink: device)
        wire.other = far
        let frames = Frames(Self.frames)
        frames.run(3, through: near, far)
        let written = device.frameCount
        let before = allocation_count()

        frames.run(20, through: near, far)

        let spent = allocation_count() - before
        #expect(spent == 0)
        #expect(device.frameCount > written)
        #expect(near.counters.errorsSent > 0 && far.counters.packetsJoined > 0)
        // The counter counts.
        let probe = allocation_count()
        let list = (0..<5).map { [UInt8](repeating: 0, count: 100 + $0) }
        #expect(list.count == 5)
        #expect(allocation_count_works() == 0 || allocation_count() - probe >= 5)
        wire.other = nil
    }

    /// Frames of a bridged LAN: between hosts, out of the subnet, between other stations, and back into the LAN.
    private static var bridgedFrames: [[UInt8]] {
        var packet = BridgedSites.packet()
        packet.payload = [UInt8](repeating: 1, count: 5_000)
        packet.segmentSize = 1_400
        var list = [packet.frame]
        packet.segmentSize = nil
        list.append(packet.frame)
        packet.destination = Site.address4(2, 9)
        list.append(packet.frame)
        packet.destination = Site.address4(1, 9)
        list.append(packet.frame)
        packet.receiver = BridgedSites.stations[1]
        list.append(packet.frame)
        list.append(BridgedSites.packet(v6: true).frame)
        return list
    }

    @Test func `bridged subnets allocate nothing`() {
        let (nearSite, farSite) = (Site(1), Site(2))
        let (wire, device) = (Quiet(), Quiet())
        let near = Self.plane(nearSite, farSite, 2, sink: wire)
        let far = Self.plane(farSite, nearSite, 1, sink: device)
        wire.other = far
        let lan = BridgedLAN(subnets: BridgedSites.subnets, serviceAddresses: BridgedSites.services)
        for (plane, own, other) in [(near, 0, farSite), (far, 1, nearSite)] {
            plane.setBridgedSubnets(own: lan, remote: [], sink: nil)
            for hosts in [BridgedSites.hosts4, BridgedSites.hosts6] {
                plane.setHost(hosts[own], station: BridgedSites.stations[own])
                plane.setHost(hosts[1 - own], behind: other.node)
            }
        }
        let frames = Frames(Self.bridgedFrames)
        frames.run(3, through: near, far)
        let written = device.frameCount
        let before = allocation_count()

        frames.run(20, through: near, far)

        let spent = allocation_count() - before
        #expect(spent == 0)
        #expect(device.frameCount > written && near.counters.framesIgnored > 0)
        wire.other = nil
    }
}
