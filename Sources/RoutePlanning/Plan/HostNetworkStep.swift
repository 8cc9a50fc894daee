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
    case removeNeighbour(HostNeighbour, on: LinkIdentity)
    /// Make a bridge that forwards at once, with an address that does not change with its ports.
    case makeBridge(name: String, mac: MACAddress, mtu: Int)
    case removeBridge(LinkIdentity)
    /// Make a link a port of a bridge, or of none.
    case setMaster(LinkIdentity, LinkIdentity?)
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
        case .setNeighbour(let neighbour, _), .removeNeighbour(let neighbour, _): .neighbour(neighbour.address)
        case .makeBridge(let name, _, _): .bridge(name)
        case .removeBridge(let link): .bridge(link.name)
        case .setMaster(let link, _): .membership(link.name)
        case .addRoute(let route, _, let purpose), .replaceRoute(let route, _, let purpose):
            switch purpose {
            case .overlay, .deadEnd: .route(route.key)
            case .underlayPin, .moved: .pin(route.key)
            }
        case .removeRoute(let route, _, _): .unwantedRoute(route.key)
        }
    }

    /// Whether the step takes something away.
    package var isRemoval: Bool {
        switch self {
        case .removeAddress, .removeRoute, .removeNeighbour, .removeBridge: true
        case .makeDevice, .setMTU, .setUp, .addAddress, .setNeighbour, .addRoute, .replaceRoute, .makeBridge,
            .setMaster:
            false
        }
    }
}

/// Why a route of ours stands in the kernel.
package enum RoutePurpose: Sendable {
    /// It leads a remote prefix into the overlay.
    case overlay
    /// It ends what is sent to a virtual prefix of this site, instead of the default route.
    case deadEnd
    /// It keeps datagrams to a peer out of the overlay.
    case underlayPin
    /// It is the operator's, and moves between the LAN's interface and its bridge.
    case moved
}

/// What names a piece of our kernel state over time, whatever its present attributes are.
package enum HostNetworkItem: Hashable, Sendable {
    case device(String)
    case deviceMTU
    case deviceUp
    case address(IPAddress)
    case neighbour(IPAddress)
    case bridge(String)
    /// That a link is a port of its bridge, or of none.
    case membership(String)
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
        case .removeNeighbour(let neighbour, let link): "ip neighbour del \(neighbour.address) dev \(link.name)"
        case .makeBridge(let name, let mac, let mtu):
            "ip link add \(name) address \(mac) mtu \(mtu) type bridge forward_delay 0 stp_state 0"
        case .removeBridge(let link): "ip link del dev \(link.name)"
        case .setMaster(let link, let bridge):
            "ip link set dev \(link.name) \(bridge.map { "master \($0.name)" } ?? "nomaster")"
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
