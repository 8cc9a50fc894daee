import NetworkTypes
import OverlayRing
import WireFormat

/// What linked members say to a ring node, one message after the other.
///
/// Steps: `| what | count (2) | count bytes of a ring message |`; the low bit of `what` chooses the member, the others
/// are 100 ms each that pass before.
enum RingMessageTarget {
    private static let stepLimit = 32
    private static let own = NodeAddress(high: 5 << 60, middle: 1, low: 1)
    static let members = [
        NodeAddress(high: 4 << 60, middle: 2, low: 2), NodeAddress(high: 9 << 60, middle: 3, low: 3),
    ]

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        var now = Instant(nanoseconds: 1_000_000_000)
        var effects = RingEffects()
        var ring = RingNode(own: RingContact(node: own, endpoints: []), seed: 7, now: now)
        for member in members {
            ring.linkUp(RingContact(node: member, endpoints: []), now: now, effects: &effects)
        }
        var reader = InputReader(input)
        for _ in 0..<stepLimit where !reader.isAtEnd {
            let what = reader.byte()
            let bytes = reader.block(reader.word())
            now = now + .milliseconds(Int64(what >> 1) * 100)
            effects.removeAll()
            ring.handleTimeout(now: now, effects: &effects)
            ring.receive(bytes.span.bytes, from: members[Int(what & 1)], now: now, effects: &effects)
            try check(ring, effects)
            try read(bytes)
        }
    }

    private static func check(_ ring: RingNode, _ effects: borrowing RingEffects) throws(PropertyViolation) {
        try expect(ring.links.count <= members.count, "a link is a session, not somebody's word")
        try expect(effects.list.count <= 256, "a message sets off a few")
        for effect in effects.list {
            guard case .send(_, let bytes) = effect else { continue }
            try expect((try? RingMessage(reading: bytes.span.bytes)) != nil, "what is sent can be read")
        }
    }

    private static func read(_ bytes: [UInt8]) throws(PropertyViolation) {
        guard let message = try? RingMessage(reading: bytes.span.bytes) else { return }
        let same = try? RingMessage(reading: message.encoded.span.bytes)
        try expect(same == message, "a message survives the wire: \(message)")
        guard case .packet(let packet) = message else { return }
        try expect(packet.payload.count <= RingLimits.payloadByteCount, "payloads are bounded")
        try expect((packet.trace?.count ?? 0) <= RingLimits.hops, "traces are bounded")
        if let request = try? ConnectRequest(reading: packet.payload.span.bytes) {
            let same = try? ConnectRequest(reading: request.encoded.span.bytes)
            try expect(same == request, "a request survives the wire")
        }
        if let response = try? ConnectResponse(reading: packet.payload.span.bytes) {
            let same = try? ConnectResponse(reading: response.encoded.span.bytes)
            try expect(same == response, "an answer survives the wire")
        }
    }
}
