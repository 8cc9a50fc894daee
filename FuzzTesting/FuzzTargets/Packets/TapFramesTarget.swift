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

    /// What happens to the two planes.
    private final class Course {
        private let pair = PlanePair(
            nearSinks: PlaneSinks(
                sources: [IPPrefix(host: Gateways.gatewayV4), IPPrefix(host: Gateways.gatewayV6)],
                destinations: Gateways.prefixes(1)),
            farSinks: PlaneSinks(sources: Gateways.prefixes(1), destinations: Gateways.prefixes(2)))
        private var near: ForwardingPlane { pair.near }
        private var index = Gateways.firstIndex

        func forward(_ frame: [UInt8]) { pair.forward(frame) }
        func flush(_ time: Duration) { pair.flush(time) }

        func setPath(_ payloadByteCount: Int?) {
            let endpoint = payloadByteCount == nil ? nil : Gateways.endpoint(Gateways.far)
            near.setPath(Gateways.far, endpoint: endpoint, payloadByteCount: payloadByteCount ?? 0)
            pair.deliver()
        }

        func setKeys(isPresent: Bool, isSingle: Bool) {
            flush(.zero)
            near.segmentsPerTrain = isSingle ? 1 : 64
            near.remove(localIndex: index)
            guard isPresent else { return }
            pair.far.remove(localIndex: index)
            index += 1
            Gateways.install(index, on: pair.far, for: Gateways.near)
            Gateways.install(index, on: near, for: Gateways.far)
            near.activate(localIndex: index, for: Gateways.far)
            pair.deliver()
        }

        func finish() throws(PropertyViolation) {
            try pair.finish()
            let errors = near.counters.errorsSent
            try expect(errors == UInt64(pair.nearSinks.frameCount), "the near gateway writes ICMP errors only")
            try expect(pair.nearSinks.packetByteCount <= Int(errors) * 1_280, "an ICMP error has at most 1,280 bytes")
            let sent = near.peerCounters(Gateways.far)?.sentBytes
            let received = pair.far.peerCounters(Gateways.near)?.receivedBytes
            try expect(sent == received, "every byte that was sent arrives")
        }
    }
}
