package import NetworkTypes
package import WireFormat

/// Asks whoever it is delivered to for a link: both ends then dial, so that both NATs let the other in.
///
///     0       4          5        6
///     | token | purposes | flags  | contact | [via]
package struct ConnectRequest: Equatable, Sendable {
    /// The routed packet's kind.
    static let kind: UInt8 = 0

    /// Repeated in the answer.
    package var token: UInt32
    /// What the sender wants the link for.
    package var purposes: RingPurposes
    /// The sender.
    package var contact: RingContact
    /// The member over which the answer finds the sender, when the ring does not know it yet.
    package var via: NodeAddress?

    package init(token: UInt32, purposes: RingPurposes, contact: RingContact, via: NodeAddress?) {
        self.token = token
        self.purposes = purposes
        self.contact = contact
        self.via = via
    }

    /// The bytes of a routed packet's payload.
    package var encoded: [UInt8] {
        var writer = WireWriter(capacity: 96)
        writer.write(token)
        writer.write(purposes.rawValue)
        writer.write(UInt8(via == nil ? 0 : 1))
        writer.write(contact)
        if let via { writer.write(address: via) }
        return writer.bytes
    }

    package init(reading bytes: RawSpan) throws(WireError) {
        var reader = WireReader(bytes)
        token = try reader.readUInt32()
        purposes = RingPurposes(rawValue: try reader.readUInt8()).intersection(.known)
        let hasVia = try reader.readUInt8() & 1 != 0
        contact = try reader.readFlaggedContact().contact
        via = hasVia ? try reader.readAddress() : nil
        try reader.finish()
    }
}

/// Answers a `ConnectRequest`: who got it, and who is beside it.
///
///     0       4          5
///     | token | purposes | contact | count, contacts
package struct ConnectResponse: Equatable, Sendable {
    /// The routed packet's kind.
    static let kind: UInt8 = 1

    package var token: UInt32
    package var purposes: RingPurposes
    /// The member that got the request.
    package var contact: RingContact
    /// Its near links, nearest first, sides in turn.
    package var neighbours: [RingContact]

    package init(token: UInt32, purposes: RingPurposes, contact: RingContact, neighbours: [RingContact]) {
        self.token = token
        self.purposes = purposes
        self.contact = contact
        self.neighbours = neighbours
    }

    /// The bytes of a routed packet's payload.
    package var encoded: [UInt8] {
        var writer = WireWriter(capacity: 320)
        writer.write(token)
        writer.write(purposes.rawValue)
        writer.write(contact)
        writer.write(contacts: neighbours, limit: RingLimits.contacts)
        return writer.bytes
    }

    package init(reading bytes: RawSpan) throws(WireError) {
        var reader = WireReader(bytes)
        token = try reader.readUInt32()
        purposes = RingPurposes(rawValue: try reader.readUInt8()).intersection(.known)
        contact = try reader.readFlaggedContact().contact
        neighbours = try reader.readContacts(limit: RingLimits.contacts)
        try reader.finish()
    }
}
