import NetworkTypes

extension StatusReport {
    /// Everything that is wrong: what the daemon says, and what its report and the kernel show.
    static func findProblems(
        gateway: Result<GatewayReport, DaemonAbsence>, kernel: KernelFacts, configured: ConfiguredGateway?,
        routes: [RouteStanding]
    ) -> [Problem] {
        var found: [Problem] = []
        switch gateway {
        case .failure(let absence):
            found.append(absence.problem)
            if let certificate = configured?.certificate { found += problems(of: certificate) }
        case .success(let report):
            found += report.problems
            if let certificate = report.certificate { found += problems(of: certificate) }
            found += report.sites.filter(\.isMissed).map { .siteDown(site: $0.site, reason: $0.reason) }
            found += report.sites.filter { $0.sourceDrops > 0 }
                .map { .sourceCheckDrops(site: $0.site, packets: $0.sourceDrops) }
            found += report.exports.compactMap(problem(of:))
            found += routes.compactMap(problem(of:))
            found += hostProblems(report, kernel)
        }
        if kernel.lanInterfaceExists == false,
            let name = (try? gateway.get())?.host.lanInterface ?? configured?.host.lanInterface
        {
            found.append(.lanInterfaceMissing(name))
        }
        return merged(found)
    }

    /// Sorted, each once.
    private static func merged(_ problems: [Problem]) -> [Problem] {
        let sorted = problems.sorted { $0.code != $1.code ? $0.code < $1.code : $0.text < $1.text }
        return sorted.reduce(into: []) { list, problem in
            if list.last.map({ $0.code == problem.code && $0.text == problem.text }) != true { list.append(problem) }
        }
    }

    private static func problems(of certificate: CertificateReport) -> [Problem] {
        if certificate.daysLeft < 0 { return [.certificateExpired(notAfter: certificate.notAfter)] }
        guard certificate.daysLeft < CertificateReport.degradedDays else { return [] }
        return [.certificateExpiresSoon(daysLeft: certificate.daysLeft)]
    }

    private static func problem(of export: ExportReport) -> Problem? {
        switch export.state {
        case .announced: nil
        case .leasing: export.issue.map { .prefixLeasePending(export.subnet, issue: $0) }
        case .refused: .exportRefused(export.subnet, issue: export.issue ?? RouteIssue(.reservedRange))
        }
    }

    private static func problem(of route: RouteStanding) -> Problem? {
        guard let site = route.site else {
            return route.wanted == false ? .routeUnclaimed(route.prefix) : nil
        }
        if let vanished = route.vanished {
            return .routeVanished(route.prefix, remover: vanished.remover, restored: vanished.restored)
        }
        switch route.kernel {
        case nil, .installed: return nil
        case .missing: return .routeMissing(route.prefix, issue: route.issue ?? RouteIssue(.notInstalledYet))
        case .shadowed: return .routeShadowed(route.prefix, issue: route.issue ?? RouteIssue(.betterMetric))
        case .foreign: return .routeForeign(route.prefix, issue: route.issue ?? RouteIssue(.heldByAnotherProgram))
        case .refused:
            guard let issue = route.issue else { return nil }
            switch issue.code {
            // Refused by this site's own line is what the operator wants; who owns what, the daemon tells as E018.
            case .refusedByPolicy, .ownedByAnotherSite, .ownedByThisSite: return nil
            default: return .routeRefused(route.prefix, site: site, issue: issue)
            }
        }
    }

    private static func hostProblems(_ report: GatewayReport, _ kernel: KernelFacts) -> [Problem] {
        var found: [Problem] = []
        if let device = kernel.device {
            if !device.isUp { found.append(.deviceDown(device.name)) }
            if let wanted = report.host.deviceMTU, wanted != device.mtu {
                found.append(.deviceWrongMTU(device.name, found: device.mtu, wanted: wanted))
            }
        } else {
            found.append(.deviceMissing(report.host.device))
        }
        for family in report.familiesToForward {
            let isOn = family == .v4 ? kernel.forwardingV4 : kernel.forwardingV6
            if isOn == false { found.append(.forwardingOff(family)) }
        }
        found += kernel.strictReversePath.map(Problem.reversePathFilter(interface:))
        if let drops = kernel.forwardingDrops { found.append(.forwardingDropped(drops)) }
        if let rewrites = kernel.sourceNAT { found.append(.sourceRewritten(rewrites)) }
        return found
    }
}

extension SiteReport {
    /// Whether the site is down and neither side means it to be: a gateway that was stopped in order shows in the
    /// table, and makes this one degraded, without a line that tells what everybody knows.
    var isMissed: Bool {
        guard path == .down else { return false }
        switch reason {
        case .peerStopped, .withdrawn, .refusedByPolicy: return false
        default: return true
        }
    }
}

extension GatewayReport {
    /// The families that this gateway has something to forward in: IPv4 always, IPv6 when an export or a route is.
    var familiesToForward: [AddressFamily] {
        let prefixes = exports.map(\.subnet) + routes.filter(\.wanted).map(\.prefix)
        return prefixes.contains { $0.family == .v6 } ? [.v4, .v6] : [.v4]
    }
}
