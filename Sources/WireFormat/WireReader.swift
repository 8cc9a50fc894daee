package import NetworkTypes

/// Reads big-endian fields from a borrowed message without copying it.
package struct WireReader: ~Copyable, ~Escapable {
    private let bytes: RawSpan
    private var position = 0

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// Bytes not read yet.
    package var left: Int { bytes.byteCount - position }

    /// The next byte.
    package mutating func readUInt8() throws(WireError) -> UInt8 {
        try require(1)
        defer { position += 1 }
        return bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
    }

    /// The next two bytes, most significant first.
    package mutating func readUInt16() throws(WireError) -> UInt16 {
        try require(2)
        defer { position += 2 }
        return UInt16(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt16.self))
    }

    /// The next four bytes, most significant first.
    package mutating func readUInt32() throws(WireError) -> UInt32 {
        try require(4)
        defer { position += 4 }
        return UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    /// The next eight bytes, most significant first.
    package mutating func readUInt64() throws(WireError) -> UInt64 {
        try require(8)
        defer { position += 8 }
        return UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// Copies the next `count` bytes.
    package mutating func readBytes(_ count: Int) throws(WireError) -> [UInt8] {
        try require(count)
        defer { position += count }
        let from = position
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count {
                buffer[index] = bytes.unsafeLoad(fromByteOffset: from + index, as: UInt8.self)
            }
            initialized = count
        }
    }

    /// A 16-bit length, at most `limit`, and so many bytes.
    package mutating func readBlock(_ field: String, limit: Int) throws(WireError) -> [UInt8] {
        let count = Int(try readUInt16())
        guard count <= limit else { throw .tooLong(field: field, count: count, limit: limit) }
        return try readBytes(count)
    }

    /// Passes over the next `count` bytes.
    package mutating func skip(_ count: Int) throws(WireError) {
        try require(count)
        position += count
    }

    /// A 16-bit length, at most `limit`, and so many bytes of UTF-8.
    package mutating func readText(_ field: String, limit: Int) throws(WireError) -> String {
        let block = try readBlock(field, limit: limit)
        guard let text = String(validating: block, as: UTF8.self) else { throw .invalid(field: field) }
        return text
    }

    /// The 20 bytes of a node address.
    package mutating func readNodeAddress() throws(WireError) -> NodeAddress {
        let high = try readUInt64()
        let middle = try readUInt64()
        return NodeAddress(high: high, middle: middle, low: try readUInt32())
    }

    /// A family byte (4 or 6) and the address's 4 or 16 bytes.
    package mutating func readIPAddress() throws(WireError) -> IPAddress {
        let tag = try readUInt8()
        guard let family = AddressFamily(rawValue: tag) else {
            throw .unknownValue(field: "address family", value: UInt64(tag))
        }
        switch family {
        case .v4:
            return IPAddress(v4: try readUInt32())
        case .v6:
            let high = try readUInt64()
            return IPAddress(v6High: high, low: try readUInt64())
        }
    }

    /// An address and a 16-bit port.
    package mutating func readEndpoint() throws(WireError) -> Endpoint {
        let address = try readIPAddress()
        return Endpoint(address: address, port: try readUInt16())
    }

    /// An address and a length byte; set host bits are an error.
    package mutating func readPrefix() throws(WireError) -> IPPrefix {
        let address = try readIPAddress()
        let length = Int(try readUInt8())
        let prefix = IPPrefix(containing: address, length: length)
        guard length <= address.family.bitCount, prefix.address == address else { throw .invalid(field: "prefix") }
        return prefix
    }

    /// A 16-bit count, at most `limit`, for a list that follows.
    package mutating func readCount(_ field: String, limit: Int) throws(WireError) -> Int {
        let count = Int(try readUInt16())
        guard count <= limit else { throw .tooLong(field: field, count: count, limit: limit) }
        return count
    }

    /// Ends the message: an error when bytes are left.
    package func finish() throws(WireError) {
        guard left == 0 else { throw .trailingBytes(left) }
    }

    private func require(_ count: Int) throws(WireError) {
        guard count <= left else { throw .truncated(needed: count, left: left) }
    }
}
