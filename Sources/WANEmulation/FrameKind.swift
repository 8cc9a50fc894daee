/// Whether a frame is traffic or keeps the link itself going.
package enum FrameKind {
    /// The bytes that must be there to tell: Ethernet, IPv6, and the first byte of ICMPv6.
    package static let byteCount = 55

    /// True for unicast IPv4 and IPv6 but neighbour discovery (RFC 4861 §4, types 133 to 137). Address resolution and
    /// what goes to a group is of no site's doing, and would make losses depend on when it happens.
    package static func isTraffic(_ frame: UnsafeRawBufferPointer) -> Bool {
        guard frame.count >= 34, frame[0] & 1 == 0 else { return false }
        switch (frame[12], frame[13]) {
        case (0x08, 0x00):
            return true
        case (0x86, 0xdd):
            let isICMP = frame.count >= byteCount && frame[20] == 58
            return !(isICMP && (133...137).contains(frame[54]))
        default:
            return false
        }
    }
}
