import WireFormat

/// What the two ends of a link tell each other: why they keep it, and, between ring neighbours, who is beside them.
///
///     0          4          5        6
///     | version  | purposes | flags  | [left count, contacts, right count, contacts]
///
/// Flags: 1 routable, 2 lists follow. In a list, bit 7 of a contact's endpoint count says that it is routable.
package struct LinkStatus: Equatable, Sendable {
    /// Counts the statuses on this link: an older one that comes late is ignored.
    package var version: UInt32
    /// The sender's purposes for the link.
    package var purposes: RingPurposes
    /// Whether packets may be routed through the sender: it has found its place.
    package var isRoutable: Bool
    /// The sender's near links on either side, nearest first; `nil` on links where nobody needs them.
    package var neighbours: NeighbourLists?

    package init(version: UInt32, purposes: RingPurposes, isRoutable: Bool, neighbours: NeighbourLists?) {
        self.version = version
        self.purposes = purposes
        self.isRoutable = isRoutable
        self.neighbours = neighbours
    }

    func write(to writer: inout WireWriter) {
        writer.write(version)
        writer.write(purposes.rawValue)
        writer.write(UInt8((isRoutable ? 1 : 0) | (neighbours == nil ? 0 : 2)))
        if let neighbours { neighbours.write(to: &writer) }
    }

    init(reading reader: inout WireReader) throws(WireError) {
        version = try reader.readUInt32()
        purposes = RingPurposes(rawValue: try reader.readUInt8()).intersection(.known)
        let flags = try reader.readUInt8()
        isRoutable = flags & 1 != 0
        neighbours = flags & 2 != 0 ? try NeighbourLists(reading: &reader) : nil
    }
}

/// A member's near links on either side, nearest first. Only members with a live link are listed.
package struct NeighbourLists: Equatable, Sendable {
    package var left: [ListedNeighbour]
    package var right: [ListedNeighbour]

    package init(left: [ListedNeighbour], right: [ListedNeighbour]) {
        self.left = left
        self.right = right
    }

    func write(to writer: inout WireWriter) {
        for side in [left, right] {
            writer.write(UInt8(min(side.count, RingLimits.listedPerSide)))
            for listed in side.prefix(RingLimits.listedPerSide) {
                writer.write(listed.contact, flag: listed.isRoutable)
            }
        }
    }

    init(reading reader: inout WireReader) throws(WireError) {
        left = try Self.readSide(&reader)
        right = try Self.readSide(&reader)
    }

    private static func readSide(_ reader: inout WireReader) throws(WireError) -> [ListedNeighbour] {
        let count = Int(try reader.readUInt8())
        guard count <= RingLimits.listedPerSide else {
            throw .tooLong(field: "neighbours", count: count, limit: RingLimits.listedPerSide)
        }
        var side: [ListedNeighbour] = []
        side.reserveCapacity(count)
        for _ in 0..<count {
            let (contact, flag) = try reader.readFlaggedContact()
            side.append(ListedNeighbour(contact: contact, isRoutable: flag))
        }
        return side
    }
}
