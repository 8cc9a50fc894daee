/// Where the parts of a packet stand that an ICMP error carries (RFC 792, RFC 4443 §2.4): its beginning, often cut
/// off.
struct QuotedPacket {
    let isV6: Bool
    /// The protocol of the transport header; `nil` where none begins in what is there.
    let transportProtocol: UInt8?
    let transportOffset: Int
    /// Bytes that are there of the packet.
    let byteCount: Int
    /// The checksum covers another destination than the header's.
    let hasRoutingHeader: Bool

    /// Looks at a packet of which `available` bytes are there; `nil` without a whole IP header of the family.
    init?(_ bytes: UnsafeRawPointer, available: Int, isV6: Bool) {
        guard available >= (isV6 ? 40 : 20), bytes.byte(0) >> 4 == (isV6 ? 6 : 4) else { return nil }
        self.isV6 = isV6
        var chain: HeaderChain
        let isWhole: Bool
        if isV6 {
            // Behind the packet may stand zeros and extensions (RFC 4884 §4).
            byteCount = min(available, 40 + Int(bytes.word(4)))
            chain = HeaderChain(next: bytes.byte(6), offset: 40)
            isWhole = chain.walk(bytes, byteCount: byteCount)
        } else {
            let headerByteCount = Int(bytes.byte(0) & 15) * 4
            byteCount = min(available, Int(bytes.word(2)))
            guard headerByteCount >= 20, byteCount >= headerByteCount else { return nil }
            chain = HeaderChain(next: bytes.byte(9), offset: headerByteCount)
            chain.isLaterFragment = bytes.word(6) & 0x1fff != 0
            isWhole = true
        }
        transportProtocol = isWhole && !chain.isLaterFragment ? chain.next : nil
        transportOffset = chain.offset
        hasRoutingHeader = chain.hasRoutingHeader
    }
}
