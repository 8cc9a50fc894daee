package import NetworkTypes

/// One entry of the neighbour table (ARP or ND) of the overlay device, or a virtual next hop on its bridge.
package struct HostNeighbour: Hashable, Comparable, Sendable {
    package var linkIndex: Int32
    package var address: IPAddress
    /// `nil` while the kernel has not resolved it.
    package var mac: MACAddress?
    /// Never asked for and never expired.
    package var isPermanent: Bool

    package init(linkIndex: Int32, address: IPAddress, mac: MACAddress?, isPermanent: Bool) {
        self.linkIndex = linkIndex
        self.address = address
        self.mac = mac
        self.isPermanent = isPermanent
    }

    /// Whether it is a virtual next hop, wherever it stands.
    package var isNextHop: Bool { mac == .virtualNextHop && WantedHostNetwork.isNextHop(address) }

    package static func < (lhs: HostNeighbour, rhs: HostNeighbour) -> Bool {
        lhs.linkIndex != rhs.linkIndex ? lhs.linkIndex < rhs.linkIndex : lhs.address < rhs.address
    }
}

/// One policy routing rule: which table is asked, and when.
package struct PolicyRule: Hashable, Comparable, Sendable {
    package var family: AddressFamily
    /// Lower is asked first.
    package var priority: UInt32
    package var table: RoutingTable

    package init(family: AddressFamily, priority: UInt32, table: RoutingTable) {
        self.family = family
        self.priority = priority
        self.table = table
    }

    package static func < (lhs: PolicyRule, rhs: PolicyRule) -> Bool {
        if lhs.family != rhs.family { return lhs.family < rhs.family }
        if lhs.priority != rhs.priority { return lhs.priority < rhs.priority }
        return lhs.table < rhs.table
    }
}
