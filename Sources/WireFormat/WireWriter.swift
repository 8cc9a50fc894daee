package import NetworkTypes

/// Builds a message of big-endian fields: the mirror of `WireReader`.
package struct WireWriter {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// One byte.
    package mutating func write(_ value: UInt8) { bytes.append(value) }

    /// Two bytes, most significant first.
    package mutating func write(_ value: UInt16) {
        write(UInt8(truncatingIfNeeded: value >> 8))
        write(UInt8(truncatingIfNeeded: value))
    }

    /// Four bytes, most significant first.
    package mutating func write(_ value: UInt32) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Eight bytes, most significant first.
    package mutating func write(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// The bytes as they are, without a length.
    package mutating func write(raw block: some Sequence<UInt8>) { bytes.append(contentsOf: block) }

    /// A 16-bit length and the bytes. The caller keeps blocks under 65,536 bytes.
    package mutating func write(block: [UInt8]) {
        precondition(block.count <= 65_535, "a block's length has 16 bits")
        write(UInt16(block.count))
        write(raw: block)
    }

    /// A 16-bit length and the text's UTF-8.
    package mutating func write(text: String) { write(block: Array(text.utf8)) }

    /// The 20 bytes of a node address.
    package mutating func write(_ node: NodeAddress) {
        write(node.high)
        write(node.middle)
        write(node.low)
    }

    /// A family byte (4 or 6) and the address's 4 or 16 bytes.
    package mutating func write(_ address: IPAddress) {
        write(address.family.rawValue)
        switch address.family {
        case .v4:
            write(UInt32(truncatingIfNeeded: address.low))
        case .v6:
            write(address.high)
            write(address.low)
        }
    }

    /// An address and a 16-bit port.
    package mutating func write(_ endpoint: Endpoint) {
        write(endpoint.address)
        write(endpoint.port)
    }

    /// An address and a length byte.
    package mutating func write(_ prefix: IPPrefix) {
        write(prefix.address)
        write(UInt8(prefix.length))
    }

    /// The 16-bit count of a list that follows.
    package mutating func write(count: Int) {
        precondition(count <= 65_535, "a list's count has 16 bits")
        write(UInt16(count))
    }
}
