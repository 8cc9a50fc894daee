import LinkSecurity

/// Not a cipher: XOR with a key stream of one word, and a 16-byte checksum over header, key and plaintext as tag. It
/// finds every change to a datagram, and allocates nothing.
final class TestCipher: PacketCipher {
    private let key: UInt64

    init(key: UInt64) {
        self.key = key
    }

    func seal(header: UnsafeRawPointer, plaintext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer) {
        let tag = self.tag(header: header, plaintext: plaintext, byteCount: byteCount)
        mix(plaintext, byteCount, output)
        output.storeBytes(of: tag, toByteOffset: byteCount, as: UInt64.self)
        output.storeBytes(of: ~tag, toByteOffset: byteCount + 8, as: UInt64.self)
    }

    func open(
        header: UnsafeRawPointer, ciphertext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) -> Bool {
        let plainByteCount = byteCount - 16
        mix(ciphertext, plainByteCount, output)
        let tag = self.tag(header: header, plaintext: output, byteCount: plainByteCount)
        return ciphertext.loadUnaligned(fromByteOffset: plainByteCount, as: UInt64.self) == tag
            && ciphertext.loadUnaligned(fromByteOffset: plainByteCount + 8, as: UInt64.self) == ~tag
    }

    private func mix(_ input: UnsafeRawPointer, _ byteCount: Int, _ output: UnsafeMutableRawPointer) {
        var offset = 0
        while offset + 8 <= byteCount {
            let word = input.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            output.storeBytes(of: word ^ key, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < byteCount {
            let byte = input.load(fromByteOffset: offset, as: UInt8.self)
            output.storeBytes(of: byte ^ UInt8(truncatingIfNeeded: key), toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
    }

    private func tag(header: UnsafeRawPointer, plaintext: UnsafeRawPointer, byteCount: Int) -> UInt64 {
        var hash = key &+ UInt64(byteCount)
        hash = Self.combine(hash, header.loadUnaligned(as: UInt64.self))
        hash = Self.combine(hash, header.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        var offset = 0
        while offset + 8 <= byteCount {
            hash = Self.combine(hash, plaintext.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        while offset < byteCount {
            hash = Self.combine(hash, UInt64(plaintext.load(fromByteOffset: offset, as: UInt8.self)))
            offset += 1
        }
        return hash
    }

    private static func combine(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let mixed = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
        return mixed ^ mixed >> 29
    }
}
