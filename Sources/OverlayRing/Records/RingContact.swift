package import NetworkTypes
import WireFormat

/// A member and how it may be reached.
package struct RingContact: Hashable, Sendable {
    package var node: NodeAddress
    /// At most `RingLimits.endpointsPerContact`; what is more is not sent.
    package var endpoints: [Endpoint]

    package init(node: NodeAddress, endpoints: [Endpoint]) {
        self.node = node
        self.endpoints = endpoints
    }
}

/// A contact in a neighbour list.
package struct ListedNeighbour: Hashable, Sendable {
    package var contact: RingContact
    /// Whether packets may be routed through it; not yet while it joins.
    package var isRoutable: Bool

    package init(contact: RingContact, isRoutable: Bool) {
        self.contact = contact
        self.isRoutable = isRoutable
    }
}

/// Why a link is kept. It lives while either end has a purpose for it.
package struct RingPurposes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The way into the ring, until the ring has taken the member in.
    package static let leaf = RingPurposes(rawValue: 1 << 0)
    /// A ring neighbour.
    package static let near = RingPurposes(rawValue: 1 << 1)
    /// A long way round, by Symphony's distribution.
    package static let far = RingPurposes(rawValue: 1 << 2)
    /// Traffic.
    package static let shortcut = RingPurposes(rawValue: 1 << 3)

    static let known: RingPurposes = [.leaf, .near, .far, .shortcut]
}

extension WireWriter {
    /// The 20 bytes of an address, without an array on the way.
    mutating func write(address node: NodeAddress) {
        write(node.high)
        write(node.middle)
        write(node.low)
    }

    /// Address, count of endpoints (bit 7: `flag`), endpoints.
    mutating func write(_ contact: RingContact, flag: Bool = false) {
        write(address: contact.node)
        let endpoints = contact.endpoints.prefix(RingLimits.endpointsPerContact)
        write(UInt8(endpoints.count) | (flag ? 0x80 : 0))
        for endpoint in endpoints { write(endpoint) }
    }

    /// An 8-bit count and the contacts, at most `limit` of them.
    mutating func write(contacts: some Collection<RingContact>, limit: Int) {
        write(UInt8(min(contacts.count, limit)))
        for contact in contacts.prefix(limit) { write(contact) }
    }
}

extension WireReader {
    mutating func readAddress() throws(WireError) -> NodeAddress {
        let high = try readUInt64()
        let middle = try readUInt64()
        return NodeAddress(high: high, middle: middle, low: try readUInt32())
    }

    mutating func readFlaggedContact() throws(WireError) -> (contact: RingContact, flag: Bool) {
        let node = try readAddress()
        let byte = try readUInt8()
        let count = Int(byte & 0x7f)
        guard count <= RingLimits.endpointsPerContact else {
            throw .tooLong(field: "endpoints", count: count, limit: RingLimits.endpointsPerContact)
        }
        var endpoints: [Endpoint] = []
        endpoints.reserveCapacity(count)
        for _ in 0..<count { endpoints.append(try readEndpoint()) }
        return (RingContact(node: node, endpoints: endpoints), byte & 0x80 != 0)
    }

    mutating func readContacts(limit: Int) throws(WireError) -> [RingContact] {
        let count = Int(try readUInt8())
        guard count <= limit else { throw .tooLong(field: "contacts", count: count, limit: limit) }
        var contacts: [RingContact] = []
        contacts.reserveCapacity(count)
        for _ in 0..<count { contacts.append(try readFlaggedContact().contact) }
        return contacts
    }
}
