package import NetworkTypes

/// What the name server of a routed site goes by: from ipop.yaml, subnets.map and what the grid has announced.
package struct NameServerSettings: Equatable, Sendable {
    /// A subnet of the site, and the prefix that the grid knows it by: the same, or another one, host for host.
    package struct Subnet: Equatable, Sendable {
        package let local: IPPrefix
        package let virtual: IPPrefix

        package init(local: IPPrefix, virtual: IPPrefix) {
            self.local = local
            self.virtual = virtual
        }
    }

    /// A name of the site, and the addresses that it has in its LAN.
    package struct Host: Equatable, Sendable {
        /// A DNS label; empty for the gateway itself.
        package let name: String
        package let addresses: [IPAddress]

        package init(name: String, addresses: [IPAddress]) {
            self.name = name
            self.addresses = addresses
        }
    }

    package var site: String
    package var grid: String
    /// What the site exports.
    package var subnets: [Subnet]
    package var hosts: [Host]
    /// The other sites.
    package var sites: Set<String>
    /// Prefixes of other sites.
    package var remotePrefixes: [IPPrefix]

    package init(
        site: String, grid: String, subnets: [Subnet] = [], hosts: [Host] = [], sites: Set<String> = [],
        remotePrefixes: [IPPrefix] = []
    ) {
        self.site = site
        self.grid = grid
        self.subnets = subnets
        self.hosts = hosts
        self.sites = sites
        self.remotePrefixes = remotePrefixes
    }

    /// The zone that is answered for.
    var zone: NameZone {
        NameZone(
            grid: grid, prefixes: subnets.flatMap { [$0.local, $0.virtual] } + remotePrefixes,
            sites: sites.union([site]))
    }

    /// Whether an address of the LAN asks.
    func isLocal(_ client: IPAddress) -> Bool { subnets.contains { $0.local.contains(client) } }

    /// What other sites call an address of the LAN; `nil` when they cannot reach it.
    func virtual(_ address: IPAddress) -> IPAddress? {
        subnets.lazy.compactMap { $0.local.counterpart(of: address, in: $0.virtual) }.first
    }

    /// The address in the LAN of what other sites call `address`; `nil` for what is no address of this site.
    func local(_ address: IPAddress) -> IPAddress? {
        subnets.lazy.compactMap { $0.virtual.counterpart(of: address, in: $0.local) }.first
    }
}
