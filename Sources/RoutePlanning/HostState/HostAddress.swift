package import NetworkTypes

/// One address of an interface.
package struct HostAddress: Hashable, Comparable, Sendable {
    /// The interface that holds the address.
    package var linkIndex: Int32
    package var address: IPAddress
    package var prefixLength: Int
    /// The far end of a point-to-point link, when it differs from `address`.
    package var peer: IPAddress?
    /// The address by which all hosts of the block are meant; v4 only.
    package var broadcast: IPAddress?
    package var scope: AddressScope
    package var flags: HostAddressFlags

    package init(
        linkIndex: Int32, address: IPAddress, prefixLength: Int, peer: IPAddress? = nil, broadcast: IPAddress? = nil,
        scope: AddressScope = .global, flags: HostAddressFlags = []
    ) {
        self.linkIndex = linkIndex
        self.address = address
        self.prefixLength = prefixLength
        self.peer = peer
        self.broadcast = broadcast
        self.scope = scope
        self.flags = flags
    }

    /// The family of the address.
    package var family: AddressFamily { address.family }

    /// The block that is reached directly through the interface because of this address.
    package var connectedPrefix: IPPrefix { IPPrefix(containing: peer ?? address, length: prefixLength) }

    /// Whether the kernel lets packets start from this address now.
    package var isUsable: Bool { flags.isDisjoint(with: [.tentative, .duplicate]) }

    /// Ordered by link, address, prefix length.
    package static func < (lhs: HostAddress, rhs: HostAddress) -> Bool {
        if lhs.linkIndex != rhs.linkIndex { return lhs.linkIndex < rhs.linkIndex }
        if lhs.address != rhs.address { return lhs.address < rhs.address }
        return lhs.prefixLength < rhs.prefixLength
    }
}

/// How far an address is valid (`RT_SCOPE_*` of rtnetlink(7)).
package struct AddressScope: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let global = AddressScope(rawValue: 0)
    package static let site = AddressScope(rawValue: 200)
    package static let link = AddressScope(rawValue: 253)
    package static let host = AddressScope(rawValue: 254)
}

/// The kernel's flags of an address that matter here (`IFA_F_*` of linux/if_addr.h).
package struct HostAddressFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// A second address of one v4 subnet, or a v6 privacy address (RFC 8981).
    package static let temporary = HostAddressFlags(rawValue: 0x01)
    /// Duplicate address detection failed (RFC 4862 §5.4).
    package static let duplicate = HostAddressFlags(rawValue: 0x08)
    /// Past its preferred lifetime (RFC 4862 §5.5.4).
    package static let deprecated = HostAddressFlags(rawValue: 0x20)
    /// Duplicate address detection still runs.
    package static let tentative = HostAddressFlags(rawValue: 0x40)

    /// Not on loan: neither DHCP nor a router advertisement gave it.
    package static let permanent = HostAddressFlags(rawValue: 0x80)
    /// The kernel made no route to the address's block.
    package static let noPrefixRoute = HostAddressFlags(rawValue: 0x200)

    /// The flags that a state keeps; the kernel's other ones are dropped.
    package static let known: HostAddressFlags = [
        .temporary, .duplicate, .deprecated, .tentative, .permanent, .noPrefixRoute,
    ]
}
