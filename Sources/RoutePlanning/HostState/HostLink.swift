package import NetworkTypes

/// One network interface as the kernel has it.
package struct HostLink: Equatable, Sendable {
    /// The kernel's interface index.
    package var index: Int32
    package var name: String
    /// Administratively up (IFF_UP); a pulled cable leaves it up.
    package var isUp: Bool
    /// Carrier present (IFF_LOWER_UP).
    package var hasCarrier: Bool
    package var isLoopback: Bool
    /// Largest packet in bytes, without the link header.
    package var mtu: Int
    /// `nil` for links without an Ethernet address.
    package var mac: MACAddress?
    /// The driver's kind (`tun`, `veth`, `bridge`, ...); `nil` for physical interfaces.
    package var kind: String?
    /// Index of the bridge or bond that this link is a port of.
    package var masterIndex: Int32?

    package init(
        index: Int32, name: String, isUp: Bool, hasCarrier: Bool = true, isLoopback: Bool = false, mtu: Int = 1500,
        mac: MACAddress? = nil, kind: String? = nil, masterIndex: Int32? = nil
    ) {
        self.index = index
        self.name = name
        self.isUp = isUp
        self.hasCarrier = hasCarrier
        self.isLoopback = isLoopback
        self.mtu = mtu
        self.mac = mac
        self.kind = kind
        self.masterIndex = masterIndex
    }

    /// Index and name, as steps and reasons carry them.
    package var identity: LinkIdentity { LinkIdentity(index: index, name: name) }

    /// The kind of a bridge.
    package static let bridgeKind = "bridge"
}

/// What names an interface to the kernel (the index) and to an operator (the name).
package struct LinkIdentity: Hashable, Sendable {
    package let index: Int32
    package let name: String

    package init(index: Int32, name: String) {
        self.index = index
        self.name = name
    }
}
