package import NetworkTypes

/// Whether this host can stand behind what its site exports.
package enum ExportCheck {
    /// One verdict for each export, in the order given. Looks at the host only: what the certificate covers and who
    /// else exports the prefix is checked elsewhere.
    package static func check(
        exports: [IPPrefix], lanInterface: String, device: String, found: HostNetworkState
    ) -> [ExportVerdict] {
        let connected = found.connectedPrefixes(except: device)
        return exports.map { prefix in
            guard let lan = found.link(named: lanInterface) else {
                return ExportVerdict(prefix: prefix, refusal: .interfaceMissing(lanInterface))
            }
            if lanInterface == device { return ExportVerdict(prefix: prefix, refusal: .interfaceIsOverlay(device)) }
            let first = prefix.address
            if first.isLoopback || first.isLinkLocal || first.isMulticast {
                return ExportVerdict(prefix: prefix, refusal: .reservedRange)
            }
            // A prefix that lives on both interfaces is the LAN's all the same.
            let onLAN = connected.filter { $0.interface == lanInterface }
            if let other = connected.first(where: { other in
                other.interface != lanInterface && prefix.covers(other.prefix)
                    && !onLAN.contains { $0.prefix == other.prefix }
            }) {
                return ExportVerdict(prefix: prefix, refusal: .coversOtherInterface(other))
            }
            return ExportVerdict(prefix: prefix, warning: warning(prefix, lan: lan, onLAN: onLAN, found: found))
        }
    }

    private static func warning(
        _ prefix: IPPrefix, lan: HostLink, onLAN: [ConnectedPrefix], found: HostNetworkState
    ) -> ExportReason? {
        if !lan.isUp { return .interfaceDown(lan.name) }
        if onLAN.contains(where: { $0.prefix.overlaps(prefix) }) { return nil }
        let isRouted = found.routes.contains { route in
            route.linkIndex == lan.index && route.origin != .ipop && route.prefix.length > 0
                && route.prefix.overlaps(prefix)
        }
        return isRouted ? nil : .notReachableThroughLAN(interface: lan.name)
    }
}

/// How one export stands.
package struct ExportVerdict: Equatable, Sendable {
    package let prefix: IPPrefix
    /// Why it must not be announced.
    package let refusal: ExportReason?
    /// What is odd about it although it may be announced.
    package let warning: ExportReason?

    package init(prefix: IPPrefix, refusal: ExportReason? = nil, warning: ExportReason? = nil) {
        self.prefix = prefix
        self.refusal = refusal
        self.warning = warning
    }
}

/// What this host has against an export.
package enum ExportReason: Equatable, Sendable {
    case interfaceMissing(String)
    case interfaceIsOverlay(String)
    case reservedRange
    case coversOtherInterface(ConnectedPrefix)
    case interfaceDown(String)
    case notReachableThroughLAN(interface: String)

    /// The machine-readable word, kebab-case, stable.
    package var code: String {
        switch self {
        case .interfaceMissing: "interface-missing"
        case .interfaceIsOverlay: "interface-is-overlay"
        case .reservedRange: "reserved-range"
        case .coversOtherInterface: "covers-other-interface"
        case .interfaceDown: "interface-down"
        case .notReachableThroughLAN: "not-reachable-through-lan"
        }
    }

    /// What is the matter, in a sentence without its end.
    package var text: String {
        switch self {
        case .interfaceMissing(let name): "the LAN interface \(name) does not exist"
        case .interfaceIsOverlay(let name): "the LAN interface \(name) is the overlay device itself"
        case .reservedRange: "loopback, link-local and multicast ranges are never routed between sites"
        case .coversOtherInterface(let other):
            "it covers \(other.prefix), the network of another interface, \(other.interface)"
        case .interfaceDown(let name): "the LAN interface \(name) is down"
        case .notReachableThroughLAN(let name): "no address and no route of this machine leads into it through \(name)"
        }
    }

    /// What to do about it.
    package var fix: String {
        switch self {
        case .interfaceMissing, .interfaceIsOverlay:
            "set `lan: {interface: ..}` in ipop.yaml; `ip link` lists the interfaces"
        case .reservedRange: "remove the line from subnets.map"
        case .coversOtherInterface(let other):
            "export a smaller prefix, or set `lan: {interface: \(other.interface)}` if that is the LAN"
        case .interfaceDown(let name): "ip link set dev \(name) up"
        case .notReachableThroughLAN(let name):
            "give \(name) an address of the subnet, or add a route to it: ip route add PREFIX via ROUTER dev \(name)"
        }
    }
}
