// Fields of packets in network order, where they lie.
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
