/// The two families of internet addresses.
public enum AddressFamily: UInt8, Sendable, Hashable, Comparable {
    case v4 = 4
    case v6 = 6

    /// Bits in an address of this family: 32 or 128.
    public var bitCount: Int { self == .v4 ? 32 : 128 }

    /// Bytes in an address of this family: 4 or 16.
    public var byteCount: Int { bitCount / 8 }

    public static func < (lhs: AddressFamily, rhs: AddressFamily) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// An IPv4 or IPv6 address, without a zone. Ordered by family, then by value.
///
/// A v4 address lives in the lower 32 bits of `low`; an IPv4-mapped v6 address (::ffff:a.b.c.d) is a v6 address until
/// `canonical` turns it into the v4 address that it stands for.
public struct IPAddress: Hashable, Comparable, Sendable {
    public let family: AddressFamily
    /// The upper 64 bits of a v6 address; 0 for v4.
    public let high: UInt64
    /// The lower 64 bits of a v6 address; the 32 bits of a v4 address.
    public let low: UInt64

    /// A v4 address from its 32 bits, host byte order.
    public init(v4 value: UInt32) {
        family = .v4
        high = 0
        low = UInt64(value)
    }

    /// A v6 address from its two halves, host byte order.
    public init(v6High high: UInt64, low: UInt64) {
        family = .v6
        self.high = high
        self.low = low
    }

    /// A v4 address from its four numbers.
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        self.init(v4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
    }

    /// An address from its 4 or 16 bytes in network order; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self.init(v4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            self.init(
                v6High: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                low: bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) })
        default:
            return nil
        }
    }

    /// The 32 bits of a v4 address; `nil` for v6.
    public var v4Value: UInt32? { family == .v4 ? UInt32(truncatingIfNeeded: low) : nil }

    /// The 4 or 16 bytes in network order.
    public var bytes: [UInt8] {
        switch family {
        case .v4:
            return (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt64(24 - 8 * $0)) }
        case .v6:
            let upper = (0..<8).map { UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * $0)) }
            let lower = (0..<8).map { UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * $0)) }
            return upper + lower
        }
    }

    /// An IPv4-mapped v6 address as the v4 address it stands for; every other address unchanged.
    public var canonical: IPAddress {
        guard family == .v6, high == 0, low >> 32 == 0xffff else { return self }
        return IPAddress(v4: UInt32(truncatingIfNeeded: low))
    }

    /// 0.0.0.0 or ::.
    public var isUnspecified: Bool { high == 0 && low == 0 }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { family == .v4 ? low >> 24 == 127 : high == 0 && low == 1 }

    /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 §2.5.6).
    public var isLinkLocal: Bool { family == .v4 ? low >> 16 == 0xa9fe : high >> 54 == 0x3fa }

    /// 224.0.0.0/4 or ff00::/8.
    public var isMulticast: Bool { family == .v4 ? low >> 28 == 0xe : high >> 56 == 0xff }

    /// The address `offset` places further on; wraps within the family.
    public func advanced(by offset: UInt64) -> IPAddress {
        switch family {
        case .v4:
            return IPAddress(v4: UInt32(truncatingIfNeeded: low &+ offset))
        case .v6:
            let (sum, overflow) = low.addingReportingOverflow(offset)
            return IPAddress(v6High: overflow ? high &+ 1 : high, low: sum)
        }
    }

    public static func < (lhs: IPAddress, rhs: IPAddress) -> Bool {
        if lhs.family != rhs.family { return lhs.family < rhs.family }
        if lhs.high != rhs.high { return lhs.high < rhs.high }
        return lhs.low < rhs.low
    }
}
