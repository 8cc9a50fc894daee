package import NetworkTypes

/// What the core has to tell of single hosts in bridged subnets.
package enum HostChange: Equatable, Sendable {
    /// A host's address is this site's: others may send to it.
    case registered(IPAddress)
    /// No majority of the replicas answers; the gateway goes on trying.
    case waits(IPAddress)
    /// Another site has the address, for a host with that MAC if it is known. The host is not registered.
    case refused(IPAddress, holder: String, node: NodeAddress, mac: MACAddress?)
    /// A registered host has moved to another site, or another site's lease won. It is registered no more.
    case lost(IPAddress, to: String, node: NodeAddress)
    /// Where a host of another site is; `nil`: nowhere that is known.
    case located(IPAddress, RemoteHost?)
    /// What was found of a name at another site: that of a host or, if it is empty, the site's own.
    case nameFound(String, site: String, NameFinding)
    /// What was found of the name of another site's address.
    case addressNamed(IPAddress, AddressName)
    /// `Gateway.localHosts` has changed.
    case localChanged
    /// `Gateway.hostBlocks` has changed.
    case blocksChanged
    /// All blocks of the bridged subnet that were tried for are other gateways'; they are tried for again later.
    case blocksExhausted
}
