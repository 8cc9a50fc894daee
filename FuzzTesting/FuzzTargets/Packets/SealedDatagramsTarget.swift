import NetworkTypes
import PacketForwarding
import WireFormat

/// Datagrams of the UDP socket, from a peer that has keys and may have gone bad.
///
/// Steps: `| what | traffic class | count (2) |`, then as `Step` says.
enum SealedDatagramsTarget {
    /// The low two bits of `what`. Bit 2: as UDP_GRO hands over, segments of the size in the next two bytes. Bit 3: the
    /// counter is set to the next unused one.
    enum Step: UInt8 {
        /// `count` bytes of one read follow.
        case receive = 0
        /// The same, and the batch ends.
        case receiveAndFlush = 1
        /// `count` milliseconds pass, then a batch ends.
        case wait = 2
        /// `count` chooses a change to the tables.
        case change = 3

        static let grouped: UInt8 = 4
        static let numbered: UInt8 = 8
    }

    private static let stepLimit = 200

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let sinks = PlaneSinks(sources: Gateways.prefixes(2), destinations: Gateways.prefixes(1))
        let plane = Gateways.plane(1, sinks: sinks)
        var reader = InputReader(input)
        var counter: UInt64 = 0
        var received = 0
        var isRemoved = false
        var generation = Gateways.firstIndex
        for _ in 0..<stepLimit where !reader.isAtEnd {
            let what = reader.byte()
            let trafficClass = reader.byte()
            let count = reader.word()
            switch Step(rawValue: what & 3) {
            case .receive, .receiveAndFlush:
                let segmentSize = what & Step.grouped != 0 ? reader.word() : 0
                var bytes = reader.block(count)
                if what & Step.numbered != 0 { number(&bytes, segmentSize: segmentSize, counter: &counter) }
                received += bytes.count
                bytes.withUnsafeMutableBytes {
                    plane.receiveDatagrams(
                        $0, segmentSize: segmentSize, source: Gateways.endpoint(Gateways.far),
                        trafficClass: trafficClass)
                }
                if what & 3 == Step.receiveAndFlush.rawValue { plane.flush() }
            case .wait:
                plane.now = plane.now + .milliseconds(count)
                plane.flush()
            case .change, nil:
                isRemoved = isRemoved || count & 7 == 6
                change(plane, count, generation: &generation)
            }
        }
        plane.flush()
        try sinks.check()
        try expect(sinks.trains.isEmpty, "receiving sends nothing")
        try expect(sinks.packetByteCount + sinks.controlByteCount <= received, "no more comes out than went in")
        let counters = plane.counters
        try expect(counters.framesWritten == UInt64(sinks.frameCount), "frames are counted")
        try expect(counters.datagramsReceived >= counters.framesWritten, "a frame takes a datagram")
        // Counters of a peer that was removed are gone.
        guard let peer = plane.peerCounters(Gateways.far), !isRemoved else { return }
        try expect(peer.receivedPackets == UInt64(sinks.segmentCount), "every packet let through leaves the kernel")
    }

    private static func number(_ bytes: inout [UInt8], segmentSize: Int, counter: inout UInt64) {
        let step = segmentSize > 0 ? segmentSize : max(bytes.count, 1)
        for start in stride(from: 0, to: bytes.count, by: step) where start + SealedHeader.byteCount <= bytes.count {
            for index in 0..<8 {
                bytes[start + 8 + index] = UInt8(truncatingIfNeeded: counter >> UInt64(56 - 8 * index))
            }
            counter += 1
        }
    }

    private static func change(_ plane: ForwardingPlane, _ choice: Int, generation: inout UInt32) {
        switch choice & 7 {
        case 0: plane.rebuildsTCP.toggle()
        case 1: plane.rebuildsUDP.toggle()
        case 2: plane.setPath(Gateways.far, endpoint: nil, payloadByteCount: choice >> 3)
        case 3:
            plane.setPath(
                Gateways.far, endpoint: Gateways.endpoint(Gateways.absent), payloadByteCount: choice >> 3)
        case 4: plane.remove(localIndex: generation)
        case 5:
            plane.remove(localIndex: generation)
            generation = Gateways.firstIndex + UInt32(choice >> 3 & 3)
            plane.remove(localIndex: generation)
            Gateways.install(generation, on: plane, for: Gateways.far)
            plane.activate(localIndex: generation, for: Gateways.far)
        case 6: plane.removePeer(Gateways.far)
        default:
            plane.setRoutes(Gateways.prefixes(2).map { ($0, Gateways.far) })
        }
    }
}
