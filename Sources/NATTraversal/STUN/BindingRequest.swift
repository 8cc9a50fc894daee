import NetworkTypes
import WireFormat

/// What a datagram asks a STUN server for: its own endpoint as the server sees it.
///
/// RFC 8489 §5 and §6; without the magic cookie it is a request of RFC 3489 §8.1. Reading allocates nothing.
package struct BindingRequest {
    /// What is to be answered.
    package enum Meaning: Equatable, Sendable {
        /// The endpoint.
        case mappedEndpoint
        /// Attributes that must be understood and are not (RFC 8489 §6.3.1).
        case unknownAttributes
    }

    /// The 16 bytes that an answer repeats: cookie and transaction, as two words.
    let transaction: (high: UInt64, low: UInt64)
    /// Attributes that must be understood and are not: the first so many of `unknownLimit`.
    private(set) var unknown: InlineArray<8, UInt16> = .init(repeating: 0)
    private(set) var unknownCount = 0
    /// The request ends with a fingerprint, so the answer must.
    private(set) var hasFingerprint = false

    /// The longest request that is looked at (RFC 8489 §6.1: what fits where the path MTU is unknown).
    static let byteCountLimit = 548
    /// Unknown attributes that an answer names.
    static let unknownLimit = 8

    /// A request from before the magic cookie (RFC 3489).
    package var isClassic: Bool { UInt32(truncatingIfNeeded: transaction.high >> 32) != STUNMessage.cookie }

    /// What is to be answered.
    package var meaning: Meaning { unknownCount == 0 ? .mappedEndpoint : .unknownAttributes }

    /// Whether a datagram has the header of a Binding request of its own length. Costs next to nothing, so that floods
    /// of anything else do too.
    package static func hasHeader(_ datagram: RawSpan) -> Bool {
        guard datagram.byteCount >= STUNMessage.headerByteCount, datagram.byteCount <= byteCountLimit else {
            return false
        }
        var reader = WireReader(datagram)
        guard let kind = try? reader.readUInt16(), let count = try? reader.readUInt16() else { return false }
        return kind == STUNMessage.bindingRequest && count % 4 == 0 && Int(count) == reader.left - 16
    }

    /// Reads a request. `nil` for what is to be left unanswered: anything else than a Binding request, one that is
    /// malformed or has a wrong fingerprint, and an RFC 3489 request for an answer from another address than this one.
    package init?(reading datagram: RawSpan) {
        guard Self.hasHeader(datagram) else { return nil }
        var reader = WireReader(datagram)
        do throws(WireError) {
            try reader.skip(4)
            transaction = (try reader.readUInt64(), try reader.readUInt64())
            // What follows an integrity attribute is not covered by it, and ignored but for a fingerprint (§14.5).
            var isSigned = false
            while reader.left > 0 {
                let start = datagram.byteCount - reader.left
                let kind = try reader.readUInt16()
                let byteCount = Int(try reader.readUInt16())
                if kind == STUNAttribute.fingerprint {
                    guard byteCount == 4, reader.left == 4,
                        try reader.readUInt32() == STUNMessage.fingerprint(of: datagram.extracting(..<start))
                    else { return nil }
                    hasFingerprint = true
                } else if kind == STUNAttribute.changeRequest, byteCount == 4 {
                    guard take(changes: try reader.readUInt32()) else { return nil }
                } else {
                    try reader.skip((byteCount + 3) / 4 * 4)
                    if !isSigned { take(kind) }
                }
                isSigned = isSigned || STUNAttribute.isIntegrity(kind)
            }
        } catch {
            return nil
        }
    }

    /// RFC 3489 §11.2.4: an answer is asked for from another address or port. There is only this one. The clients of
    /// that time take any answer for the one they asked for, so they get none; others are told (RFC 5780 §7.2).
    private mutating func take(changes: UInt32) -> Bool {
        if changes == 0 { return true }
        if isClassic { return false }
        take(STUNAttribute.changeRequest, isKnown: false)
        return true
    }

    private mutating func take(_ kind: UInt16) { take(kind, isKnown: STUNAttribute.isUnderstood(kind)) }

    private mutating func take(_ kind: UInt16, isKnown: Bool) {
        guard !isKnown, unknownCount < Self.unknownLimit else { return }
        unknown[unknownCount] = kind
        unknownCount += 1
    }
}
