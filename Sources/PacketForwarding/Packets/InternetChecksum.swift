/// The checksum of IP, TCP, UDP and ICMP (RFC 1071), and how to mend it when a word changes (RFC 1624).
enum InternetChecksum {
    /// The ones' complement sum of `byteCount` bytes, not complemented, added to `start`.
    static func sum(_ bytes: UnsafeRawPointer, _ byteCount: Int, start: UInt16 = 0) -> UInt16 {
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
    static func fold(_ sum: UInt64) -> UInt16 {
        var folded = sum >> 32 + sum & 0xffff_ffff
        folded = folded >> 16 + folded & 0xffff
        folded = folded >> 16 + folded & 0xffff
        folded = folded >> 16 + folded & 0xffff
        return UInt16(truncatingIfNeeded: folded)
    }

    /// The ones' complement sum of two words.
    static func add(_ left: UInt16, _ right: UInt16) -> UInt16 {
        let sum = UInt32(left) + UInt32(right)
        return UInt16(truncatingIfNeeded: sum >> 16 + sum & 0xffff)
    }

    /// The checksum after a word that it covers has changed: equation 3 of RFC 1624.
    static func updated(_ checksum: UInt16, from old: UInt16, to new: UInt16) -> UInt16 {
        ~add(add(~checksum, ~old), new)
    }
}

extension UnsafeRawPointer {
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }

    /// A 16-bit number in network order.
    @inline(__always)
    func word(_ offset: Int) -> UInt16 { UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)) }

    /// A 32-bit number in network order.
    @inline(__always)
    func doubleWord(_ offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// A 128-bit number in network order.
    @inline(__always)
    func wide(_ offset: Int) -> UInt128 {
        let high = UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let low = UInt64(bigEndian: loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
        return UInt128(high) << 64 | UInt128(low)
    }

    /// Whether `byteCount` bytes here and at `other` are the same.
    @inline(__always)
    func equals(_ other: UnsafeRawPointer, _ byteCount: Int) -> Bool {
        var offset = 0
        var difference: UInt64 = 0
        while offset + 8 <= byteCount {
            difference |=
                loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ^ other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < byteCount {
            difference |= UInt64(byte(offset) ^ other.byte(offset))
            offset += 1
        }
        return difference == 0
    }
}

extension UnsafeMutableRawPointer {
    @inline(__always)
    func setByte(_ value: UInt8, _ offset: Int) { storeBytes(of: value, toByteOffset: offset, as: UInt8.self) }

    /// Stores a 16-bit number in network order.
    @inline(__always)
    func setWord(_ value: UInt16, _ offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    /// Stores a 32-bit number in network order.
    @inline(__always)
    func setDoubleWord(_ value: UInt32, _ offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }
}
