package import NetworkTypes

/// The checksum of IP, UDP and ICMP (RFC 1071) over bytes that come piece by piece.
package struct InternetSum {
    private var sum: UInt16 = 0

    package init() {}

    /// Begins with the pseudo-header of a transport (RFC 768, RFC 8200 §8.1).
    package init(from source: IPAddress, to destination: IPAddress, transport: UInt8, byteCount: Int) {
        add(source.bytes)
        add(destination.bytes)
        sum = InternetChecksum.add(sum, InternetChecksum.fold(UInt64(transport) + UInt64(byteCount)))
    }

    /// Adds bytes from an even place on; an odd last one counts as the upper half of a word.
    package mutating func add(_ bytes: [UInt8]) { add(bytes.span.bytes) }

    /// Adds what a span holds, likewise.
    package mutating func add(_ bytes: RawSpan) {
        sum = bytes.withUnsafeBytes { memory in
            memory.baseAddress.map { InternetChecksum.sum($0, memory.count, start: sum) } ?? sum
        }
    }

    /// What goes into the checksum's field. Over what holds its checksum already it is 0, if that is right.
    package var checksum: UInt16 { ~sum }
}
