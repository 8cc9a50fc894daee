/// A gateway's place on the 160-bit ring: the first 160 bits of SHA-256 over its certificate's SubjectPublicKeyInfo.
///
/// Self-certifying: who holds the key holds the address. Ordered as an unsigned number.
public struct NodeAddress: Hashable, Comparable, Sendable {
    /// Bits 159 to 96.
    public let high: UInt64
    /// Bits 95 to 32.
    public let middle: UInt64
    /// Bits 31 to 0.
    public let low: UInt32

    public init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// Bytes of an address on the wire.
    public static let byteCount = 20

    /// An address from its 20 bytes in network order; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(
            high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
            middle: bytes.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
            low: bytes.suffix(4).reduce(0) { $0 << 8 | UInt32($1) })
    }

    /// The 20 bytes in network order.
    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: middle >> UInt64(56 - 8 * $0)) }
            + (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt32(24 - 8 * $0)) }
    }

    public static func < (lhs: NodeAddress, rhs: NodeAddress) -> Bool {
        if lhs.high != rhs.high { return lhs.high < rhs.high }
        if lhs.middle != rhs.middle { return lhs.middle < rhs.middle }
        return lhs.low < rhs.low
    }
}

extension NodeAddress: CustomStringConvertible, LosslessStringConvertible {
    /// 40 lower-case hexadecimal digits.
    public var description: String { Hexadecimal.encode(bytes) }

    /// `3f9a..c21e`: enough to tell two gateways apart on a screen.
    public var abbreviated: String {
        let text = description
        return "\(text.prefix(4))..\(text.suffix(4))"
    }

    /// Reads 40 hexadecimal digits.
    public init?(_ text: String) {
        guard let bytes = Hexadecimal.decode(text) else { return nil }
        self.init(bytes: bytes)
    }
}

/// Bytes as lower-case hexadecimal text.
public enum Hexadecimal {
    /// Two digits a byte, no separators.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of an even number of hexadecimal digits of either case; `nil` for anything else.
    public static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let upper = Character(UnicodeScalar(digits[index])).hexDigitValue,
                let lower = Character(UnicodeScalar(digits[index + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(upper << 4 | lower))
        }
        return bytes
    }
}
