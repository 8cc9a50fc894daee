package import NetworkTypes

/// The content of subnets.map: what this site exports, and what it takes from other sites.
package struct SubnetMap: Equatable, Sendable {
    /// What a line maps or permits.
    package enum Rule: Equatable, Sendable {
        /// `SITE SUBNET same`: reachable in the grid under its own addresses.
        case same(IPPrefix)
        /// `SITE bridged PREFIX`: the site's LAN hosts live in this virtual subnet, beside those of other sites.
        case bridged(IPPrefix)
        /// `SITE SUBNET PREFIX`: reachable under the addresses of a prefix of the same length, host for host.
        case mapped(IPPrefix, to: IPPrefix)
        /// `SITE SUBNET auto`: mapped as well, to a prefix that the grid leases.
        case leased(IPPrefix)
        /// `SITE * PREFIX`: exactly this may come from the site; more lines permit more prefixes.
        case acceptPrefix(IPPrefix)
        /// `SITE * accept`: every verified announcement of the site, also where `routes.accept` is `mapped`.
        case acceptAll
        /// `SITE * deny`: nothing from the site.
        case deny

        /// The prefix that the rule is about, as the grid knows it, if the line says.
        package var prefix: IPPrefix? {
            switch self {
            case .same(let prefix), .bridged(let prefix), .acceptPrefix(let prefix), .mapped(_, let prefix): prefix
            case .leased, .acceptAll, .deny: nil
            }
        }

        /// The exported subnet, as its LAN knows it.
        package var subnet: IPPrefix? {
            switch self {
            case .same(let subnet), .mapped(let subnet, _), .leased(let subnet): subnet
            case .bridged, .acceptPrefix, .acceptAll, .deny: nil
            }
        }

        /// Whether it is about everything of the site.
        package var isWhole: Bool {
            switch self {
            case .acceptAll, .deny: true
            case .same, .bridged, .mapped, .leased, .acceptPrefix: false
            }
        }
    }

    /// One line.
    package struct Entry: Equatable, Sendable {
        package let site: String
        package let rule: Rule
        /// Of the column that the line is about: the exported subnet, or what is accepted.
        package let position: SourcePosition
        /// Of the column that says what becomes of it.
        package let targetPosition: SourcePosition

        package init(
            site: String, rule: Rule, position: SourcePosition, targetPosition: SourcePosition? = nil
        ) {
            self.site = site
            self.rule = rule
            self.position = position
            self.targetPosition = targetPosition ?? position
        }

        /// Where the grid's prefix stands.
        package var prefixPosition: SourcePosition {
            if case .mapped = rule { targetPosition } else { position }
        }
    }

    /// In the file's order.
    package let entries: [Entry]

    package init(entries: [Entry] = []) {
        self.entries = entries
    }

    /// What `site` makes reachable, in the file's order.
    package func exports(of site: String) -> [SubnetExport] {
        entries.compactMap { entry in
            guard entry.site == site, let subnet = entry.rule.subnet else { return nil }
            return SubnetExport(
                subnet: subnet, virtual: entry.rule.prefix, position: entry.position,
                virtualPosition: entry.targetPosition)
        }
    }

    /// The virtual subnet that the LAN hosts of `site` live in, and where subnets.map says so.
    package func bridgedSubnet(of site: String) -> (subnet: IPPrefix, position: SourcePosition)? {
        for entry in entries where entry.site == site {
            if case .bridged(let subnet) = entry.rule { return (subnet, entry.position) }
        }
        return nil
    }

    /// What the lines of the other sites say, seen from `site`.
    package func policy(for site: String) -> RemotePolicy {
        RemotePolicy(entries: entries.filter { $0.site != site })
    }
}

/// A prefix that a site makes reachable.
package struct SubnetExport: Equatable, Sendable {
    /// As the LAN knows it; the certificate must cover it.
    package let subnet: IPPrefix
    /// As the grid knows it: the same, or a prefix of the same length; `nil` when the grid leases one.
    package let virtual: IPPrefix?
    /// Where subnets.map names the subnet.
    package let position: SourcePosition
    /// Where it says what the grid calls it.
    package let virtualPosition: SourcePosition

    package init(
        subnet: IPPrefix, virtual: IPPrefix?, position: SourcePosition, virtualPosition: SourcePosition? = nil
    ) {
        self.subnet = subnet
        self.virtual = virtual
        self.position = position
        self.virtualPosition = virtualPosition ?? position
    }

    /// The grid is to lease its virtual prefix.
    package var isLeased: Bool { virtual == nil }
    /// It has other addresses in the grid than on the LAN.
    package var isMapped: Bool { virtual != subnet }
}

/// Which announcements of other sites are taken.
package struct RemotePolicy: Equatable, Sendable {
    /// Whether an announced prefix is taken, and why not.
    package enum Verdict: Equatable, Sendable {
        case accepted
        /// A line of the site says `deny`.
        case denied
        /// The site has lines, and none names this prefix.
        case notListed
        /// The site has no line, and `routes.accept` is `mapped`.
        case siteNotListed
    }

    private struct SiteRules: Equatable, Sendable {
        let site: String
        var prefixes: [IPPrefix] = []
        /// Subnets of which the site may announce whatever prefix it leases.
        var leased: [IPPrefix] = []
        var acceptsAll = false
        var denies = false
    }

    /// Sorted by site.
    private let rules: [SiteRules]

    init(entries: [SubnetMap.Entry]) {
        var rules: [SiteRules] = []
        for entry in entries.sorted(by: { ($0.site, $0.position) < ($1.site, $1.position) }) {
            if rules.last?.site != entry.site { rules.append(SiteRules(site: entry.site)) }
            let last = rules.count - 1
            switch entry.rule {
            case .same(let prefix), .bridged(let prefix), .acceptPrefix(let prefix), .mapped(_, let prefix):
                rules[last].prefixes.append(prefix)
            case .leased(let subnet): rules[last].leased.append(subnet)
            case .acceptAll: rules[last].acceptsAll = true
            case .deny: rules[last].denies = true
            }
        }
        self.rules = rules
    }

    /// Judges `prefix`, announced by `site` for its `subnet`: the same unless told. Lines of the site restrict in
    /// either mode; without one, `learned` accepts and `mapped` refuses. O(log sites).
    package func verdict(
        on prefix: IPPrefix, of subnet: IPPrefix? = nil, announcedBy site: String, mode: RouteAcceptance
    ) -> Verdict {
        guard let rules = rules(of: site) else { return mode == .learned ? .accepted : .siteNotListed }
        if rules.denies { return .denied }
        if rules.acceptsAll || rules.prefixes.contains(prefix) { return .accepted }
        guard let subnet, subnet != prefix, rules.leased.contains(subnet) else { return .notListed }
        return .accepted
    }

    /// Whether `prefix`, announced by `site` for its `subnet`, may become a route.
    package func accepts(
        _ prefix: IPPrefix, of subnet: IPPrefix? = nil, announcedBy site: String, mode: RouteAcceptance
    ) -> Bool {
        verdict(on: prefix, of: subnet, announcedBy: site, mode: mode) == .accepted
    }

    private func rules(of site: String) -> SiteRules? {
        var lower = 0
        var upper = rules.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if rules[middle].site < site { lower = middle + 1 } else { upper = middle }
        }
        guard lower < rules.count, rules[lower].site == site else { return nil }
        return rules[lower]
    }
}
