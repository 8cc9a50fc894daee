package import NetworkTypes
import WireFormat

/// A STUN server's answer to a Binding request, as bytes in a buffer of the caller's (RFC 8489 §6.3).
///
/// No larger than it must be: one attribute with the endpoint, no name of the software, no reason in words, and a
/// fingerprint only for those who have sent one.
package enum BindingAnswer {
    /// Room for any answer: header, error, eight unknown attributes, fingerprint.
    package static let byteCountLimit = 20 + 8 + 20 + 8

    /// Writes the answer for a client at `source` and returns its byte count. Allocates nothing.
    ///
    /// `buffer` has room for `byteCountLimit`.
    package static func write(
        to request: BindingRequest, from source: Endpoint, into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(buffer.count >= byteCountLimit, "the caller gives room for any answer")
        var writer = FieldWriter(buffer: buffer)
        let isSuccess = request.meaning == .mappedEndpoint
        writer.write(isSuccess ? STUNMessage.bindingSuccess : STUNMessage.bindingError)
        writer.write(UInt16(0))
        writer.write(request.transaction.high)
        writer.write(request.transaction.low)
        if isSuccess { writeEndpoint(source, to: request, &writer) } else { writeFault(of: request, &writer) }
        writer.setLength(adding: request.hasFingerprint ? 8 : 0)
        if request.hasFingerprint {
            let written = UnsafeRawBufferPointer(rebasing: buffer[..<writer.count])
            let value = STUNMessage.fingerprint(of: written.bytes)
            writer.write(STUNAttribute.fingerprint)
            writer.write(UInt16(4))
            writer.write(value)
        }
        return writer.count
    }

    /// XOR-MAPPED-ADDRESS (§14.2), or MAPPED-ADDRESS (§14.1) for those who do not know the other.
    private static func writeEndpoint(_ source: Endpoint, to request: BindingRequest, _ writer: inout FieldWriter) {
        let mask = request.isClassic ? (high: 0, low: 0) : request.transaction
        let address = source.address
        writer.write(request.isClassic ? STUNAttribute.mappedAddress : STUNAttribute.xorMappedAddress)
        writer.write(UInt16(4 + address.family.byteCount))
        writer.write(UInt16(address.family == .v4 ? 1 : 2))
        writer.write(source.port ^ UInt16(truncatingIfNeeded: mask.high >> 48))
        switch address.family {
        case .v4:
            writer.write(UInt32(truncatingIfNeeded: address.low) ^ UInt32(truncatingIfNeeded: mask.high >> 32))
        case .v6:
            writer.write(address.high ^ mask.high)
            writer.write(address.low ^ mask.low)
        }
    }

    /// ERROR-CODE 420 without a text, and UNKNOWN-ATTRIBUTES (§14.8, §14.13).
    private static func writeFault(of request: BindingRequest, _ writer: inout FieldWriter) {
        writer.write(STUNAttribute.errorCode)
        writer.write(UInt16(4))
        writer.write(UInt32(4 << 8 | 20))
        writer.write(STUNAttribute.unknownAttributes)
        writer.write(UInt16(2 * request.unknownCount))
        for index in 0..<request.unknownCount { writer.write(request.unknown[index]) }
        if request.unknownCount % 2 == 1 { writer.write(UInt16(0)) }
    }

    /// Writes big-endian fields one behind the other.
    private struct FieldWriter {
        let buffer: UnsafeMutableRawBufferPointer
        private(set) var count = 0

        init(buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

        mutating func write(_ field: UInt16) {
            buffer.storeBytes(of: field.bigEndian, toByteOffset: count, as: UInt16.self)
            count += 2
        }

        mutating func write(_ field: UInt32) {
            buffer.storeBytes(of: field.bigEndian, toByteOffset: count, as: UInt32.self)
            count += 4
        }

        mutating func write(_ field: UInt64) {
            buffer.storeBytes(of: field.bigEndian, toByteOffset: count, as: UInt64.self)
            count += 8
        }

        /// Puts the length of what follows the header into it, `more` bytes included that are still to come.
        func setLength(adding more: Int) {
            let length = UInt16(count - STUNMessage.headerByteCount + more)
            buffer.storeBytes(of: length.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
    }
}
