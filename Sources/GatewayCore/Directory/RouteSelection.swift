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
/// Of the sites that announce one prefix, the one whose lease of it has the lower create epoch owns it, then the lower
/// node address: at every member alike. A site without a lease comes behind those with one. Gateways of one site do not
/// conflict: the first in this order serves.
package struct RouteSelection: Sendable {
    /// Accepted routes in prefix order, one for each prefix.
    package private(set) var accepted: [RemoteRoute] = []
    package private(set) var refused: [RefusedRoute] = []
    /// Own exports that another site owns: prefix and owner's site.
    package private(set) var lostExports: [(prefix: IPPrefix, owner: String)] = []

    /// Selects among the live announcements of `directory`.
    package init(
        directory: Directory, own: (site: String, node: NodeAddress, exports: [Announcement.Export]),
        policy: RoutePolicy
    ) {
        var owners = own.exports.map { Contender($0, site: own.site, node: own.node) }
        for entry in directory.entries where !entry.announcement.isWithdrawn && entry.node != own.node {
            let site = entry.identity.site
            for prefix in entry.record.uncovered {
                let route = RemoteRoute(prefix: prefix, site: site, node: entry.node)
                refused.append(RefusedRoute(route: route, reason: .notCovered, owner: nil))
            }
            for export in entry.announcement.exports {
                owners.append(Contender(export, site: site, node: entry.node))
            }
        }
        owners.sort()
        accepted.reserveCapacity(owners.count)
        var index = 0
        while index < owners.count {
            let end = owners[index...].firstIndex { $0.prefix != owners[index].prefix } ?? owners.count
            select(among: owners[index..<end], own: own, policy: policy)
            index = end
        }
    }

    /// Whether an accepted route leads to `address`. One that leads to any of `own` as well does not count: the
    /// underlay itself lies in it, and is kept out of it by more special routes.
    func leads(to address: IPAddress, besides own: [IPAddress]) -> Bool {
        for length in stride(from: address.family.bitCount, through: 0, by: -1) {
            let prefix = IPPrefix(containing: address, length: length)
            guard isAccepted(prefix) else { continue }
            // Shorter prefixes hold the same own addresses.
            return !own.contains { prefix.contains($0) }
        }
        return false
    }

    private func isAccepted(_ prefix: IPPrefix) -> Bool {
        var low = 0
        var high = accepted.count
        while low < high {
            let middle = (low + high) / 2
            if accepted[middle].prefix < prefix { low = middle + 1 } else { high = middle }
        }
        return low < accepted.count && accepted[low].prefix == prefix
    }

    /// Decides one prefix; the first of `contenders` owns it.
    private mutating func select(
        among contenders: ArraySlice<Contender>,
        own: (site: String, node: NodeAddress, exports: [Announcement.Export]), policy: RoutePolicy
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

/// Holds the selection between two changes, and makes it when somebody asks first: among thousands of sites it takes
/// long, and a grid in motion changes all the time.
final class RouteDecision {
    private var known: RouteSelection? { didSet { latest = known ?? latest } }
    /// The selection that was made last, and so the routes that the driver has; nothing before the first.
    private(set) var latest: RouteSelection?

    /// Something has changed.
    func forget() { known = nil }

    /// The selection, made by `select` if it is not known.
    func value(_ select: () -> RouteSelection) -> RouteSelection {
        if let known { return known }
        let selection = select()
        known = selection
        return selection
    }
}

/// A gateway that announces a prefix: ordered by prefix, then by who owns it.
private struct Contender: Comparable {
    let prefix: IPPrefix
    let site: String
    let node: NodeAddress
    /// The lease's create epoch; without one, behind all.
    let epoch: UInt64

    init(_ export: Announcement.Export, site: String, node: NodeAddress) {
        prefix = export.virtual
        self.site = site
        self.node = node
        epoch = export.claimEpoch == 0 ? .max : export.claimEpoch
    }

    static func < (lhs: Contender, rhs: Contender) -> Bool {
        if lhs.prefix != rhs.prefix { return lhs.prefix < rhs.prefix }
        if lhs.epoch != rhs.epoch { return lhs.epoch < rhs.epoch }
        return lhs.node < rhs.node
    }
}
