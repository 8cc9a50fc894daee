package import NetworkTypes

/// How the NAT before this gateway maps its port, in the words of RFC 4787 §4.1.
package enum MappingBehaviour: UInt8, Sendable, CaseIterable {
    case unknown = 0
    /// There is no NAT.
    case none = 1
    /// One outside port for all remotes.
    case endpointIndependent = 2
    /// One for each remote address.
    case addressDependent = 3
    /// One for each remote address and port: "symmetric".
    case addressAndPortDependent = 4

    /// Whether another remote than the one that saw it finds this gateway at another port.
    package var isDependent: Bool { self == .addressDependent || self == .addressAndPortDependent }
}

/// What members report of where they see this gateway: the newest report of each, the newest last.
package struct NATObservations: Equatable, Sendable {
    /// One member's report.
    package struct Report: Equatable, Sendable {
        package var reporter: NodeAddress
        /// Where the reporter is, and by which uplink it was asked: each may have a NAT of its own.
        package var reporterEndpoint: Endpoint
        /// Where it sees this gateway.
        package var seen: Endpoint
        package var time: Instant

        package init(reporter: NodeAddress, reporterEndpoint: Endpoint, seen: Endpoint, time: Instant) {
            self.reporter = reporter
            self.reporterEndpoint = reporterEndpoint
            self.seen = seen
            self.time = time
        }

        func isOf(_ other: NodeAddress, over uplink: Uplink) -> Bool {
            reporter == other && reporterEndpoint.uplink == uplink
        }
    }

    package private(set) var reports: [Report] = []

    package init() {}

    /// Takes a report. Returns whether its endpoint is one that nobody had reported.
    package mutating func note(_ report: Report) -> Bool {
        let isNew = !reports.contains { $0.seen == report.seen }
        reports.removeAll {
            $0.isOf(report.reporter, over: report.reporterEndpoint.uplink)
                || report.time - $0.time > PathLimits.observationLifetime
        }
        if reports.count >= PathLimits.observations { reports.removeFirst() }
        reports.append(report)
        return isNew
    }

    /// Forgets what a member that is not reached any more has reported.
    package mutating func forget(_ reporter: NodeAddress) {
        reports.removeAll { $0.reporter == reporter }
    }

    /// Forgets what was told by ways that are no more.
    package mutating func keep(_ isThere: (Endpoint) -> Bool) {
        reports.removeAll { !isThere($0.reporterEndpoint) }
    }

    /// Forgets everything: the gateway's own place has changed.
    package mutating func removeAll() { reports = [] }

    /// Endpoints at which others see this gateway and that are none of its `own`, those that most see first, then the
    /// newest. The list is short, so it is made at each call.
    package func outside(of own: [Endpoint]) -> [Endpoint] {
        var counted: [(endpoint: Endpoint, count: Int)] = []
        for report in reports.reversed() where !own.contains(report.seen) {
            if let index = counted.firstIndex(where: { $0.endpoint == report.seen }) {
                counted[index].count += 1
            } else {
                counted.append((report.seen, 1))
            }
        }
        // Stable: of equals the newest stays first.
        let order = counted.indices.sorted {
            counted[$0].count != counted[$1].count ? counted[$0].count > counted[$1].count : $0 < $1
        }
        return order.prefix(PathLimits.outsideEndpoints).map { counted[$0].endpoint }
    }

    /// What the reports tell of the NAT; of several uplinks' the one that is easiest to pass, for one way is enough.
    /// `own` are the gateway's own endpoints.
    package func mapping(own: [Endpoint]) -> MappingBehaviour {
        var best = MappingBehaviour.unknown
        var uplinks: [Uplink] = []
        for report in reports where !uplinks.contains(report.reporterEndpoint.uplink) {
            uplinks.append(report.reporterEndpoint.uplink)
            let found = mapping(own: own, over: report.reporterEndpoint.uplink)
            if best == .unknown || found != .unknown && found.rawValue < best.rawValue { best = found }
        }
        return best
    }

    /// The same of one uplink.
    ///
    /// Two remotes with one address that see different ports tell of ports; without such a pair a mapping that differs
    /// between addresses counts as the worse.
    package func mapping(own: [Endpoint], over uplink: Uplink) -> MappingBehaviour {
        let reports = reports.filter { $0.reporterEndpoint.uplink == uplink }
        let translated = reports.filter { !own.contains($0.seen) }
        guard let first = translated.first else { return reports.isEmpty ? .unknown : .none }
        let peers = translated.filter { $0.seen.address.family == first.seen.address.family }
        var hasTwoAddresses = false
        var isEqualByAddress = false
        var differsByAddress = false
        for (index, report) in peers.enumerated() {
            for other in peers[..<index] {
                let isSame = report.seen.port == other.seen.port
                if report.reporterEndpoint.address == other.reporterEndpoint.address {
                    if !isSame { return .addressAndPortDependent }
                    isEqualByAddress = isEqualByAddress || report.reporterEndpoint != other.reporterEndpoint
                } else {
                    hasTwoAddresses = true
                    differsByAddress = differsByAddress || !isSame
                }
            }
        }
        guard hasTwoAddresses else { return .unknown }
        guard differsByAddress else { return .endpointIndependent }
        return isEqualByAddress ? .addressDependent : .addressAndPortDependent
    }
}
