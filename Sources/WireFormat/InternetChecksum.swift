/// The checksum of IP, TCP, UDP and ICMP (RFC 1071), and how to mend it when a word changes (RFC 1624).
package enum InternetChecksum {
    /// The ones' complement sum of `byteCount` bytes, not complemented, added to `start`.
    @inlinable
    package static func sum(_ bytes: UnsafeRawPointer, _ byteCount: Int, start: UInt16 = 0) -> UInt16 {
        // Sums of 64-bit words in either byte order fold to the same 16-bit sum, byte order apart (RFC 1071 §2 B).
        var total = UInt64(start.byteSwapped)
        var carries: UInt64 = 0
        var offset = 0
        while offset + 8 <= byteCount {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let (partial, overflow) = total.addingReportingOverflow(word)
            total = partial
            carries &+= overflow ? 1 : 0
            offset += 8
        }
        var tail: UInt64 = 0
        var shift: UInt64 = 0
        while offset < byteCount {
            tail |= UInt64(bytes.load(fromByteOffset: offset, as: UInt8.self)) << shift
            shift += 8
            offset += 1
        }
        let (partial, overflow) = total.addingReportingOverflow(tail)
        carries &+= overflow ? 1 : 0
        return fold(partial >> 32 + partial & 0xffff_ffff + carries).byteSwapped
    }

    /// A sum brought down to 16 bits.
    @inlinable
    package static func fold(_ sum: UInt64) -> UInt16 {
        var folded = sum >> 32 + sum & 0xffff_ffff
        folded = folded >> 16 + folded & 0xffff
        folded = folded >> 16 + folded & 0xffff
        folded = folded >> 16 + folded & 0xffff
        return UInt16(truncatingIfNeeded: folded)
    }

    /// The ones' complement sum of two words.
    @inlinable
    package static func add(_ left: UInt16, _ right: UInt16) -> UInt16 {
        let sum = UInt32(left) + UInt32(right)
        return UInt16(truncatingIfNeeded: sum >> 16 + sum & 0xffff)
    }

    /// The checksum after a word that it covers has changed: equation 3 of RFC 1624.
    @inlinable
    package static func updated(_ checksum: UInt16, from old: UInt16, to new: UInt16) -> UInt16 {
        ~add(add(~checksum, ~old), new)
    }
}
