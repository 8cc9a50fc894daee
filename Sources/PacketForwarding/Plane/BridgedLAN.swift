package import NetworkTypes

/// The LAN that a bridged gateway is a station of.
package struct BridgedLAN: Equatable, Sendable {
    /// The virtual subnet that the LAN's hosts live in, for each family one at most.
    package var subnets: [IPPrefix]
    /// The addresses at which the gateway itself answers: of each family one at most.
    package var serviceAddresses: [IPAddress]

    package init(subnets: [IPPrefix], serviceAddresses: [IPAddress]) {
        self.subnets = subnets
        self.serviceAddresses = serviceAddresses
    }
}
