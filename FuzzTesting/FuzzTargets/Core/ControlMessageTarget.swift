import GatewayCore
import WireFormat

/// The content of an authentic control datagram.
enum ControlMessageTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let message = try? ControlMessage(reading: input.span.bytes) else { return }
        let encoded = message.encoded
        try expect(encoded.count <= input.count, "a message is no longer than its bytes")
        let same = try? ControlMessage(reading: encoded.span.bytes)
        try expect(same == message, "a message survives the wire: \(message)")
    }
}
