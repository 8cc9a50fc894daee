import WireFormat

/// Where the parts of an IP packet stand (RFC 791, RFC 8200), after its lengths were found to be sound.
///
/// A view without the bytes: every look goes to the packet itself, so it stays valid when fields are changed in place.
struct InnerPacket {
    static let tcp: UInt8 = 6
    static let udp: UInt8 = 17
    static let icmp: UInt8 = 1
    static let icmpV6: UInt8 = 58

    let isV6: Bool
    /// The whole packet, as its header says.
    let byteCount: Int
    /// Bytes of the IP header, with options or extension headers.
    let transportOffset: Int
    /// The protocol behind the IP header; of a later fragment, the protocol of the whole.
    let transportProtocol: UInt8
    /// A piece of a packet, first or later.
    let isFragment: Bool
    /// A piece that does not start with the transport header.
    let isLaterFragment: Bool
    /// An IPv6 routing header that is not used up stands between: the checksum covers another destination than the
    /// header's (RFC 8200 §8.1).
    let hasRoutingHeader: Bool
    /// Bytes of a TCP or UDP header that is there in full; 0 otherwise.
    let transportHeaderByteCount: Int

    /// Looks at a packet of which `available` bytes can be read; `nil` when a length is wrong. `available` may exceed
    /// the packet, as padding of short Ethernet frames does.
    init?(_ bytes: UnsafeRawPointer, available: Int) {
        guard available >= 20 else { return nil }
        var chain: HeaderChain
        switch bytes.byte(0) >> 4 {
        case 4:
            let headerByteCount = Int(bytes.byte(0) & 15) * 4
            byteCount = Int(bytes.word(2))
            guard headerByteCount >= 20, byteCount >= headerByteCount, byteCount <= available else { return nil }
            isV6 = false
            let fragment = bytes.word(6)
            chain = HeaderChain(next: bytes.byte(9), offset: headerByteCount)
            chain.isFragment = fragment & 0x3fff != 0
            chain.isLaterFragment = fragment & 0x1fff != 0
        case 6:
            guard available >= 40 else { return nil }
            byteCount = 40 + Int(bytes.word(4))
            guard byteCount <= available else { return nil }
            isV6 = true
            chain = HeaderChain(next: bytes.byte(6), offset: 40)
            guard chain.walk(bytes, byteCount: byteCount) else { return nil }
        default:
            return nil
        }
        transportOffset = chain.offset
        transportProtocol = chain.next
        isFragment = chain.isFragment
        isLaterFragment = chain.isLaterFragment
        hasRoutingHeader = chain.hasRoutingHeader
        transportHeaderByteCount = Self.transportHeader(bytes, chain: chain, byteCount: byteCount)
    }

    /// Transport bytes: the header and what it carries.
    var transportByteCount: Int { byteCount - transportOffset }

    /// IP and transport header together; only with a transport header.
    var headerByteCount: Int { transportOffset + transportHeaderByteCount }

    var isTCP: Bool { transportProtocol == Self.tcp && transportHeaderByteCount > 0 }
    var isUDP: Bool { transportProtocol == Self.udp && transportHeaderByteCount > 0 }

    /// Where the checksum stands in the transport header of TCP or UDP.
    var checksumOffset: Int { transportProtocol == Self.tcp ? 16 : 6 }

    /// Whether the checksum may be left to the far end, which computes the pseudo-header's sum anew.
    var canDeferChecksum: Bool { transportHeaderByteCount > 0 && !isFragment && !hasRoutingHeader }

    /// The TOS or traffic class byte.
    func trafficClass(_ bytes: UnsafeRawPointer) -> UInt8 {
        isV6 ? UInt8(truncatingIfNeeded: bytes.word(0) >> 4) : bytes.byte(1)
    }

    /// The sum of the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1) for a transport part of `transportByteCount` bytes.
    func pseudoHeaderSum(_ bytes: UnsafeRawPointer, transportByteCount: Int) -> UInt16 {
        let start = InternetChecksum.fold(UInt64(transportProtocol) + UInt64(transportByteCount))
        return isV6
            ? InternetChecksum.sum(bytes + 8, 32, start: start) : InternetChecksum.sum(bytes + 12, 8, start: start)
    }

    private static func transportHeader(_ bytes: UnsafeRawPointer, chain: HeaderChain, byteCount: Int) -> Int {
        let left = byteCount - chain.offset
        guard !chain.isLaterFragment else { return 0 }
        switch chain.next {
        case tcp:
            guard left >= 20 else { return 0 }
            let count = Int(bytes.byte(chain.offset + 12) >> 4) * 4
            return count >= 20 && count <= left ? count : 0
        case udp:
            return left >= 8 ? 8 : 0
        default:
            return 0
        }
    }
}
