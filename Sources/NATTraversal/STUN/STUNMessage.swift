import WireFormat

/// What every STUN message has (RFC 8489 §5).
enum STUNMessage {
    static let cookie: UInt32 = 0x2112_a442
    static let headerByteCount = 20
    /// Method Binding in the class of requests.
    static let bindingRequest: UInt16 = 0x0001
    /// Method Binding in the class of successes.
    static let bindingSuccess: UInt16 = 0x0101
    /// Method Binding in the class of errors.
    static let bindingError: UInt16 = 0x0111

    /// The value of a FINGERPRINT attribute behind `message`, whose header counts the attribute already (§14.7).
    static func fingerprint(of message: RawSpan) -> UInt32 {
        var register: UInt32 = ~0
        for offset in message.byteOffsets {
            register ^= UInt32(message.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
            for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 0 ? 0 : 0xedb8_8320) }
        }
        return ~register ^ 0x5354_554e
    }
}

/// Types of attributes (RFC 8489 §18.3).
enum STUNAttribute {
    static let mappedAddress: UInt16 = 0x0001
    static let changeRequest: UInt16 = 0x0003
    static let messageIntegrity: UInt16 = 0x0008
    static let errorCode: UInt16 = 0x0009
    static let unknownAttributes: UInt16 = 0x000a
    static let messageIntegritySHA256: UInt16 = 0x001c
    static let xorMappedAddress: UInt16 = 0x0020
    static let fingerprint: UInt16 = 0x8028

    static func isIntegrity(_ kind: UInt16) -> Bool { kind == messageIntegrity || kind == messageIntegritySHA256 }

    /// Whether a server without credentials can answer although `kind` is there: it may be left alone (the upper half),
    /// or it belongs to credentials (USERNAME, MESSAGE-INTEGRITY, REALM, NONCE, and what RFC 8489 added), which the
    /// Binding usage does without (§12).
    static func isUnderstood(_ kind: UInt16) -> Bool {
        switch kind {
        case 0x8000...: true
        case 0x0006, messageIntegrity, 0x0014, 0x0015, messageIntegritySHA256, 0x001d, 0x001e: true
        default: false
        }
    }
}
