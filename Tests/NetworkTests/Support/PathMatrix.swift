import GatewayLab

/// Which path two gateways come to by themselves, by what stands between each of them and the WAN.
enum PathMatrix {
    /// The kinds of the sites after the first one, which has no NAT and is everybody's bootstrap member. Two of each,
    /// so that each kind meets itself.
    static let kinds: [NATKind] =
        [.none, .endpointIndependent, .symmetric, .double, .udpBlocked].flatMap { [$0, $0] }

    static let siteCount = kinds.count + 1

    /// How the sites are attached, by name.
    static var nats: [String: SiteNAT] {
        let named = kinds.enumerated().map { (LabSite.name(number: $0 + 2), SiteNAT.own($1)) }
        return Dictionary(named) { first, _ in first }
    }

    /// What status says of a path, and why it is no better.
    struct Outcome: Hashable, CustomStringConvertible {
        let path, reason: String

        init(_ path: String, _ reason: String) { (self.path, self.reason) = (path, reason) }

        var description: String { reason == "ok" ? path : "\(path) (\(reason))" }
    }

    /// What two kinds may come to; either order of the two is the same.
    static func expected(_ one: NATKind, _ other: NATKind) -> Set<Outcome> {
        switch (one, other) {
        // TCP gets out of a site that blocks UDP, and in where there is no NAT.
        case (.udpBlocked, .none), (.none, .udpBlocked): return [Outcome("direct-tcp", "udp-blocked")]
        case (.udpBlocked, _), (_, .udpBlocked): return [Outcome("relay", "udp-blocked")]
        // Whoever is public hears the other's handshake.
        case (.none, _), (_, .none): return [Outcome("direct-udp", "ok")]
        case (.symmetric, .symmetric): return [Outcome("relay", "symmetric-nats")]
        case (.symmetric, _), (_, .symmetric):
            return [Outcome("relay", "own-nat-symmetric"), Outcome("relay", "peer-nat-symmetric")]
        // Both send at once, and each NAT lets the other's answer in.
        default: return [Outcome("direct-udp", "ok")]
        }
    }
}

extension Lab {
    /// The kind of a site's own NAT.
    func kind(_ site: LabSite) -> NATKind {
        guard case .own(let kind) = plan.nat(site.name) else { return .none }
        return kind
    }

    /// What every site's status says of every other, as ordered pairs.
    func outcomes() throws(LabError) -> [(from: LabSite, to: LabSite, outcome: PathMatrix.Outcome)] {
        var found: [(from: LabSite, to: LabSite, outcome: PathMatrix.Outcome)] = []
        for site in sites {
            let status = try status(site)
            for other in sites where other != site {
                let entry = status.site(other.name)
                found.append((site, other, PathMatrix.Outcome(entry?.path ?? "unknown", entry?.reason ?? "unknown")))
            }
        }
        return found
    }
}
