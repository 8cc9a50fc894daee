import ControlProtocol
import GatewayConfiguration
import GatewayCore
import LinkSecurity
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import OverlayRing
import PacketForwarding

// What `ipop ring` and `ipop trace` ask.
extension Daemon {
    /// This gateway's place on the ring.
    var ringReport: RingReport {
        let ring = gateway.ringStatus
        return RingReport(
            node: ring.node, site: files.settings.site, isRoutable: ring.isRoutable,
            isConsistent: gateway.memberCount > 1 && !ring.isRoutable ? nil : ring.isConsistent,
            estimatedMembers: Int(clamping: ring.estimatedSize), left: ring.left.map(ringMember),
            right: ring.right.map(ringMember), links: linkReports(ring))
    }

    private func linkReports(_ ring: RingStatus) -> [RingLinkReport] {
        ring.links.map { link in
            let member = gateway.memberStatus(of: link.node)
            return RingLinkReport(
                member: RingMember(node: link.node, site: link.site.isEmpty ? nil : link.site),
                purposes: Self.words(link.purposes), theirPurposes: Self.words(link.theirPurposes),
                path: PathKind(link.medium), endpoint: link.endpoint,
                reason: member.flatMap { PathReason(rawValue: $0.reason.code) } ?? .ok,
                rttMicroseconds: link.roundTrip.map { UInt64(max(0, $0.wholeMicroseconds)) },
                ageSeconds: UInt64(max(0, (now - link.since).components.seconds)))
        }
    }

    private static func words(_ purposes: RingPurposes) -> [LinkPurpose] {
        let all: [(RingPurposes, LinkPurpose)] = [
            (.near, .near), (.far, .far), (.shortcut, .shortcut), (.leaf, .leaf),
        ]
        return all.filter { purposes.contains($0.0) }.map(\.1)
    }

    private func ringMember(_ node: NodeAddress) -> RingMember {
        RingMember(node: node, site: node == identity.own.node ? files.settings.site : gateway.site(of: node))
    }

    /// Asks every member for its neighbours. Who asks while that goes on gets the same answer.
    func crawl(token: UInt64) {
        nextEcho += 1
        _ = gateway.crawl(token: nextEcho, now: now, effects: &effects)
        let deadline = now + .seconds(Int64(ControlLimits.crawlSeconds))
        pending.append(PendingRequest(token: token, kind: .crawl, deadline: deadline))
        settle()
    }

    /// A crawl has ended: answers who asked for it.
    func answerCrawl(_ result: CrawlResult) {
        let report = CrawlReport(
            result.members.map { member in
                CrawlAnswer(
                    member: ringMember(member.node), hasAnswered: member.isAnswered, left: member.left,
                    right: member.right)
            })
        for request in pending {
            guard case .crawl = request.kind else { continue }
            controlServer.answer(request.token, .success(report.json), now: now)
        }
        pending.removeAll { if case .crawl = $0.kind { true } else { false } }
    }

    /// Sends a probe that each member on the way signs.
    func trace(
        _ target: String, forcesOverlay: Bool, timeout: Duration, token: UInt64
    ) throws(ControlFailure) {
        let (site, node) = try traceDestination(TraceTarget(target))
        nextEcho += 1
        // The effect may come at once.
        pending.append(
            PendingRequest(token: token, kind: .trace(site: site, node: node, trace: nextEcho), deadline: nil))
        let isSent = gateway.trace(
            to: node, forcesOverlay: forcesOverlay, token: nextEcho, timeout: timeout, now: now, effects: &effects)
        guard isSent else {
            pending.removeLast()
            throw ControlFailure(.busy, "too many traces at once")
        }
        settle()
    }

    private func traceDestination(
        _ target: TraceTarget
    ) throws(ControlFailure) -> (site: String, node: NodeAddress) {
        switch target {
        case .site(let site):
            if site == files.settings.site { throw ControlFailure(.ownSite, "'\(site)' is this site") }
            let known = gateway.memberStatus.filter { $0.site == site }
            guard !known.isEmpty else { throw ControlFailure(.unknownSite, "no site '\(site)' in the grid") }
            guard let member = known.first(where: \.isLive) ?? known.first(where: { !$0.isWithdrawn }) else {
                throw ControlFailure(.siteDown, "site '\(site)' cannot be reached: \(known[0].reason.code)")
            }
            return (site, member.node)
        case .address(let address):
            let routes = gateway.routes.map { (prefix: $0.prefix, remote: $0) }
            switch TraceDestination(of: address, exports: activeExports.map(\.virtual), routes: routes) {
            case .own(let prefix):
                throw ControlFailure(.ownSite, "\(address) is in \(prefix), which this site exports")
            case .none:
                throw ControlFailure(.noRoute, "no route leads to \(address); see `ipop routes`")
            case .remote(_, let route):
                return (route.site, route.node)
            }
        }
    }

    /// A trace has ended: answers who asked for it.
    func answerTrace(_ trace: UInt64, _ result: TraceResult?) {
        let index = pending.firstIndex {
            if case .trace(_, _, trace) = $0.kind { true } else { false }
        }
        guard let index, case .trace(let site, let node, _) = pending[index].kind else { return }
        let request = pending.remove(at: index)
        guard let result else {
            let failure = ControlFailure(.noAnswer, "no answer from site '\(site)'")
            controlServer.answer(request.token, .failure(failure), now: now)
            return
        }
        let direct = gateway.memberStatus(of: node)?.pathKind ?? .directUDP
        let report = TraceReport(
            site: site, node: node, path: result.isDirect ? direct : .overlay, hops: hops(of: result),
            roundTripMicroseconds: UInt64(max(0, result.roundTrip.wholeMicroseconds)))
        controlServer.answer(request.token, .success(report.json), now: now)
    }

    private func hops(of result: TraceResult) -> [TraceHop] {
        result.way.enumerated().map { position, hop in
            TraceHop(
                index: position + 1, member: ringMember(hop.node), path: hop.link.map { PathKind($0.kind) },
                endpoint: hop.link?.endpoint, reason: hop.link.flatMap { PathReason(rawValue: $0.reason) },
                linkRttMicroseconds: hop.link?.roundTrip.map { UInt64(max(0, $0.wholeMicroseconds)) },
                rttMicroseconds: hop.roundTrip.map { UInt64(max(0, $0.wholeMicroseconds)) })
        }
    }
}

extension PathKind {
    fileprivate init(_ kind: TraceLink.Kind) {
        switch kind {
        case .directUDP: self = .directUDP
        case .directTCP: self = .directTCP
        case .relay: self = .relay
        case .overlay: self = .overlay
        }
    }
}
