/// A 48-bit Ethernet address.
public struct MACAddress: Hashable, Sendable {
    /// The lower 48 bits, first byte on the wire uppermost.
    public let rawValue: UInt64

    /// An address from its 48 bits; higher bits are ignored.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue & 0xffff_ffff_ffff
    }

    /// The 6 bytes in wire order.
    public var bytes: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: rawValue >> UInt64(40 - 8 * $0)) } }

    /// Whether frames to it go to several stations: broadcast and multicast (IEEE 802 §8.2).
    @inlinable
    public var isGroup: Bool { rawValue >> 40 & 1 == 1 }

    /// The virtual next hop's address: what every remote prefix lies behind on the overlay device, and at which a
    /// bridged LAN's hosts find the gateway. The same at every site, so that a host that moves need not ask again.
    /// Locally administered.
    public static let virtualNextHop = MACAddress(rawValue: 0x02_69_70_6f_70_01)

    /// The overlay device's own address. Locally administered, and among the highest: a bridge without an address of
    /// its own takes the lowest of its ports, which must not be this one.
    public static let overlayDevice = MACAddress(rawValue: 0xfe_69_70_6f_70_02)
}

extension MACAddress: CustomStringConvertible, LosslessStringConvertible {
    /// `02:69:70:6f:70:01`.
    public var description: String {
        bytes.map { Hexadecimal.encode([$0]) }.joined(separator: ":")
    }

    /// Reads six colon-separated pairs of hexadecimal digits.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts.allSatisfy({ $0.utf8.count == 2 }), let bytes = Hexadecimal.decode(parts.joined())
        else { return nil }
        self.init(rawValue: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }
}
