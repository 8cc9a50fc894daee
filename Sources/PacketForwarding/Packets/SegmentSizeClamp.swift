import WireFormat

/// Lowers the maximum segment size that a TCP SYN announces, so that segments fit one datagram each (RFC 9293 §3.7.1).
enum SegmentSizeClamp {
    private static let synchronize: UInt8 = 2
    private static let optionEnd: UInt8 = 0
    private static let optionPadding: UInt8 = 1
    private static let optionSegmentSize: UInt8 = 2

    /// Looks at a TCP packet; a SYN's MSS option above what fits `payloadByteCount` bytes of IP packet is lowered to
    /// it.
    ///
    /// `hasPartialChecksum`: the checksum holds the pseudo-header's sum only, which does not cover options. Returns
    /// whether the packet was changed.
    static func apply(
        _ bytes: UnsafeMutableRawPointer, _ packet: InnerPacket, payloadByteCount: Int, hasPartialChecksum: Bool
    ) -> Bool {
        let header = UnsafeRawPointer(bytes) + packet.transportOffset
        guard packet.isTCP, header.byte(13) & synchronize != 0 else { return false }
        // RFC 6691 §2: fixed headers only; the sender takes its options off by itself.
        let limit = UInt16(clamping: payloadByteCount - (packet.isV6 ? 60 : 40))
        guard let offset = option(header, end: packet.transportHeaderByteCount) else { return false }
        let old = header.word(offset)
        guard old > limit else { return false }
        let mutable = bytes + packet.transportOffset
        mutable.setWord(limit, offset)
        if !hasPartialChecksum {
            // An option at an odd place lies across two of the words that are summed: bytes change their sides.
            let isOdd = offset & 1 == 1
            let checksum = InternetChecksum.updated(
                header.word(16), from: isOdd ? old.byteSwapped : old, to: isOdd ? limit.byteSwapped : limit)
            mutable.setWord(checksum, 16)
        }
        return true
    }

    /// Where the option's value stands in the TCP header.
    private static func option(_ header: UnsafeRawPointer, end: Int) -> Int? {
        var offset = 20
        while offset < end {
            switch header.byte(offset) {
            case optionEnd:
                return nil
            case optionPadding:
                offset += 1
            case optionSegmentSize:
                guard offset + 4 <= end, header.byte(offset + 1) == 4 else { return nil }
                return offset + 2
            default:
                guard offset + 2 <= end, header.byte(offset + 1) >= 2 else { return nil }
                offset += Int(header.byte(offset + 1))
            }
        }
        return nil
    }
}
