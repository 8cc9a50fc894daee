import NetworkTypes
import WireFormat

extension MACAddress {
    /// ff:ff:ff:ff:ff:ff.
    static let broadcast = MACAddress(rawValue: 0xffff_ffff_ffff)

    /// Whether it can be one station's own address: neither a group's nor all zero.
    var isStation: Bool { rawValue >> 40 & 1 == 0 && rawValue != 0 }

    /// Where frames to an IPv6 multicast group go (RFC 2464 §7).
    static func group(of address: IPAddress) -> MACAddress {
        MACAddress(rawValue: 0x3333 << 32 | address.low & 0xffff_ffff)
    }
}

extension WireReader {
    /// The 6 bytes of an Ethernet address.
    mutating func readMACAddress() throws(WireError) -> MACAddress {
        let high = try readUInt16()
        return MACAddress(rawValue: UInt64(high) << 32 | UInt64(try readUInt32()))
    }

    /// An IPv4 address without a family byte.
    mutating func readIPv4() throws(WireError) -> IPAddress { IPAddress(v4: try readUInt32()) }

    /// An IPv6 address without a family byte.
    mutating func readIPv6() throws(WireError) -> IPAddress {
        let high = try readUInt64()
        return IPAddress(v6High: high, low: try readUInt64())
    }
}

extension WireWriter {
    /// The 6 bytes of an Ethernet address.
    mutating func write(_ mac: MACAddress) { write(raw: mac.bytes) }

    /// An address's 4 or 16 bytes without a family byte.
    mutating func write(bare address: IPAddress) { write(raw: address.bytes) }
}
