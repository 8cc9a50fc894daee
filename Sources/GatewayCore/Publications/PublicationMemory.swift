package import LinkSecurity
package import WireFormat

/// The publications that a member keeps over a restart, as they go to the disk. They are verified anew when they are
/// taken up.
///
///     label | count 1 | publications: kind 1, length 4, content | FNV-1a of all before 8
package struct PublicationMemory: Equatable, Sendable {
    /// One of each kind at most.
    package var items: [(kind: PublicationKind, content: [UInt8])]

    package init(_ items: [(kind: PublicationKind, content: [UInt8])]) {
        self.items = items
    }

    /// Bytes of the largest: label 18, count, for each kind a head of 5 and the content, sum.
    package static let byteCount = 27 + PublicationKind.allCases.count * (5 + PublicationLimits.contentByteCount)
    private static let label = Array("ipop-publication-1".utf8)

    package static func == (first: PublicationMemory, second: PublicationMemory) -> Bool {
        first.items.elementsEqual(second.items) { $0.kind == $1.kind && $0.content == $1.content }
    }

    /// What goes to the disk.
    package var encoded: [UInt8] {
        var writer = WireWriter(capacity: items.reduce(64) { $0 + $1.content.count })
        writer.write(raw: Self.label)
        writer.write(UInt8(items.count))
        for item in items {
            writer.write(item.kind.rawValue)
            writer.write(UInt32(item.content.count))
            writer.write(raw: item.content)
        }
        writer.write(Checksum.fnv1a(writer.bytes))
        return writer.bytes
    }

    /// Reads what came from the disk. What is not exactly as it was written is an error.
    package init(reading bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes.span.bytes)
        guard try reader.readBytes(Self.label.count) == Self.label else { throw .invalid(field: "label") }
        items = []
        for _ in 0..<(try reader.readUInt8()) {
            let tag = try reader.readUInt8()
            guard let kind = PublicationKind(rawValue: tag), !items.contains(where: { $0.kind == kind }) else {
                throw .unknownValue(field: "publication kind", value: UInt64(tag))
            }
            let count = Int(try reader.readUInt32())
            guard count <= PublicationLimits.contentByteCount else {
                throw .tooLong(field: "publication", count: count, limit: PublicationLimits.contentByteCount)
            }
            items.append((kind, try reader.readBytes(count)))
        }
        let covered = bytes.count - reader.left
        guard try reader.readUInt64() == Checksum.fnv1a(bytes[..<covered]) else { throw .invalid(field: "sum") }
        try reader.finish()
    }
}
