import NetworkTypes

/// The checksum of IP, UDP and ICMP (RFC 1071) over what services send and read: byte by byte, for a few packets a
/// second. The data path has one of its own.
struct InternetSum {
    private var sum: UInt32 = 0

    init() {}

    /// Begins with the pseudo-header of a transport (RFC 768, RFC 8200 §8.1).
    init(from source: IPAddress, to destination: IPAddress, transport: UInt8, byteCount: Int) {
        add(source.bytes)
        add(destination.bytes)
        add(UInt16(transport))
        add(UInt16(truncatingIfNeeded: byteCount))
    }

    /// Adds bytes from an even place on; an odd last one counts as the upper half of a word.
    mutating func add(_ bytes: [UInt8]) {
        for index in stride(from: 0, to: bytes.count, by: 2) {
            let low: UInt8 = index + 1 < bytes.count ? bytes[index + 1] : 0
            add(UInt16(bytes[index]) << 8 | UInt16(low))
        }
    }

    /// Adds what a span holds, likewise.
    mutating func add(_ bytes: RawSpan) {
        for index in stride(from: 0, to: bytes.byteCount, by: 2) {
            let high = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            let low = index + 1 < bytes.byteCount ? bytes.unsafeLoad(fromByteOffset: index + 1, as: UInt8.self) : 0
            add(UInt16(high) << 8 | UInt16(low))
        }
    }

    private mutating func add(_ word: UInt16) {
        sum += UInt32(word)
        sum = sum >> 16 + sum & 0xffff
    }

    /// What goes into the checksum's field. Over what holds its checksum already it is 0, if that is right.
    var checksum: UInt16 { ~UInt16(truncatingIfNeeded: sum) }
}
