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
        /// It is a virtual prefix, and not of the grid's pools.
        case outsidePool = "outside-pool"
        /// It is a virtual prefix, and the store does not have the announcing site's lease of it.
        case notLeased = "not-leased"
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

    /// Whether `site` may own `prefix` here, which it announces for its `subnet`.
    func accepts(_ prefix: IPPrefix, of subnet: IPPrefix, from site: String) -> Bool {
        lines.accepts(prefix, of: subnet, announcedBy: site, mode: acceptance)
    }
}

/// Decides who owns each announced prefix, and what this gateway takes of it.
///
/// Of the sites that announce one prefix, the one whose lease of it has the lower create epoch owns it, then the lower
/// node address: at every member alike. A site without a lease comes behind those with one. Gateways of one site do not
/// conflict: the first in this order serves. Virtual prefixes must lie in the grid's pools and be leased, and one that
/// touches another site's conflicts with it; one whose lease has been seen comes before one whose has not yet.
package struct RouteSelection: Sendable {
    /// Accepted routes in prefix order, one for each prefix.
    package private(set) var accepted: [RemoteRoute] = []
    package private(set) var refused: [RefusedRoute] = []
    /// Own exports that another site owns: prefix and owner's site.
    package private(set) var lostExports: [(prefix: IPPrefix, owner: String)] = []
    /// Leases that others announce, and whether another site's touches them.
    private(set) var claims: [(claim: PrefixProofs.Claim, isContested: Bool)] = []

    /// Who decides.
    struct Own {
        var site: String
        var node: NodeAddress
        var exports: [Announcement.Export]
    }

    /// Selects among the live announcements of `directory` in a grid without pools.
    package init(
        directory: Directory, own: (site: String, node: NodeAddress, exports: [Announcement.Export]),
        policy: RoutePolicy
    ) {
        let own = Own(site: own.site, node: own.node, exports: own.exports)
        self.init(directory: directory, own: own, policy: policy, pools: [], proofs: PrefixProofs())
    }

    /// Selects among the live announcements of `directory`.
    init(directory: Directory, own: Own, policy: RoutePolicy, pools: [IPPrefix], proofs: PrefixProofs) {
        var owners = own.exports.map { Contender($0, site: own.site, node: own.node, isProven: true) }
        for entry in directory.entries where !entry.announcement.isWithdrawn && entry.node != own.node {
            let site = entry.identity.site
            for prefix in entry.record.uncovered { refuse(prefix, of: site, entry.node, .notCovered) }
            for export in entry.announcement.exports {
                var isProven = true
                if export.isMapped {
                    guard pools.contains(where: { $0.covers(export.virtual) }) else {
                        refuse(export.virtual, of: site, entry.node, .outsidePool)
                        continue
                    }
                    let claim = PrefixProofs.Claim(node: entry.node, prefix: export.virtual, epoch: export.claimEpoch)
                    let verdict = export.claimEpoch == 0 ? .missing : proofs.verdict(on: claim)
                    if verdict == .missing { refuse(export.virtual, of: site, entry.node, .notLeased) }
                    if export.claimEpoch > 0 { claims.append((claim, false)) }
                    guard verdict != .missing else { continue }
                    isProven = verdict == .held
                }
                owners.append(Contender(export, site: site, node: entry.node, isProven: isProven))
            }
        }
        owners.sort()
        settleOverlaps(among: &owners, own: own)
        accepted.reserveCapacity(owners.count)
        var index = 0
        while index < owners.count {
            let end = owners[index...].firstIndex { $0.prefix != owners[index].prefix } ?? owners.count
            select(among: owners[index..<end], own: own, policy: policy)
            index = end
        }
    }

    private mutating func refuse(
        _ prefix: IPPrefix, of site: String, _ node: NodeAddress, _ reason: RefusedRoute.Reason, owner: String? = nil
    ) {
        let route = RemoteRoute(prefix: prefix, site: site, node: node)
        refused.append(RefusedRoute(route: route, reason: reason, owner: owner))
    }

    /// Takes out the virtual prefixes that touch those of another site with a better right.
    private mutating func settleOverlaps(among owners: inout [Contender], own: Own) {
        guard owners.contains(where: \.isMapped) else { return }
        var winners = [Int?](repeating: nil, count: owners.count)
        var isContested = [Bool](repeating: false, count: owners.count)
        // What covers the one that is looked at: prefixes nest, and the covering ones stand before.
        var covers: [Int] = []
        for index in owners.indices where owners[index].isMapped {
            covers.removeAll { !owners[$0].prefix.covers(owners[index].prefix) }
            for cover in covers where owners[cover].site != owners[index].site {
                isContested[cover] = true
                isContested[index] = true
                if owners[cover].hasBetterRight(than: owners[index]) {
                    winners[index] = winners[index] ?? cover
                } else {
                    winners[cover] = winners[cover] ?? index
                }
            }
            covers.append(index)
        }
        noteContests(owners, isContested)
        for (index, winner) in winners.enumerated() {
            guard let winner else { continue }
            let (loser, owner) = (owners[index], owners[winner].site)
            if loser.node == own.node {
                lostExports.append((loser.prefix, owner))
            } else if loser.site != own.site {
                let reason: RefusedRoute.Reason = owner == own.site ? .ownedByUs : .ownedByAnother
                refuse(loser.prefix, of: loser.site, loser.node, reason, owner: owner)
            }
        }
        var index = 0
        owners.removeAll { _ in
            defer { index += 1 }
            return winners[index] != nil
        }
    }

    private mutating func noteContests(_ owners: [Contender], _ isContested: [Bool]) {
        let contested = owners.indices.filter { isContested[$0] }.map { owners[$0] }
        guard !contested.isEmpty else { return }
        for index in claims.indices {
            let claim = claims[index].claim
            claims[index].isContested = contested.contains { $0.node == claim.node && $0.prefix == claim.prefix }
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
        among contenders: ArraySlice<Contender>, own: Own, policy: RoutePolicy
    ) {
        guard let winner = contenders.first else { return }
        for contender in contenders where contender.node != own.node {
            let route = RemoteRoute(prefix: contender.prefix, site: contender.site, node: contender.node)
            if winner.site == own.site {
                let reason: RefusedRoute.Reason = .ownedByUs
                if contender.site != own.site { refused.append(.init(route: route, reason: reason, owner: own.site)) }
            } else if contender.site != winner.site {
                refused.append(.init(route: route, reason: .ownedByAnother, owner: winner.site))
            } else if !policy.accepts(contender.prefix, of: contender.subnet, from: contender.site) {
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
    let subnet: IPPrefix
    let site: String
    let node: NodeAddress
    /// The store has the lease that a virtual prefix needs.
    let isProven: Bool
    /// The lease's create epoch; without one, behind all.
    let epoch: UInt64

    init(_ export: Announcement.Export, site: String, node: NodeAddress, isProven: Bool) {
        prefix = export.virtual
        subnet = export.subnet
        self.site = site
        self.node = node
        self.isProven = isProven
        epoch = export.claimEpoch == 0 ? .max : export.claimEpoch
    }

    /// A virtual prefix, which its site's certificate says nothing of.
    var isMapped: Bool { prefix != subnet }

    /// Whether it comes before another one of the same prefix, or of one that touches it.
    func hasBetterRight(than other: Contender) -> Bool {
        if isProven != other.isProven { return isProven }
        return epoch != other.epoch ? epoch < other.epoch : node < other.node
    }

    static func < (lhs: Contender, rhs: Contender) -> Bool {
        lhs.prefix != rhs.prefix ? lhs.prefix < rhs.prefix : lhs.hasBetterRight(than: rhs)
    }
}
