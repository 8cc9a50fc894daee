package import NetworkTypes

/// What the services on a bridged LAN go by: from subnets.map, ipop.yaml and the grid's profile.
package struct LANServiceSettings: Equatable, Sendable {
    /// The bridged subnets, at most one of each family. The first host address of each is the service address.
    package let prefixes: [IPPrefix]
    /// What the service address, and every remote host, answers ARP and neighbour discovery with.
    package var serviceMAC: MACAddress
    /// The largest IP packet of the LAN, in bytes: DHCP option 26, and how long an answer may be.
    package var mtu: Int
    /// The own site and the grid: hosts are called `HOST.SITE.GRID`.
    package var site: String
    package var grid: String
    /// How long a DHCP client has its address, in seconds.
    package var leaseSeconds: UInt32
    /// Whether hosts that have chosen their address themselves are registered.
    package var registersStaticHosts: Bool
    /// Whether questions for names are answered.
    package var answersNames: Bool
    /// Whose DHCP messages are answered.
    package var clients: DHCPClientPolicy
    /// DHCP option 3; none is told when it is empty.
    package var routers: [IPAddress]
    /// What DHCP clients are told to reach by the service address (option 121).
    package var routes: [IPPrefix]
    /// Prefixes of other sites, for the names of their addresses.
    package var remotePrefixes: [IPPrefix]

    /// `prefixes` beyond the first of each family do not count.
    package init(
        prefixes: [IPPrefix], serviceMAC: MACAddress, mtu: Int, site: String, grid: String,
        leaseSeconds: UInt32 = 3_600, registersStaticHosts: Bool = true, answersNames: Bool = true,
        clients: DHCPClientPolicy = .all,
        routers: [IPAddress]? = nil, routes: [IPPrefix] = [], remotePrefixes: [IPPrefix] = []
    ) {
        let kept = [AddressFamily.v4, .v6].compactMap { family in prefixes.first { $0.family == family } }
        self.prefixes = kept
        self.serviceMAC = serviceMAC
        self.mtu = mtu
        self.site = site
        self.grid = grid
        self.leaseSeconds = leaseSeconds
        self.registersStaticHosts = registersStaticHosts
        self.answersNames = answersNames
        self.clients = clients
        self.routers = routers ?? kept.filter { $0.family == .v4 }.map { $0.address.advanced(by: 1) }
        self.routes = routes
        self.remotePrefixes = remotePrefixes
    }

    /// The bridged subnet of a family.
    package func prefix(_ family: AddressFamily) -> IPPrefix? { prefixes.first { $0.family == family } }

    /// The service address of a family: the first host address of the bridged subnet.
    package func serviceAddress(_ family: AddressFamily) -> IPAddress? {
        prefix(family)?.address.advanced(by: 1)
    }

    /// Whether `address` is one that a host may have: in a bridged subnet, and neither its first address, nor its
    /// service address, nor its broadcast address.
    package func isHostAddress(_ address: IPAddress) -> Bool {
        guard let prefix = prefix(address.family), prefix.contains(address), address != prefix.address,
            address != prefix.address.advanced(by: 1)
        else { return false }
        return address.family == .v6 || address != prefix.lastAddress
    }

    /// The names that are answered for.
    func zone(sites: Set<String>) -> NameZone {
        NameZone(grid: grid, prefixes: prefixes + remotePrefixes, sites: sites.union([site]))
    }

    /// The domain of the site's hosts.
    package var domain: String { "\(site).\(grid)" }
}
