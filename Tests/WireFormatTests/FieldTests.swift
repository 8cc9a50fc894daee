import NetworkTypes
import Testing
import WireFormat

/// Reading and writing of every kind of field, and what a reader says of bytes that are none.
@Suite struct FieldTests {
    private static let node = NodeAddress(high: 1, middle: 2, low: 3)
    private static let endpoints = [Endpoint("192.0.2.1:7867")!, Endpoint("[2001:db8::1]:1")!]
    private static let prefixes = [IPPrefix("10.0.0.0/8")!, IPPrefix("2001:db8::/32")!, IPPrefix("::/0")!]

    private var message: [UInt8] {
        var writer = WireWriter()
        writer.write(UInt8(0xab))
        writer.write(UInt16(0x0102))
        writer.write(UInt32(0x0304_0506))
        writer.write(UInt64(0x0708_090a_0b0c_0d0e))
        writer.write(text: "größe")
        writer.write(block: [9, 8, 7])
        writer.write(Self.node)
        writer.write(count: Self.endpoints.count)
        for endpoint in Self.endpoints { writer.write(endpoint) }
        for prefix in Self.prefixes { writer.write(prefix) }
        return writer.bytes
    }

    /// The fields of a message, in its order.
    private struct Fields: Equatable {
        var numbers: [UInt64] = [0xab, 0x0102, 0x0304_0506, 0x0708_090a_0b0c_0d0e]
        var text = "größe"
        var block: [UInt8] = [9, 8, 7]
        var node = FieldTests.node
        var endpoints = FieldTests.endpoints
        var prefixes = FieldTests.prefixes
    }

    private func read(_ bytes: [UInt8]) throws(WireError) -> Fields {
        var reader = WireReader(bytes.span.bytes)
        var fields = Fields()
        fields.numbers = [
            UInt64(try reader.readUInt8()), UInt64(try reader.readUInt16()), UInt64(try reader.readUInt32()),
            try reader.readUInt64(),
        ]
        fields.text = try reader.readText("text", limit: 10)
        fields.block = try reader.readBlock("block", limit: 3)
        fields.node = try reader.readNodeAddress()
        fields.endpoints = []
        for _ in 0..<(try reader.readCount("endpoints", limit: 2)) {
            fields.endpoints.append(try reader.readEndpoint())
        }
        fields.prefixes = []
        for _ in 0..<3 { fields.prefixes.append(try reader.readPrefix()) }
        try reader.finish()
        return fields
    }

    @Test func `every kind of field survives the wire`() throws {
        #expect(try read(message) == Fields())
    }

    @Test func `numbers are big-endian and stand side by side`() {
        #expect(Array(message.prefix(15)) == [0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
    }

    @Test func `a message cut short is refused at every length`() {
        for count in 0..<message.count {
            #expect(throws: WireError.self) { try read(Array(message.prefix(count))) }
        }
    }

    @Test func `what is longer than its limit is refused before it is read`() {
        #expect(throws: WireError.tooLong(field: "block", count: 4, limit: 3)) {
            let bytes: [UInt8] = [0, 4, 1, 2, 3, 4]
            var reader = WireReader(bytes.span.bytes)
            _ = try reader.readBlock("block", limit: 3)
        }
    }

    @Test(
        arguments: [
            ([5, 1, 2, 3, 4, 8], WireError.unknownValue(field: "address family", value: 5)),
            ([4, 10, 0, 0, 1, 8], WireError.invalid(field: "prefix")),
            ([4, 10, 0, 0, 0, 33], WireError.invalid(field: "prefix")),
            ([4, 10, 0, 0, 0, 8, 0], WireError.trailingBytes(1)),
        ] as [([UInt8], WireError)])
    func `a prefix that is none is refused`(bytes: [UInt8], error: WireError) {
        #expect(throws: error) {
            var reader = WireReader(bytes.span.bytes)
            _ = try reader.readPrefix()
            try reader.finish()
        }
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: WireError.invalid(field: "name")) {
            let bytes: [UInt8] = [0, 2, 0xc3, 0x28]
            var reader = WireReader(bytes.span.bytes)
            _ = try reader.readText("name", limit: 10)
        }
    }
}
