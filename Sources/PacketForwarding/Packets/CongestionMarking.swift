import WireFormat

/// Explicit congestion notification through a tunnel: RFC 6040, normal mode.
enum CongestionMarking {
    static let notCapable: UInt8 = 0
    static let capable1: UInt8 = 1
    static let capable0: UInt8 = 2
    static let experienced: UInt8 = 3

    /// The ECN field of the packet that leaves the tunnel, from those of the inner and the outer header; `nil` when the
    /// packet must be dropped (RFC 6040 §4.2, figure 4).
    static func leaving(inner: UInt8, outer: UInt8) -> UInt8? {
        switch (inner & 3, outer & 3) {
        case (notCapable, experienced): nil
        case (notCapable, _): notCapable
        case (_, experienced): experienced
        case (capable0, capable1): capable1
        default: inner & 3
        }
    }

    /// Sets the ECN field of the packet at `bytes` and mends the IPv4 header checksum.
    static func set(_ field: UInt8, _ bytes: UnsafeMutableRawPointer, isV6: Bool) {
        let old = UnsafeRawPointer(bytes).word(0)
        if isV6 {
            bytes.setWord(old & ~0x30 | UInt16(field) << 4, 0)
        } else {
            let new = old & ~3 | UInt16(field)
            bytes.setWord(new, 0)
            bytes.setWord(InternetChecksum.updated(UnsafeRawPointer(bytes).word(10), from: old, to: new), 10)
        }
    }
}
