import NetworkTypes

/// The table of `ipop routes`: one row a prefix.
package struct RouteTable: Sendable {
    package let table: TextTable

    package init(_ report: StatusReport) {
        let metricWidth = 6
        var table = TextTable([
            .init("PREFIX", minimumWidth: 17), .init("SITE", minimumWidth: 5), .init("WANTED"), .init("KERNEL"),
            .init("DEVICE"), .init("METRIC", minimumWidth: metricWidth, isRight: true), .init("NOTE"),
        ])
        table.rows = report.routes.map { route in
            [
                .init(route.prefix.description), .init(route.site ?? "-"),
                .init(route.wanted.map { $0 ? "yes" : "no" } ?? "-"),
                .init(route.kernel?.rawValue ?? "?", route.word.style),
                .init(route.device ?? (route.isDeadEnd ? "unreachable" : "-")),
                .init(route.metric.map(String.init) ?? "-"), .init(route.note ?? ""),
            ]
        }
        self.table = table
    }
}

/// The table of `ipop sites`: one row a remote gateway.
package struct GatewayTable: Sendable {
    package let table: TextTable

    package init(_ report: GatewayReport) {
        var table = TextTable([
            .init("SITE", minimumWidth: 5), .init("NODE"), .init("PATH"), .init("ENDPOINT"),
            .init("RTT", minimumWidth: 6, isRight: true), .init("LOSS", isRight: true), .init("MTU", isRight: true),
            .init("TX", minimumWidth: 6, isRight: true), .init("RX", minimumWidth: 6, isRight: true),
            .init("HEARD", isRight: true), .init("REASON"),
        ])
        table.rows = report.sites.map { site in
            [
                .init(site.site), .init(site.node.abbreviated), site.pathCell,
                .init(site.endpoint?.description ?? "-"), .init(site.rttMicroseconds.map(HumanUnits.roundTrip) ?? "-"),
                .init(site.lossPercent.map(HumanUnits.percent) ?? "-"), .init(site.mtu.map(String.init) ?? "-"),
                .init(HumanUnits.bytes(site.txBytes)), .init(HumanUnits.bytes(site.rxBytes)),
                .init(
                    site.lastHeardSeconds.map { HumanUnits.duration(seconds: UInt64(min(max(0, $0.rounded()), 1e9))) }
                        ?? "-"),
                .init(site.reason == .ok ? "ok" : "\(site.reason.rawValue) (\(site.reason.explanation.phrase))"),
            ]
        }
        self.table = table
    }
}
