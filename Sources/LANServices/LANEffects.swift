package import NetworkTypes

/// What the services on the LAN want done, in order. One is reused: the driver drains it after every input.
package struct LANEffects: ~Copyable {
    /// One thing to do.
    package enum Effect: Equatable, Sendable {
        /// Send this Ethernet frame to the LAN; its checksums are complete.
        case send([UInt8])
        /// Hold an address in the grid, until `unregister` or its lifetime has passed. `registered` or `refused` brings
        /// the answer, and `lost` what becomes of it later. For an address that is held already this renews it; before
        /// another MAC gets an address it is given back.
        case register(LANRegistration)
        /// Let go of an address.
        case unregister(IPAddress)
        /// Who has an address? `resolved` brings the answer.
        case resolve(IPAddress)
        /// What addresses has a host of another site, or, without a name, its gateway? `nameFound` brings the answer.
        case findName(host: String, site: String)
        /// What is an address of another site called? `nameFound(of:)` brings the answer.
        case findNameOf(IPAddress)
        /// So many address blocks should be held in all; `blocksChanged` tells which are.
        case wantBlocks(Int)
        /// A host of this LAN may send and receive from now on, at that interface.
        case localHost(IPAddress, MACAddress)
        /// The address is no host of this LAN any more: nothing is sent to the LAN for it, nothing is taken from it.
        case localHostGone(IPAddress)
        /// Keep `LANServices.memory` over restarts.
        case memoryChanged
        case notice(LANNotice)
    }

    package private(set) var list: [Effect] = []

    package init() {}

    /// Adds an effect behind those that are there.
    package mutating func append(_ effect: Effect) { list.append(effect) }

    /// Forgets what has been carried out.
    package mutating func removeAll() { list.removeAll(keepingCapacity: list.count <= 64) }
}

/// An address that a host of this LAN has or is to have.
package struct LANRegistration: Equatable, Sendable {
    package let address: IPAddress
    package let mac: MACAddress
    /// A DNS label, if the host has said how it is called.
    package let name: String?
    package let origin: LANHostOrigin
    /// How long the grid holds the address without another word; `nil`: until it is given back.
    package let lifetimeSeconds: UInt32?

    package init(
        address: IPAddress, mac: MACAddress, name: String?, origin: LANHostOrigin, lifetimeSeconds: UInt32?
    ) {
        self.address = address
        self.mac = mac
        self.name = name
        self.origin = origin
        self.lifetimeSeconds = lifetimeSeconds
    }
}

/// What the grid knows of an address.
package enum AddressResolution: Equatable, Sendable {
    /// A host behind another gateway has it; its MAC is told where it is known. `isReachable`: packets to it would
    /// arrive.
    case remote(site: String, mac: MACAddress?, isReachable: Bool)
    case nobody
    /// The grid could not be asked.
    case unknown
}

/// Something an operator may want to know.
package enum LANNotice: Equatable, Sendable {
    /// A host of this LAN, or what it is, is new.
    case hostFound(IPAddress, MACAddress, LANHostOrigin)
    /// A static host answers no more.
    case hostGone(IPAddress, MACAddress)
    /// The grid has the address for a host of another site.
    case addressRefused(IPAddress, MACAddress, holder: String)
    /// Another site has an address of this LAN's host now.
    case addressLost(IPAddress, MACAddress, to: String)
    /// The host itself has moved behind another gateway.
    case hostMoved(IPAddress, MACAddress, to: String)
    /// Two interfaces of this LAN have one address.
    case addressClash(IPAddress, holder: MACAddress, rival: MACAddress)
    /// Another machine on this LAN has the service address.
    case serviceAddressClash(IPAddress, MACAddress)
    /// There is no room for another host.
    case tooManyHosts(IPAddress, MACAddress)
    /// A DHCP client has found its address in use.
    case addressDeclined(IPAddress, MACAddress)
    /// DHCP clients ask, and there is no address for them: no block is held, or all are full.
    case noAddresses
    /// There are addresses again.
    case addressesAgain
}
