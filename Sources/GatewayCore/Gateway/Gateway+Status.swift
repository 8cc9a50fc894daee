import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayRing

/// What the core knows of one remote gateway, for status.
package struct MemberStatus: Equatable, Sendable {
    package var site: String
    package var node: NodeAddress
    package var endpoint: Endpoint?
    package var reason: LinkReason
    package var isLive: Bool
    /// What its datagrams travel by; the ring's hops also when there is no session because nobody needs one. `nil` when
    /// it is not reached. On a stream `endpoint` is its far end, through a relay that of the relay.
    package var medium: PathMedium?
    /// The relay.
    package var via: NodeAddress?
    package var roundTrip: Duration?
    package var lossPercent: Double?
    /// Bytes inside one datagram of the path.
    package var payload: Int?
    package var exports: [IPPrefix]
    package var isWithdrawn: Bool

    /// Its datagrams go over the ring's hops, or would.
    package var isOverOverlay: Bool { medium == .overlay }
    /// Its datagrams go over a TLS connection.
    package var isOverStream: Bool { medium == .tcp }
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
        var list: [MemberStatus] = []
        for entry in directory.entries where entry.node != node {
            list.append(status(of: members[entry.node], entry: entry))
        }
        // Reached, and its announcement is still to come.
        for member in members.values where directory[member.node] == nil && member.identity != nil {
            list.append(status(of: member, entry: nil))
        }
        return list.sorted { $0.site != $1.site ? $0.site < $1.site : $0.node < $1.node }
    }

    /// Where datagrams and streams to members go now.
    package var pathEndpoints: [Endpoint] {
        members.values.compactMap { member in
            member.endpoint.flatMap { underlayEndpoint(of: $0) }
        }
    }

    /// How many remote gateways have not withdrawn, and how many of them are reached: without looking at those that
    /// there is no session with, who all go over the ring's hops.
    package var reach: (reached: Int, known: Int) {
        let own = directory[node].map { $0.announcement.isWithdrawn ? 0 : 1 } ?? 0
        var known = directory.nodes.count - own
        var reached = ring.isRoutable ? known : 0
        for member in members.values {
            let entry = directory[member.node]
            guard entry.map({ !$0.announcement.isWithdrawn }) ?? (member.identity != nil) else { continue }
            if entry == nil { known += 1 } else if ring.isRoutable { reached -= 1 }
            let status = status(of: member, entry: entry)
            if status.isLive || status.isOverOverlay { reached += 1 }
        }
        return (reached, known)
    }

    /// One remote gateway; `nil` when nothing is known of it.
    package func memberStatus(of node: NodeAddress) -> MemberStatus? {
        let (member, entry) = (members[node], directory[node])
        guard node != self.node, member?.identity != nil || entry != nil else { return nil }
        return status(of: member, entry: entry)
    }

    private func status(of member: Member?, entry: Directory.Entry?) -> MemberStatus {
        let path = member?.path
        let isWithdrawn = entry?.announcement.isWithdrawn ?? false
        // Without a session that anybody needs, the ring's hops are the way, as long as the ring stands.
        let isNeeded = member.map { $0.needs.isAcquaintance || $0.needs.trafficUntil != nil } ?? false
        let isOnDemand = path == nil && !isNeeded && !isWithdrawn && ring.isRoutable
        let reason = member.map { pathReason(of: $0) } ?? .connecting
        return MemberStatus(
            site: entry?.identity.site ?? member?.site ?? "", node: entry?.node ?? member?.node ?? node,
            endpoint: path.flatMap { underlayEndpoint(of: $0.endpoint) },
            reason: isOnDemand ? .onDemand : isWithdrawn ? .stopped : reason, isLive: path != nil,
            medium: path?.medium ?? (isOnDemand ? .overlay : nil), via: path.flatMap { relayUses[$0.endpoint]?.relay },
            roundTrip: path?.roundTrip, lossPercent: path?.lossPercent, payload: path?.mtuSearch.confirmed,
            exports: entry?.announcement.exports.map(\.virtual) ?? [], isWithdrawn: isWithdrawn)
    }

    /// Where datagrams of a path go in the underlay first; `nil` for the ring's hops.
    func underlayEndpoint(of endpoint: Endpoint) -> Endpoint? {
        switch endpoint.medium {
        case .udp, .tcp: shown(endpoint)
        case .relay: relayUses[endpoint].map { shown($0.via) }
        case .overlay: nil
        }
    }

    /// The ring as this gateway sees it.
    package var ringStatus: RingStatus {
        RingStatus(
            node: node, isRoutable: ring.isRoutable, isConsistent: ring.isConsistent,
            estimatedSize: ring.estimatedSize, left: ring.left, right: ring.right,
            links: ring.links.map { link in
                RingStatus.Link(
                    node: link.node, site: directory[link.node]?.identity.site ?? members[link.node]?.site ?? "",
                    purposes: link.purposes, theirPurposes: link.theirPurposes,
                    medium: members[link.node]?.endpoint?.medium,
                    endpoint: members[link.node]?.endpoint.flatMap { underlayEndpoint(of: $0) },
                    roundTrip: members[link.node]?.path?.roundTrip,
                    since: link.since)
            })
    }

    /// The site of a member of the directory.
    package func site(of node: NodeAddress) -> String? { directory[node]?.identity.site }

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

    /// Who owns which prefix, as of the last change that was told.
    var currentSelection: RouteSelection {
        selection.value {
            RouteSelection(
                directory: directory,
                own: RouteSelection.Own(
                    site: identity.own.site, node: node, exports: isStopping ? [] : claimedExports),
                policy: settings.policy, pools: profile.pools, proofs: proofs)
        }
    }

    /// Where a member is looked for around the overlay, the likeliest first; empty for one that is not known.
    package func candidates(of node: NodeAddress) -> [Endpoint] {
        guard let member = members[node] else { return [] }
        return directCandidates(of: member)
    }

    /// Accepted routes in prefix order.
    package var routes: [RemoteRoute] { currentSelection.accepted }
    /// Announced prefixes that are not used.
    package var refusedRoutes: [RefusedRoute] { currentSelection.refused }
    /// Own exports that another site owns.
    package var lostExports: [(prefix: IPPrefix, owner: String)] { currentSelection.lostExports }
    /// Refused handshakes, oldest first.
    package var refusedHandshakes: [Refusal] { refusals }
    /// Own endpoints as other members see them.
    package var observedEndpoints: [Endpoint] { observations.outside(of: underlay.endpoints) }
    /// Somebody is reached by UDP.
    package var hasUDPPath: Bool { members.values.contains { $0.endpoint?.medium == .udp } }
    /// Pairs of members that this gateway is a relay of, and ways through relays that it has itself.
    package var relayCounts: (pairs: Int, ways: Int) { (relayedPairs.count, relayUses.count) }
    /// What members' reports tell of the NAT before this gateway.
    package var mapping: MappingBehaviour { observations.mapping(own: underlay.endpoints) }
    /// Members of the grid that have announced themselves and not withdrawn, this gateway included.
    package var memberCount: Int { directory.nodes.count }
    /// TLS connections that are open or being opened.
    package var streamCount: Int { streams.count }
    /// Members that have a live path.
    package var liveCount: Int { members.values.count { $0.endpoint != nil } }

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
        isJoined && (ring.isRoutable || liveCount == 0)
            && members.values.allSatisfy { !$0.needs.hold(at: now) || isSettled($0, now: now) }
    }

    /// The site is reached, and knows of us what it must know to answer.
    package func isReached(_ site: String, now: Instant) -> Bool {
        members.values.contains { $0.site == site && $0.path != nil && isSettled($0, now: now) }
    }

    private func isSettled(_ member: Member, now: Instant) -> Bool {
        guard member.path != nil else { return member.reason != .connecting }
        return member.isEven || member.settlesBy.map { $0 <= now } ?? true
    }

    /// Where members are now, or were last: dialled first after a restart. Ring neighbours come first.
    package var rememberedEndpoints: [Endpoint] {
        let neighbours = ring.membersToRemember.compactMap { members[$0.node]?.lastEndpoint }
        let others = members.values.compactMap(\.lastEndpoint).filter { !neighbours.contains($0) }
        return Array((neighbours + others).prefix(SessionLimits.rememberedMembers))
    }
}
