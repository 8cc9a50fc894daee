import LinkSecurity
import NetworkTypes
import WireFormat

/// Holds the keys of one site for another and seals what it likes: an honest sender in slow motion, or a member that
/// has gone bad.
struct RawPeer {
    let from: Site
    let to: Site
    var number: UInt32 = 1
    var counter: UInt64 = 0

    init(_ from: Site, to: Site, number: UInt32 = 1) {
        self.from = from
        self.to = to
        self.number = number
    }

    mutating func seal(_ type: SealedType, _ flags: SealedFlags = [], _ plaintext: [UInt8]) -> [UInt8] {
        defer { counter += 1 }
        var datagram = [UInt8](repeating: 0, count: plaintext.count + SealedHeader.overhead)
        let header = SealedHeader(
            type: type, epoch: UInt8(number), flags: flags, receiverIndex: Site.index(to.node, from.node, number),
            counter: counter)
        let cipher = TestCipher(key: Site.key(from.node, to.node, number))
        datagram.withUnsafeMutableBytes { bytes in
            plaintext.withUnsafeBytes { plain in
                guard let base = bytes.baseAddress else { return }
                header.write(to: base)
                cipher.seal(
                    header: base, plaintext: plain.baseAddress ?? UnsafeRawPointer(base), byteCount: plain.count,
                    output: base + SealedHeader.byteCount)
            }
        }
        return datagram
    }

    /// The slices of `content`, `size` bytes each.
    mutating func slices(_ content: [UInt8], size: Int, flags: SealedFlags = []) -> [[UInt8]] {
        stride(from: 0, to: content.count, by: size).map { start in
            var sliceFlags = flags
            sliceFlags.sliceIndex = start / size
            let end = min(start + size, content.count)
            if end == content.count { sliceFlags.insert(.last) }
            return seal(.slice, sliceFlags, Array(content[start..<end]))
        }
    }
}
