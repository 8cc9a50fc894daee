package import NetworkTypes

/// What `ipop status` shows: the daemon's belief and the kernel's truth, side by side.
package struct StatusReport: Equatable, Sendable {
    /// The daemon's report, or why there is none.
    package let gateway: Result<GatewayReport, DaemonAbsence>
    package let kernel: KernelFacts
    /// What the configuration files say this gateway is, for when the daemon says nothing.
    package let configured: ConfiguredGateway?
    /// `nil` when it cannot be told: the daemon may not be asked.
    package let state: GatewayState?
    /// Every prefix that the daemon or the kernel knows, by prefix, wanted ones first.
    package let routes: [RouteStanding]
    /// By code, then text; no two are equal.
    package let problems: [Problem]

    /// Merges the two halves.
    package init(
        gateway: Result<GatewayReport, DaemonAbsence>, kernel: KernelFacts, configured: ConfiguredGateway? = nil
    ) {
        self.gateway = gateway
        self.kernel = kernel
        self.configured = configured
        let routes = RouteStanding.merge(try? gateway.get(), kernel)
        self.routes = routes
        problems = Self.findProblems(gateway: gateway, kernel: kernel, configured: configured, routes: routes)
        switch gateway {
        case .success(let report):
            state = Self.judge(report, routes: routes, problems: problems)
        case .failure(.permissionDenied): state = nil
        case .failure(.notRunning), .failure(.notAnswering): state = .stopped
        }
    }

    /// The daemon's report, if there is one.
    package var report: GatewayReport? { try? gateway.get() }

    /// How `ipop status` ends.
    package var exit: ProgramExit {
        switch gateway {
        case .failure(let absence): absence.exit
        case .success: state == .up ? .healthy : .degraded
        }
    }

    /// This gateway's certificate, from the daemon or else from the files.
    package var certificate: CertificateReport? { report?.certificate ?? configured?.certificate }

    /// This gateway's address, from the daemon or else from the certificate.
    package var node: NodeAddress? { report?.node ?? configured?.node }

    /// The settings of this host, from the daemon or else from the files.
    package var host: HostSettings? { report?.host ?? configured?.host }

    private static func judge(
        _ report: GatewayReport, routes: [RouteStanding], problems: [Problem]
    ) -> GatewayState {
        switch report.state {
        case .joining, .degraded, .stopped: return report.state
        case .up: break
        }
        // What this site denies by its own files is as it should be.
        let isSiteDown = report.sites.contains { $0.path == .down && $0.reason != .refusedByPolicy }
        let isDrifting = routes.contains { $0.wanted == true && $0.kernel != nil && $0.kernel != .installed }
        return isSiteDown || isDrifting || problems.contains(where: \.code.degrades) ? .degraded : .up
    }
}

/// What the configuration files say this gateway is.
package struct ConfiguredGateway: Equatable, Sendable {
    package var grid: String
    package var site: String
    package var host: HostSettings
    /// What the certificate says; `nil` when it cannot be read.
    package var node: NodeAddress?
    package var certificate: CertificateReport?

    package init(
        grid: String, site: String, host: HostSettings, node: NodeAddress? = nil,
        certificate: CertificateReport? = nil
    ) {
        self.grid = grid
        self.site = site
        self.host = host
        self.node = node
        self.certificate = certificate
    }
}

/// One prefix: what the daemon wants and what the kernel has.
package struct RouteStanding: Equatable, Sendable {
    package var prefix: IPPrefix
    /// `nil` when no daemon claims it.
    package var site: String?
    /// `nil` when the daemon does not say.
    package var wanted: Bool?
    /// `nil` when the kernel was not read.
    package var kernel: KernelRouteState?
    package var device: String?
    package var metric: UInt32?
    package var issue: RouteIssue?
    package var vanished: VanishedRoute?
    /// A virtual prefix of this site: what is sent there from here is answered with "unreachable".
    package var isDeadEnd: Bool

    /// Puts what the daemon says of each prefix beside what the kernel says.
    static func merge(_ report: GatewayReport?, _ kernel: KernelFacts) -> [RouteStanding] {
        var facts = PrefixTable<RouteFact>()
        for fact in kernel.routes { facts[fact.prefix] = fact }
        var claimed = PrefixTable<Void>()
        var standings: [RouteStanding] = []
        for route in report?.routes ?? [] {
            let fact = route.wanted ? facts[route.prefix] : nil
            if route.wanted { claimed[route.prefix] = () }
            standings.append(
                RouteStanding(
                    prefix: route.prefix, site: route.site, wanted: route.wanted,
                    kernel: route.wanted ? fact?.kernel : .refused, device: fact?.device, metric: fact?.metric,
                    issue: fact?.kernel == .installed ? nil : route.issue ?? fact?.issue, vanished: route.vanished,
                    isDeadEnd: route.isDeadEnd))
        }
        for fact in kernel.routes where claimed[fact.prefix] == nil {
            standings.append(
                RouteStanding(
                    prefix: fact.prefix, site: nil, wanted: report == nil ? nil : false, kernel: fact.kernel,
                    device: fact.device, metric: fact.metric,
                    issue: report == nil ? fact.issue : RouteIssue(.unclaimed), vanished: nil, isDeadEnd: fact.isDeadEnd
                ))
        }
        return standings.enumerated().sorted { left, right in
            if left.element.prefix != right.element.prefix { return left.element.prefix < right.element.prefix }
            if left.element.wanted != right.element.wanted { return left.element.wanted == true }
            return left.offset < right.offset
        }.map(\.element)
    }
}
