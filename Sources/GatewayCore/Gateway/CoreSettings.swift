package import LinkSecurity
package import NetworkTypes

/// What the core must know of its configuration.
package struct CoreSettings: Equatable, Sendable {
    /// The grid's members to be found first, by name or address.
    package var bootstrap: [HostAndPort]
    /// Where members were when this gateway last ran.
    package var remembered: [Endpoint]
    /// Own subnets that are announced, with the prefixes that the grid knows them by.
    package var exports: [Announcement.Export]
    /// Own subnets that the grid is to lease a prefix for.
    package var leasedSubnets: [IPPrefix]
    package var policy: RoutePolicy
    /// The subnet of the pool in which this site's LAN hosts live, shared with every site that bridges into it.
    package var bridged: IPPrefix?
    /// This gateway's own addresses as the grid knows them: what the name of its site stands for.
    package var addresses: [IPAddress]
    /// Hosts of this site that have names without having asked for an address.
    package var names: [NamedHost]
    /// What the authority lays down, as of the last start or reload: the newest that was published may be newer.
    package var profile: ProfileTerms
    /// Never leased for this site, because this host has other uses for it.
    package var reserved: [IPPrefix]
    /// Keys are replaced after so long.
    package var rekeyInterval: Duration
    /// A number higher than that of any earlier announcement of this node: the wall clock in microseconds serves.
    package var firstSequence: UInt64
    /// Members of the grid up to which a session is kept with every one of them.
    package var acquaintances: Int
    /// Whether the gateway tells the others of itself. One that does not is a link of the ring and nothing else: no
    /// prefixes, no leases. For simulated grids whose directories would not fit one machine.
    package var announces: Bool
    /// Whether datagrams are passed on between members that have no direct path.
    package var isRelay: Bool

    package init(
        bootstrap: [HostAndPort], remembered: [Endpoint] = [], exports: [Announcement.Export],
        leasedSubnets: [IPPrefix] = [], bridged: IPPrefix? = nil, addresses: [IPAddress] = [],
        names: [NamedHost] = [],
        policy: RoutePolicy = RoutePolicy(), profile: ProfileTerms = ProfileTerms(), reserved: [IPPrefix] = [],
        rekeyInterval: Duration = .seconds(3_600), firstSequence: UInt64,
        acquaintances: Int = DirectoryLimits.acquaintances, announces: Bool = true, isRelay: Bool = true
    ) {
        self.bootstrap = bootstrap
        self.remembered = remembered
        self.exports = exports
        self.leasedSubnets = leasedSubnets
        self.bridged = bridged
        self.addresses = addresses
        self.names = names
        self.policy = policy
        self.profile = profile
        self.reserved = reserved
        self.rekeyInterval = rekeyInterval
        self.firstSequence = firstSequence
        self.acquaintances = acquaintances
        self.announces = announces
        self.isRelay = isRelay
    }
}

/// What the driver tells the core of the gateway's own place in the underlay.
package struct UnderlayFacts: Equatable, Sendable {
    /// Own addresses with the listening port, that other gateways may be able to reach: no loopback, no link-local,
    /// none inside an exported subnet, none of the overlay device.
    package var endpoints: [Endpoint]
    /// The largest IP packet that the interfaces towards other gateways take.
    package var mtu: Int
    /// Where there are several ways out: each family's, those that the kernel's routes prefer first.
    package var uplinks: UplinkChoice

    package init(endpoints: [Endpoint], mtu: Int, uplinks: UplinkChoice = UplinkChoice()) {
        self.endpoints = endpoints
        self.mtu = mtu
        self.uplinks = uplinks
    }

    /// The largest payload of a sealed datagram to `address`: what is left of the MTU under IP and UDP headers (RFC
    /// 791, RFC 8200, RFC 768) and the seal.
    package func payload(toward address: IPAddress) -> Int {
        let headers = (address.family == .v4 ? 20 : 40) + 8
        return max(mtu - headers - 32, SessionLimits.basePayload)
    }
}
