import LinkSecurity
package import NetworkTypes
import OrderedCollections

/// What the core knows of one remote gateway, for status.
package struct MemberStatus: Equatable, Sendable {
    package var site: String
    package var node: NodeAddress
    package var endpoint: Endpoint?
    package var reason: LinkReason
    package var isLive: Bool
    package var roundTrip: Duration?
    package var lossPercent: Double?
    /// Bytes inside one datagram of the path.
    package var payload: Int?
    package var exports: [IPPrefix]
    package var isWithdrawn: Bool
}

/// What the core knows of a bootstrap address, for status.
package struct BootstrapStatus: Equatable, Sendable {
    package var name: HostAndPort
    package var endpoints: [Endpoint]
    /// It leads to a live member, or to this gateway itself.
    package var isReached: Bool
    package var reason: LinkReason
}

extension Gateway {
    /// Every remote gateway, in the order of sites and nodes.
    package var memberStatus: [MemberStatus] {
        members.values.map { member in
            let announcement = directory[member.node]?.announcement
            return MemberStatus(
                site: member.identity.site, node: member.node, endpoint: member.path?.endpoint,
                reason: member.reason, isLive: member.path != nil, roundTrip: member.path?.roundTrip,
                lossPercent: member.path?.lossPercent, payload: member.path?.mtuSearch.confirmed,
                exports: announcement?.exports.map(\.virtual) ?? [], isWithdrawn: announcement?.isWithdrawn ?? false)
        }.sorted { $0.site != $1.site ? $0.site < $1.site : $0.node < $1.node }
    }

    /// Every configured bootstrap address, in the order of the configuration.
    package var bootstrapStatus: [BootstrapStatus] {
        bootstrap.compactMap { target in
            guard let name = target.name else { return nil }
            let isSelf = !target.endpoints.isEmpty && target.endpoints.allSatisfy(underlay.endpoints.contains)
            let isReached = isSelf || target.node.map { $0 == node || members[$0]?.path != nil } ?? false
            return BootstrapStatus(
                name: name, endpoints: target.endpoints, isReached: isReached, reason: isReached ? .ok : target.reason)
        }
    }

    /// Accepted routes in prefix order.
    package var routes: [RemoteRoute] { selection.accepted }
    /// Announced prefixes that are not used.
    package var refusedRoutes: [RefusedRoute] { selection.refused }
    /// Own exports that another site owns.
    package var lostExports: [(prefix: IPPrefix, owner: String)] { selection.lostExports }
    /// Refused handshakes, oldest first.
    package var refusedHandshakes: [Refusal] { refusals }
    /// Own endpoints as other members see them.
    package var observedEndpoints: [Endpoint] { observed.map(\.endpoint) }
    /// Members of the grid that have announced themselves and not withdrawn, this gateway included.
    package var memberCount: Int { directory.entries.count { !$0.announcement.isWithdrawn } }
    /// Members that have a live path.
    package var liveCount: Int { members.values.count { $0.path != nil } }

    /// In the grid: a member has been reached since the start, or no bootstrap address leads to anybody else.
    package var isJoined: Bool {
        hasJoined
            || bootstrap.allSatisfy { target in
                target.name == nil
                    || !target.endpoints.isEmpty && target.endpoints.allSatisfy(underlay.endpoints.contains)
            }
    }

    /// In the grid, and nothing is on its way: every member is either reached and even with us, or tried in vain.
    package func isSettled(now: Instant) -> Bool {
        isJoined && members.values.allSatisfy { isSettled($0, now: now) }
    }

    /// The site is reached, and knows of us what it must know to answer.
    package func isReached(_ site: String, now: Instant) -> Bool {
        members.values.contains { $0.identity.site == site && $0.path != nil && isSettled($0, now: now) }
    }

    private func isSettled(_ member: Member, now: Instant) -> Bool {
        guard member.path != nil else { return member.reason != .connecting }
        return member.isEven || member.settlesBy.map { $0 <= now } ?? true
    }

    /// Where members are now, or were last: dialled first after a restart.
    package var rememberedEndpoints: [Endpoint] {
        members.values.compactMap { $0.path?.endpoint ?? $0.lastEndpoint }
    }
}
