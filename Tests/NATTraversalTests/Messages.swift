import NATTraversal
import NetworkTypes

/// STUN messages for tests.
enum Messages {
    /// The transaction of RFC 5769's examples.
    static let transaction: [UInt8] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]

    /// RFC 5769 §2.1: SOFTWARE, PRIORITY, ICE-CONTROLLED, USERNAME, MESSAGE-INTEGRITY, FINGERPRINT.
    static let sample: [UInt8] =
        [0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42] + transaction
        + [0x80, 0x22, 0x00, 0x10] + Array("STUN test client".utf8)
        + [0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff]
        + [0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36]
        + [0x00, 0x06, 0x00, 0x09] + Array("evtj:h6vY".utf8) + [0x20, 0x20, 0x20]
        + [
            0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3,
            0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2,
        ]
        + [0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf]

    /// A Binding request with `attributes` behind its header.
    static func request(
        cookie: UInt32 = 0x2112_a442, _ attributes: [UInt8] = [], fingerprint: Bool = false
    ) -> [UInt8] {
        let length = attributes.count + (fingerprint ? 8 : 0)
        var message: [UInt8] = [0, 1, UInt8(length >> 8), UInt8(length & 255)]
        message += (0..<4).map { UInt8(truncatingIfNeeded: cookie >> UInt32(24 - 8 * $0)) }
        message += transaction + attributes
        guard fingerprint else { return message }
        let sum = checksum(message) ^ 0x5354_554e
        return message + [0x80, 0x28, 0, 4] + (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * $0)) }
    }

    /// What a server that has never answered before says.
    static func answer(to request: [UInt8], from source: Endpoint = Endpoint("198.51.100.7:4000")!) -> [UInt8]? {
        var responder = BindingResponder(seed: 1)
        return responder.answer(to: request, from: source, now: Instant(nanoseconds: 0))
    }

    /// CRC-32 of ITU V.42, by table: another way than the code under test goes.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        let table = (0..<256 as Range<UInt32>).map { start in
            (0..<8).reduce(start) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
        }
        return ~bytes.reduce(~0 as UInt32) { $0 >> 8 ^ table[Int(($0 ^ UInt32($1)) & 255)] }
    }
}

extension BindingResponder {
    mutating func answer(to request: [UInt8], from source: Endpoint, now: Instant) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0xee, count: BindingAnswer.byteCountLimit)
        let count = buffer.withUnsafeMutableBytes { answer(request.span.bytes, from: source, now: now, into: $0) }
        return count == 0 ? nil : Array(buffer[..<count])
    }
}
