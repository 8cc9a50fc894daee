/// What stands between a site and the WAN. The words are RFC 4787's where it has some.
package enum NATKind: String, CaseIterable, Sendable {
    /// Nothing: the gateway has a public address.
    case none
    /// One public port for a local one, whoever is talked to. Unsolicited packets vanish without a trace.
    case endpointIndependent = "endpoint-independent"
    /// The same, but unsolicited packets come as far as the NAT itself, which answers and remembers them. That takes
    /// the public port away from a mapping made later, as at a Linux router without a firewall.
    case open
    /// A random public port for every remote endpoint: address and port-dependent mapping.
    case symmetric
    /// No UDP in either direction. TCP passes as through `endpointIndependent`.
    case udpBlocked = "udp-blocked"
    /// Two of `endpointIndependent` in a row, as at home behind a provider's own.
    case double

    /// How many NATs a packet passes, the one beside the gateway first.
    var stages: Int {
        switch self {
        case .none: 0
        case .endpointIndependent, .open, .symmetric, .udpBlocked: 1
        case .double: 2
        }
    }
}

/// How a site is attached to the WAN.
package enum SiteNAT: Hashable, Sendable, LosslessStringConvertible {
    /// Through a NAT of its own, or none.
    case own(NATKind)
    /// In the same local network as the site of that name, behind its NAT.
    case behind(String)

    /// As it is written on the command line: a kind, or `behind:SITE`.
    package init?(_ text: String) {
        let mark = "behind:"
        if text.hasPrefix(mark) {
            self = .behind(String(text.dropFirst(mark.count)))
        } else if let kind = NATKind(rawValue: text) {
            self = .own(kind)
        } else {
            return nil
        }
    }

    /// As `init(_:)` reads it.
    package var description: String {
        switch self {
        case .own(let kind): kind.rawValue
        case .behind(let site): "behind:\(site)"
        }
    }
}
