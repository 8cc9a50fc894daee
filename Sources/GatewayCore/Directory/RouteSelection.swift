package import GatewayConfiguration
import LinkSecurity
package import NetworkTypes

/// A remote prefix, and the gateway that owns it.
package struct RemoteRoute: Equatable, Sendable {
    package var prefix: IPPrefix
    package var site: String
    package var node: NodeAddress

    package init(prefix: IPPrefix, site: String, node: NodeAddress) {
        self.prefix = prefix
        self.site = site
        self.node = node
    }
}

/// An announced prefix that is not used, and why.
package struct RefusedRoute: Equatable, Sendable {
    /// Raw values are codes of docs/codes.md.
    package enum Reason: String, Sendable {
        /// Another gateway owns the prefix.
        case ownedByAnother = "owned-by-another-site"
        /// This gateway owns the prefix.
        case ownedByUs = "owned-by-this-site"
        /// A line of subnets.map, or the lack of one under `routes.accept: mapped`.
        case policy = "refused-by-policy"
        /// The announcing site's certificate does not cover it.
        case notCovered = "not-covered-by-certificate"
    }

    package var route: RemoteRoute
    package var reason: Reason
    /// Who owns the prefix instead.
    package var owner: String?
}

/// Which announcements of other sites are taken: the remote lines of subnets.map under `routes.accept`.
package struct RoutePolicy: Equatable, Sendable {
    package var lines: RemotePolicy
    /// What holds for a site without a line.
    package var acceptance: RouteAcceptance

    /// Accepts everything unless told otherwise.
    package init(lines: RemotePolicy = SubnetMap().policy(for: ""), acceptance: RouteAcceptance = .learned) {
        self.lines = lines
        self.acceptance = acceptance
    }

    /// Whether `site` may own `prefix` here.
    func accepts(_ prefix: IPPrefix, from site: String) -> Bool {
        lines.accepts(prefix, announcedBy: site, mode: acceptance)
    }
}

/// Decides who owns each announced prefix, and what this gateway takes of it.
///
/// Until leases exist, the lower node address owns a prefix that several sites announce, at every member alike.
/// Gateways of one site do not conflict: the lower node address serves.
package struct RouteSelection: Equatable, Sendable {
    /// Accepted routes in prefix order, one for each prefix.
    package private(set) var accepted: [RemoteRoute] = []
    package private(set) var refused: [RefusedRoute] = []
    /// Own exports that another site owns: prefix and owner's site.
    package private(set) var lostExports: [(prefix: IPPrefix, owner: String)] = []

    package static func == (lhs: RouteSelection, rhs: RouteSelection) -> Bool {
        lhs.accepted == rhs.accepted && lhs.refused == rhs.refused
            && lhs.lostExports.elementsEqual(rhs.lostExports) { $0 == $1 }
    }

    /// Nothing announced.
    package init() {}

    /// Selects among the live announcements of `directory`.
    package init(
        directory: Directory, own: (site: String, node: NodeAddress, exports: [IPPrefix]), policy: RoutePolicy
    ) {
        var owners: [(prefix: IPPrefix, site: String, node: NodeAddress)] = own.exports.map { ($0, own.site, own.node) }
        for entry in directory.entries where !entry.announcement.isWithdrawn && entry.announcement.node != own.node {
            let site = entry.identity.site
            for prefix in entry.uncovered {
                let route = RemoteRoute(prefix: prefix, site: site, node: entry.announcement.node)
                refused.append(RefusedRoute(route: route, reason: .notCovered, owner: nil))
            }
            for export in entry.announcement.exports {
                owners.append((export.virtual, site, entry.announcement.node))
            }
        }
        owners.sort { $0.prefix != $1.prefix ? $0.prefix < $1.prefix : $0.node < $1.node }
        var index = 0
        while index < owners.count {
            let end = owners[index...].firstIndex { $0.prefix != owners[index].prefix } ?? owners.count
            select(among: owners[index..<end], own: own, policy: policy)
            index = end
        }
    }

    /// Decides one prefix; `contenders` come with the lowest node address first.
    private mutating func select(
        among contenders: ArraySlice<(prefix: IPPrefix, site: String, node: NodeAddress)>,
        own: (site: String, node: NodeAddress, exports: [IPPrefix]), policy: RoutePolicy
    ) {
        guard let winner = contenders.first else { return }
        for contender in contenders where contender.node != own.node {
            let route = RemoteRoute(prefix: contender.prefix, site: contender.site, node: contender.node)
            if winner.site == own.site {
                let reason: RefusedRoute.Reason = .ownedByUs
                if contender.site != own.site { refused.append(.init(route: route, reason: reason, owner: own.site)) }
            } else if contender.site != winner.site {
                refused.append(.init(route: route, reason: .ownedByAnother, owner: winner.site))
            } else if !policy.accepts(contender.prefix, from: contender.site) {
                refused.append(.init(route: route, reason: .policy, owner: nil))
            } else if contender.node == winner.node {
                accepted.append(route)
            }
        }
        if winner.site != own.site, contenders.contains(where: { $0.node == own.node }) {
            lostExports.append((winner.prefix, winner.site))
        }
    }
}
