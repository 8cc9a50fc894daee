package import NetworkTypes
package import RoutePlanning

/// What was found at one gateway about a packet between one of its LAN hosts and a host behind another site.
package struct SideFacts: Sendable {
    /// The host of this gateway's LAN, and the one behind the other site.
    package var local: IPAddress
    package var remote: IPAddress
    package var lanInterface: String
    package var device: String
    package var network: HostNetworkState
    /// Whether the kernel forwards what comes from the LAN, and what comes from the overlay; `nil`: it does not say.
    package var forwardsFromLAN: Bool?
    package var forwardsFromDevice: Bool?
    /// Interfaces of the two whose rp_filter is strict.
    package var strictInterfaces: [String]
    /// The kernel's choice for packets to the LAN host, and for packets to the other that come from the LAN.
    package var wayToLocal: KernelWay
    package var wayToRemote: KernelWay
    package var neighbour: NeighbourFact
    package var firewall: FirewallFacts

    package init(
        local: IPAddress, remote: IPAddress, lanInterface: String, device: String, network: HostNetworkState,
        forwardsFromLAN: Bool? = nil, forwardsFromDevice: Bool? = nil, strictInterfaces: [String] = [],
        wayToLocal: KernelWay, wayToRemote: KernelWay, neighbour: NeighbourFact = .unknown,
        firewall: FirewallFacts = FirewallFacts()
    ) {
        self.local = local
        self.remote = remote
        self.lanInterface = lanInterface
        self.device = device
        self.network = network
        self.forwardsFromLAN = forwardsFromLAN
        self.forwardsFromDevice = forwardsFromDevice
        self.strictInterfaces = strictInterfaces
        self.wayToLocal = wayToLocal
        self.wayToRemote = wayToRemote
        self.neighbour = neighbour
        self.firewall = firewall
    }

    /// Whether the LAN's end is this gateway itself: its packets are not forwarded.
    package var isGatewayItself: Bool { network.addresses.contains { $0.address == local } }
}

/// What the kernel's routing says of an address.
package enum KernelWay: Equatable, Sendable {
    /// The route that matches; its prefix is that of the table.
    case route(HostRoute)
    case none
    /// It could not be asked.
    case unknown(String)

    /// Whether the way leads out of the interface; `nil` when it is not known.
    func leads(through interface: String, _ network: HostNetworkState) -> Bool? {
        switch self {
        case .route(let route): route.linkIndex.map(network.linkName) == interface && route.kind == .unicast
        case .none: false
        case .unknown: nil
        }
    }

    /// `10.0.0.0/8 via 10.1.1.1 dev eth0, protocol static`.
    func text(_ network: HostNetworkState) -> String {
        switch self {
        case .route(let route):
            var words = [route.prefix.description]
            if route.kind != .unicast { words.append(route.kind.name) }
            if let gateway = route.gateway { words.append("via \(gateway)") }
            if let index = route.linkIndex { words.append("dev \(network.linkName(index))") }
            if route.table != .main { words.append("table \(route.table)") }
            return words.joined(separator: " ") + ", protocol \(route.origin)"
        case .none: return "no route"
        case .unknown(let reason): return reason
        }
    }
}

/// What the kernel's neighbour table (ARP, ND) says of a host.
package enum NeighbourFact: Equatable, Sendable {
    /// It has answered not long ago.
    case reachable(MACAddress?)
    /// It has answered some time ago; it is being asked again where that is allowed.
    case stale(MACAddress?)
    /// It is being asked.
    case asked
    /// It was asked and gave no answer.
    case absent
    /// There is no entry, or it could not be read.
    case unknown
}

/// The firewall as far as it could be read.
package struct FirewallFacts: Equatable, Sendable {
    /// The rules; `nil` when they could not be read.
    package var ruleset: FirewallRuleset?
    /// Why not.
    package var unreadable: String?
    /// Whether iptables-legacy has tables that could not be read; `nil` when that is not known.
    package var hasHiddenTables: Bool?

    package init(ruleset: FirewallRuleset? = nil, unreadable: String? = nil, hasHiddenTables: Bool? = nil) {
        self.ruleset = ruleset
        self.unreadable = unreadable
        self.hasHiddenTables = hasHiddenTables
    }

    /// What is not among the rules, if anything, and whether that leaves the question open.
    var gap: (text: String, isOpen: Bool)? {
        switch hasHiddenTables {
        case false?: nil
        case true?: ("the rules of iptables-legacy cannot be read", true)
        case nil: ("whether iptables-legacy has rules cannot be seen", false)
        }
    }
}
