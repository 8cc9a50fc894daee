/// A running digest of everything that happened, in order: one seed gives one digest, on every machine.
package struct HistoryDigest: Equatable, Sendable {
    /// FNV-1a's basis and prime, over words in place of bytes.
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    /// Adds one word.
    @inline(__always)
    package mutating func add(_ word: UInt64) {
        // The rotation brings the upper bits down, where the product of the next word mixes them on.
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value = value << 29 | value >> 35
    }

    /// Adds a datagram: its length and sixteen of its bytes, from the middle and the end.
    package mutating func add(_ bytes: [UInt8]) {
        add(UInt64(bytes.count))
        guard bytes.count >= 16 else {
            for byte in bytes { add(UInt64(byte)) }
            return
        }
        bytes.withUnsafeBytes { buffer in
            add(UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: buffer.count / 2, as: UInt64.self)))
            add(UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: buffer.count / 4, as: UInt64.self)))
        }
    }
}
