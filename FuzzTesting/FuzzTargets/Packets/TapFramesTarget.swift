import NetworkTypes
import PacketForwarding

/// Frames of the TAP, from hosts on the LAN that may write anything; what is sealed goes on to an honest far gateway.
///
/// Steps: `| what | count (2) |`, then as `Step` says.
enum TapFramesTarget {
    /// The low two bits of `what`.
    enum Step: UInt8 {
        /// `count` bytes of one frame follow.
        case frame = 0
        /// `count` milliseconds pass, then a batch ends and arrives.
        case flush = 1
        /// `count` is the path's payload; bit 2 of `what`: there is no path.
        case path = 2
        /// Fresh keys; bit 2 of `what`: none; bit 3: single datagrams from now on.
        case keys = 3
    }

    private static let stepLimit = 200

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let course = Course()
        var reader = InputReader(input)
        for _ in 0..<stepLimit where !reader.isAtEnd {
            let what = reader.byte()
            let count = reader.word()
            switch Step(rawValue: what & 3) {
            case .frame: course.forward(reader.block(count))
            case .flush: course.flush(.milliseconds(count))
            case .path: course.setPath(what & 4 == 0 ? count : nil)
            case .keys, nil: course.setKeys(isPresent: what & 4 == 0, isSingle: what & 8 != 0)
            }
        }
        try course.finish()
    }

    /// The two planes, and the wire between them.
    private final class Course {
        private let nearSinks = PlaneSinks(
            sources: [IPPrefix(host: Gateways.gatewayV4), IPPrefix(host: Gateways.gatewayV6)],
            destinations: Gateways.prefixes(1))
        private let farSinks = PlaneSinks(sources: Gateways.prefixes(1), destinations: Gateways.prefixes(2))
        private let near: ForwardingPlane
        private let far: ForwardingPlane
        private var index = Gateways.firstIndex

        init() {
            near = Gateways.plane(1, sinks: nearSinks)
            far = Gateways.plane(2, sinks: farSinks)
        }

        func forward(_ frame: [UInt8]) {
            var frame = frame
            frame.withUnsafeMutableBytes { near.forwardFrame($0) }
        }

        func flush(_ time: Duration) {
            near.now = near.now + time
            far.now = near.now
            near.flush()
            deliver()
            far.flush()
        }

        func setPath(_ payloadByteCount: Int?) {
            let endpoint = payloadByteCount == nil ? nil : Gateways.endpoint(Gateways.far)
            near.setPath(Gateways.far, endpoint: endpoint, payloadByteCount: payloadByteCount ?? 0)
            deliver()
        }

        func setKeys(isPresent: Bool, isSingle: Bool) {
            flush(.zero)
            near.segmentsPerTrain = isSingle ? 1 : 64
            near.remove(localIndex: index)
            guard isPresent else { return }
            far.remove(localIndex: index)
            index += 1
            Gateways.install(index, on: far, for: Gateways.near)
            Gateways.install(index, on: near, for: Gateways.far)
            near.activate(localIndex: index, for: Gateways.far)
            deliver()
        }

        private func deliver() {
            for train in nearSinks.takeTrains() {
                var bytes = train.bytes
                bytes.withUnsafeMutableBytes {
                    far.receiveDatagrams(
                        $0, segmentSize: train.segmentSize, source: Gateways.endpoint(Gateways.near),
                        trafficClass: train.trafficClass)
                }
            }
        }

        func finish() throws(PropertyViolation) {
            flush(.zero)
            try nearSinks.check()
            try farSinks.check()
            try expect(farSinks.trains.isEmpty, "receiving sends nothing")
            for drop in far.counters.drops {
                try expect(drop.count == 0, "the far gateway drops what was sent to it: \(drop.reason.rawValue)")
            }
            let errors = near.counters.errorsSent
            try expect(errors == UInt64(nearSinks.frameCount), "the near gateway writes ICMP errors only")
            try expect(nearSinks.packetByteCount <= Int(errors) * 1_280, "an ICMP error has at most 1,280 bytes")
            let sent = near.peerCounters(Gateways.far)
            let received = far.peerCounters(Gateways.near)
            try expect(sent?.sentPackets == received?.receivedPackets, "every packet that was sent arrives")
            try expect(sent?.sentBytes == received?.receivedBytes, "every byte that was sent arrives")
            try expect(received?.receivedPackets == UInt64(farSinks.segmentCount), "every packet leaves the far kernel")
        }
    }
}
