package import NetworkTypes

/// One change of the kernel's network state. Applying a step twice is the same as applying it once.
package enum HostNetworkStep: Equatable, Sendable {
    /// Make the overlay device. The one step that is not netlink's: who opens the TAP carries it out.
    case makeDevice(name: String)
    case setMTU(LinkIdentity, mtu: Int)
    case setUp(LinkIdentity)
    case addAddress(HostAddress, on: LinkIdentity)
    case removeAddress(HostAddress, on: LinkIdentity)
    /// Add or overwrite a permanent neighbour entry.
    case setNeighbour(HostNeighbour, on: LinkIdentity)
    /// Add a route where no route of that key stands.
    case addRoute(HostRoute, through: LinkIdentity?, purpose: RoutePurpose)
    /// Put a route in the place of ours of the same key, without a moment between.
    case replaceRoute(HostRoute, through: LinkIdentity?, purpose: RoutePurpose)
    case removeRoute(HostRoute, through: LinkIdentity?, purpose: RoutePurpose)

    /// The thing that the step brings about or takes away.
    package var item: HostNetworkItem {
        switch self {
        case .makeDevice(let name): .device(name)
        case .setMTU: .deviceMTU
        case .setUp: .deviceUp
        case .addAddress(let address, _): .address(address.address)
        case .removeAddress(let address, _): .unwantedAddress(address.address, prefixLength: address.prefixLength)
        case .setNeighbour(let neighbour, _): .neighbour(neighbour.address)
        case .addRoute(let route, _, let purpose), .replaceRoute(let route, _, let purpose):
            purpose == .overlay ? .route(route.key) : .pin(route.key)
        case .removeRoute(let route, _, _): .unwantedRoute(route.key)
        }
    }

    /// Whether the step takes something away.
    package var isRemoval: Bool {
        switch self {
        case .removeAddress, .removeRoute: true
        case .makeDevice, .setMTU, .setUp, .addAddress, .setNeighbour, .addRoute, .replaceRoute: false
        }
    }
}

/// Why a route of ours stands in the kernel.
package enum RoutePurpose: Sendable {
    /// It leads a remote prefix into the overlay.
    case overlay
    /// It keeps datagrams to a peer out of the overlay.
    case underlayPin
}

/// What names a piece of our kernel state over time, whatever its present attributes are.
package enum HostNetworkItem: Hashable, Sendable {
    case device(String)
    case deviceMTU
    case deviceUp
    case address(IPAddress)
    case neighbour(IPAddress)
    case route(RouteKey)
    case pin(RouteKey)
    /// Something on our device, or of our route protocol, that should not be there.
    case unwantedAddress(IPAddress, prefixLength: Int)
    case unwantedRoute(RouteKey)
}

extension HostNetworkStep: CustomStringConvertible {
    /// The iproute2 command that does the same.
    package var description: String {
        switch self {
        case .makeDevice(let name): "ip tuntap add dev \(name) mode tap"
        case .setMTU(let link, let mtu): "ip link set dev \(link.name) mtu \(mtu)"
        case .setUp(let link): "ip link set dev \(link.name) up"
        case .addAddress(let address, let link): "ip address add \(Self.text(address)) dev \(link.name)"
        case .removeAddress(let address, let link): "ip address del \(Self.text(address)) dev \(link.name)"
        case .setNeighbour(let neighbour, let link):
            "ip neighbour replace \(neighbour.address) lladdr \(neighbour.mac?.description ?? "none") "
                + "dev \(link.name) nud permanent"
        case .addRoute(let route, let link, _): "ip route add \(route.command(through: link))"
        case .replaceRoute(let route, let link, _): "ip route replace \(route.command(through: link))"
        case .removeRoute(let route, let link, _): "ip route del \(route.command(through: link))"
        }
    }

    private static func text(_ address: HostAddress) -> String {
        "\(address.address)/\(address.prefixLength)\(address.scope == .link ? " scope link" : "")"
    }
}

extension HostRoute {
    /// The route in iproute2's words, from the prefix on.
    package func command(through link: LinkIdentity?) -> String {
        var words = kind == .unicast ? [] : [kind.name]
        words.append(prefix.description)
        if let gateway { words += ["via", gateway.family == family ? "\(gateway)" : "inet6 \(gateway)"] }
        if let linkIndex { words += ["dev", link?.name ?? "if\(linkIndex)"] }
        words += ["proto", origin.description]
        if metric != 0 { words += ["metric", "\(metric)"] }
        if table != .main { words += ["table", "\(table)"] }
        if let preferredSource { words += ["src", "\(preferredSource)"] }
        if let mtu { words += ["mtu", "\(mtu)"] }
        if let advertisedMSS { words += ["advmss", "\(advertisedMSS)"] }
        if isOnLink { words.append("onlink") }
        return words.joined(separator: " ")
    }
}
