package import NetworkTypes

/// The content of subnets.map: what this site exports, and what it takes from other sites.
package struct SubnetMap: Equatable, Sendable {
    /// What a line maps or permits.
    package enum Rule: Equatable, Sendable {
        /// `SITE SUBNET same`: reachable in the grid under its own addresses.
        case same(IPPrefix)
        /// `SITE bridged PREFIX`: the site's LAN hosts live in this virtual subnet, beside those of other sites.
        case bridged(IPPrefix)
        /// `SITE * PREFIX`: exactly this may come from the site; more lines permit more prefixes.
        case acceptPrefix(IPPrefix)
        /// `SITE * accept`: every verified announcement of the site, also where `routes.accept` is `mapped`.
        case acceptAll
        /// `SITE * deny`: nothing from the site.
        case deny

        /// The prefix that the rule is about, as the grid knows it.
        package var prefix: IPPrefix? {
            switch self {
            case .same(let prefix), .bridged(let prefix), .acceptPrefix(let prefix): prefix
            case .acceptAll, .deny: nil
            }
        }
    }

    /// One line.
    package struct Entry: Equatable, Sendable {
        package let site: String
        package let rule: Rule
        /// Of the column that the line is about: the exported subnet, or what is accepted.
        package let position: SourcePosition

        package init(site: String, rule: Rule, position: SourcePosition) {
            self.site = site
            self.rule = rule
            self.position = position
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
            guard entry.site == site, case .same(let subnet) = entry.rule else { return nil }
            return SubnetExport(subnet: subnet, virtual: subnet, position: entry.position)
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
    /// As the grid knows it; the same until prefixes can be mapped.
    package let virtual: IPPrefix
    /// Where subnets.map says so.
    package let position: SourcePosition

    package init(subnet: IPPrefix, virtual: IPPrefix, position: SourcePosition) {
        self.subnet = subnet
        self.virtual = virtual
        self.position = position
    }
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
            case .same(let prefix), .bridged(let prefix), .acceptPrefix(let prefix):
                rules[last].prefixes.append(prefix)
            case .acceptAll: rules[last].acceptsAll = true
            case .deny: rules[last].denies = true
            }
        }
        self.rules = rules
    }

    /// Judges `prefix`, announced by `site`. Lines of the site restrict in either mode; without one, `learned` accepts
    /// and `mapped` refuses. O(log sites).
    package func verdict(on prefix: IPPrefix, announcedBy site: String, mode: RouteAcceptance) -> Verdict {
        guard let rules = rules(of: site) else { return mode == .learned ? .accepted : .siteNotListed }
        if rules.denies { return .denied }
        return rules.acceptsAll || rules.prefixes.contains(prefix) ? .accepted : .notListed
    }

    /// Whether `prefix`, announced by `site`, may become a route.
    package func accepts(_ prefix: IPPrefix, announcedBy site: String, mode: RouteAcceptance) -> Bool {
        verdict(on: prefix, announcedBy: site, mode: mode) == .accepted
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
