package import ControlProtocol
import NetworkTypes
import RoutePlanning

/// The steps at the gateway where `ipop explain` is run.
package struct NearHalf {
    let report: Result<GatewayReport, DaemonAbsence>
    /// How each wanted route stands in the kernel.
    private let routes: [RouteFact]
    private let facts: SideFacts
    let packet: ExplainedPacket
    /// No particular host of this LAN is the source.
    private let isAnyHost: Bool
    let side: SideSteps

    /// The words for this site when its name is not known.
    package static let nameless = "here"

    /// `site` is this site's name, from the daemon or from the files.
    package init(
        site: String?, report: Result<GatewayReport, DaemonAbsence>, routes: [RouteFact], facts: SideFacts,
        packet: ExplainedPacket, isAnyHost: Bool
    ) {
        self.site = site ?? Self.nameless
        self.report = report
        self.routes = routes
        self.facts = facts
        self.packet = packet
        self.isAnyHost = isAnyHost
        side = SideSteps(site: self.site, facts: facts, packet: packet, isSource: true)
    }

    let site: String
    private var gateway: GatewayReport? { try? report.get() }

    /// The steps in order; those of the daemon are left out where it says nothing.
    package var steps: [ExplainStep] {
        if let gateway, let source = bridgedSource(gateway) { return bridgedSteps(gateway, from: source) }
        var steps = [daemon]
        if let gateway { steps.append(source(gateway)) }
        let host = side.lanHost(isAnyHost: isAnyHost)
        steps += [side.lanInterface, host, side.device, side.forwarding, side.reversePath]
        if let gateway { steps.append(owner(gateway)) }
        steps += [side.route(missing: missingRoute), side.firewall]
        if let router = side.defaultRouter { steps.append(router) }
        if let gateway, let member = Self.member(gateway, packet) {
            steps.append(peer(member))
            if let size = pathMTU(member) { steps.append(size) }
        }
        return steps
    }

    /// The site that the destination is behind, if one announces it and it is taken here.
    package static func owner(_ report: GatewayReport, _ packet: ExplainedPacket) -> RouteReport? {
        best(report.routes.filter { $0.wanted && !$0.isDeadEnd }, packet)
    }

    /// The gateway of that site that serves it: one that is reached, if there is one.
    package static func member(_ report: GatewayReport, _ packet: ExplainedPacket) -> SiteReport? {
        guard let owner = owner(report, packet) else { return nil }
        let members = report.sites.filter { $0.site == owner.site }
        return members.first { $0.path != .down } ?? members.first
    }

    private static func best(_ routes: [RouteReport], _ packet: ExplainedPacket) -> RouteReport? {
        routes.filter { $0.prefix.contains(packet.destination) }.max { $0.prefix.length < $1.prefix.length }
    }

    var daemon: ExplainStep {
        switch report {
        case .success(let gateway):
            if gateway.state == .joining {
                return ExplainStep(site, .daemon, fails: .notInGrid, "ipopd runs and has reached no member yet")
            }
            return ExplainStep(site, .daemon, true, "ipopd runs, in grid \(gateway.grid)")
        case .failure(.permissionDenied):
            return ExplainStep(
                site, .daemon, fails: .daemonNotReadable, "ipopd may not be asked; only the kernel is read")
        case .failure(let absence):
            let problem = absence.problem
            return ExplainStep(
                site, .daemon, fails: .daemonNotRunning, "\(problem.text); only the kernel is read", fix: problem.fix)
        }
    }

    private func source(_ gateway: GatewayReport) -> ExplainStep {
        let exports = gateway.exports.filter { $0.subnet.contains(packet.source) }
        let best = exports.max { $0.subnet.length < $1.subnet.length }
        let what = isAnyHost ? "hosts like \(packet.source) are" : "\(packet.source) is"
        guard let export = best else {
            let other = gateway.routes.filter { $0.prefix.contains(packet.source) }
                .max { $0.prefix.length < $1.prefix.length }
            let fix = other.map { "Run it at a gateway of site \($0.site), whose \($0.prefix) it is in." }
            return ExplainStep(
                site, .source, fails: .sourceNotExported, "\(what) in no subnet that this site exports", fix: fix)
        }
        switch export.state {
        case .announced:
            let mapped = export.virtual.flatMap { virtual -> String? in
                guard virtual != export.subnet else { return nil }
                let name = export.subnet.counterpart(of: packet.source, in: virtual).map { ", there \($0)" } ?? ""
                return " as \(virtual)\(isAnyHost ? "" : name)"
            }
            return ExplainStep(
                site, .source, true, "\(what) in \(export.subnet), which this site exports\(mapped ?? "")")
        case .leasing: return ExplainStep(site, .source, nil, "\(what) in \(export.subnet), which is being leased")
        case .refused:
            let reason = export.issue.map { ": \($0.text)" } ?? ""
            return ExplainStep(
                site, .source, fails: .exportRefused, "\(what) in \(export.subnet), whose export is refused\(reason)",
                fix: export.issue?.fix)
        }
    }

    func owner(_ gateway: GatewayReport) -> ExplainStep {
        if let host = bridgedDestination(gateway) { return host }
        let wanted = Self.owner(gateway, packet)
        let own = gateway.exports.filter { export in
            export.subnet.contains(packet.destination) || export.virtual?.contains(packet.destination) == true
        }.max { $0.subnet.length < $1.subnet.length }
        if let own, own.subnet.length >= wanted?.prefix.length ?? 0 {
            return ExplainStep(
                site, .owner, fails: .destinationLocal,
                "\(packet.destination) is in \(own.subnet), a subnet of this site")
        }
        if let wanted {
            if let fact = routes.first(where: { $0.prefix == wanted.prefix }), fact.kernel == .refused {
                return notAccepted(wanted, fact.issue ?? wanted.issue)
            }
            return ExplainStep(
                site, .owner, true, "\(packet.destination) is in \(wanted.prefix) of site \(wanted.site)")
        }
        if let refused = Self.best(gateway.routes.filter { !$0.isDeadEnd }, packet) {
            return notAccepted(refused, refused.issue)
        }
        return ExplainStep(
            site, .owner, fails: .destinationUnknown, "no site announces a prefix that has \(packet.destination)")
    }

    private func notAccepted(_ route: RouteReport, _ issue: RouteIssue?) -> ExplainStep {
        ExplainStep(
            site, .owner, fails: .destinationNotAccepted,
            "\(route.prefix) of site \(route.site) is not taken\(issue.map { ": \($0.text)" } ?? "")", fix: issue?.fix)
    }

    /// What is known of a route that is wanted and not there.
    private var missingRoute: (text: String, fix: String)? {
        guard let gateway, let wanted = Self.owner(gateway, packet),
            let fact = routes.first(where: { $0.prefix == wanted.prefix }), fact.kernel == .missing
        else { return nil }
        let issue = gateway.routes.first { $0.prefix == wanted.prefix && $0.wanted }?.issue ?? fact.issue
        return (
            "the kernel has no route to \(wanted.prefix)\(issue.map { ": \($0.text)" } ?? "")",
            issue?.fix ?? ExplainCode.routeMissing.explanation.fix
        )
    }

    func peer(_ member: SiteReport) -> ExplainStep {
        let reason = member.reason.explanation
        if member.path == .down {
            return ExplainStep(
                site, .peer, fails: .peerDown, "site \(member.site) is down: \(reason.phrase)", fix: reason.fix)
        }
        var text = "site \(member.site) is reached: \(member.path.rawValue)"
        if let endpoint = member.endpoint { text += " to \(endpoint)" }
        if let via = member.via { text += " via \(via)" }
        if let time = member.rttMicroseconds { text += ", \(HumanUnits.roundTrip(microseconds: time))" }
        if let loss = member.lossPercent, loss > 0 { text += ", \(HumanUnits.percent(loss)) loss" }
        return ExplainStep(site, .peer, true, member.reason == .ok ? text : "\(text) (\(reason.phrase))")
    }

    func pathMTU(_ member: SiteReport) -> ExplainStep? {
        guard member.path != .down, let size = member.mtu else { return nil }
        let device = facts.network.link(named: facts.device)?.mtu ?? size
        let rest = size < device ? "; larger ones travel in slices" : ""
        return ExplainStep(site, .pathMTU, true, "packets of \(size) bytes travel in one piece\(rest)")
    }
}
