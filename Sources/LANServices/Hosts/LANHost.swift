package import NetworkTypes

/// How a host came to its address.
package enum LANHostOrigin: UInt8, Sendable, CaseIterable {
    /// From the DHCP server.
    case dhcp = 1
    /// By its own choice.
    case fixed = 2
}

/// What the grid says of a host's address.
///
///     registering --registered--> registered --lost--> lost
///          |  \                        ^
///          |   +--DHCP, no answer--> assumed --refused--> lost
///          +--refused--> refused --registered--> registered
package enum LANHostState: Equatable, Sendable {
    /// The grid has been asked.
    case registering
    /// The grid holds it for this host.
    case registered
    /// The grid does not answer, and the address is from a block that this gateway holds.
    case assumed
    /// Another site has it.
    case refused(holder: String)
    /// Another site has it now.
    case lost(to: String)

    /// Whether the host may send and receive.
    package var isUsable: Bool {
        switch self {
        case .registered, .assumed: true
        case .registering, .refused, .lost: false
        }
    }
}

/// An address of a host on this LAN, as status shows it.
package struct LANHost: Equatable, Sendable {
    package let address: IPAddress
    package internal(set) var mac: MACAddress
    package internal(set) var origin: LANHostOrigin
    /// A DNS label.
    package internal(set) var name: String?
    package internal(set) var state: LANHostState
    /// When a DHCP client's lease ends.
    package internal(set) var expires: Instant?
    /// Another interface of this LAN that claims the address too.
    package internal(set) var rival: MACAddress?
}
