import NetworkTypes

/// The text of `ipop ring`: this gateway's place, its neighbours, and a table of its links.
package struct RingText: Sendable {
    private let report: RingReport

    package init(_ report: RingReport) { self.report = report }

    /// Every line ends with a line break.
    package func text(colour: Bool) -> String {
        var state = ["node \(report.node.abbreviated)", "site \(report.site)"]
        state.append(report.isRoutable ? "in the ring" : "joining the ring")
        state.append("about \(HumanUnits.count(report.estimatedMembers, "member"))")
        var lines = [state.joined(separator: "   ").printable + "   " + consistency.paint(colour: colour)]
        for (side, members) in [("left ", report.left), ("right", report.right)] {
            lines += "\(side)  \(names(members))".wrapped(width: 80, indentation: 7)
        }
        if report.links.isEmpty {
            lines.append("no links")
        } else {
            lines += [""] + table.lines(colour: colour).map(\.text)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private var consistency: TextTable.Cell {
        switch report.isConsistent {
        case true?: .init("consistent", .good)
        case false?: .init("NOT consistent", .bad)
        case nil: .init("consistency unknown", .warning)
        }
    }

    private func names(_ members: [RingMember]) -> String {
        members.isEmpty ? "nobody" : members.map(\.name).joined(separator: ", ").printable
    }

    private var table: TextTable {
        var table = TextTable([
            .init("SITE", minimumWidth: 5), .init("NODE"), .init("FOR"), .init("THEY FOR"), .init("PATH"),
            .init("RTT", minimumWidth: 6, isRight: true), .init("AGE", isRight: true), .init("NOTE"),
        ])
        table.rows = report.links.map { link in
            [
                .init(link.member.site ?? "-"), .init(link.member.node.abbreviated), .init(words(link.purposes)),
                .init(words(link.theirPurposes)), link.pathCell,
                .init(link.rttMicroseconds.map(HumanUnits.roundTrip) ?? "-"),
                .init(link.ageSeconds.map(HumanUnits.duration(seconds:)) ?? "-"),
                .init(link.reason == .ok ? "" : link.reason.rawValue),
            ]
        }
        return table
    }

    private func words(_ purposes: [LinkPurpose]) -> String {
        purposes.isEmpty ? "-" : purposes.map(\.rawValue).joined(separator: ",")
    }
}

extension RingLinkReport {
    /// In a word, for the table is wide.
    fileprivate var pathCell: TextTable.Cell {
        path == .overlay ? .init("overlay", .warning) : path.cell(via: nil)
    }
}

extension TextTable.Cell {
    fileprivate func paint(colour: Bool) -> String { style.paint(text, colour: colour) }
}

extension RingMember {
    /// `ufl (3f9a..c21e)`.
    package var name: String { site.map { "\($0) (\(node.abbreviated))" } ?? "(\(node.abbreviated))" }
}

/// The text of `ipop ring --crawl`.
package struct CrawlText: Sendable {
    private let report: CrawlReport

    package init(_ report: CrawlReport) { self.report = report }

    /// Every line ends with a line break.
    package func text(colour: Bool) -> String {
        var lines = [
            "\(report.answered) of \(HumanUnits.count(report.members, "member")) answered, "
                + (report.isConsistent
                    ? TextStyle.good.paint("the ring is consistent", colour: colour)
                    : TextStyle.bad.paint("the ring is NOT consistent", colour: colour))
        ]
        if !report.inconsistent.isEmpty {
            var table = TextTable([
                .init("SITE", minimumWidth: 5), .init("NODE"), .init("SIDE"), .init("SHOULD SEE"), .init("SEES"),
            ])
            table.rows = report.inconsistent.map { fault in
                [
                    .init(fault.member.site ?? "-"), .init(fault.member.node.abbreviated), .init(fault.side.rawValue),
                    .init(fault.expected?.name ?? "nobody"), .init(fault.found?.name ?? "nobody", .bad),
                ]
            }
            lines += [""] + table.lines(colour: colour).map(\.text)
        }
        if !report.silent.isEmpty {
            lines +=
                [""]
                + "silent: \(report.silent.map(\.name).joined(separator: ", "))".printable
                .wrapped(width: 80, indentation: 8)
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

/// The text of `ipop trace`: one row a hop.
package struct TraceText: Sendable {
    private let report: TraceReport

    package init(_ report: TraceReport) { self.report = report }

    /// Every line ends with a line break.
    package func text(colour: Bool) -> String {
        let hops = HumanUnits.count(report.hops.count, "hop")
        let title =
            "to \(report.site) (\(report.node.abbreviated)): \(report.path.cell(via: nil).text), \(hops), "
            + HumanUnits.roundTrip(microseconds: report.roundTripMicroseconds)
        var table = TextTable([
            .init("HOP", isRight: true), .init("SITE", minimumWidth: 5), .init("NODE"), .init("PATH"),
            .init("ENDPOINT"), .init("LINK", minimumWidth: 6, isRight: true),
            .init("RTT", minimumWidth: 6, isRight: true), .init("NOTE"),
        ])
        table.rows = report.hops.map { hop in
            [
                .init(String(hop.index)), .init(hop.member.site ?? "-"), .init(hop.member.node.abbreviated),
                hop.path?.cell(via: nil) ?? "-", .init(hop.endpoint?.description ?? "-"),
                .init(hop.linkRttMicroseconds.map(HumanUnits.roundTrip) ?? "-"),
                .init(hop.rttMicroseconds.map(HumanUnits.roundTrip) ?? "-"),
                .init(hop.reason.map { $0 == .ok ? "" : $0.rawValue } ?? ""),
            ]
        }
        return title.printable + "\n" + table.text(colour: colour)
    }
}

/// The table of `ipop leases`: one row a lease.
package struct LeaseTable: Sendable {
    package let table: TextTable

    package init(_ report: LeasesReport) {
        var table = TextTable([
            .init("KEY", minimumWidth: 17), .init("HOLDER", minimumWidth: 5), .init("STATE"),
            .init("EXPIRES", isRight: true), .init("STORED", isRight: true), .init("NOTE"),
        ])
        table.rows = report.leases.map { lease in
            [
                .init(lease.key), .init(lease.holder), .init(lease.state.rawValue, lease.state.style),
                .init(lease.state == .held ? HumanUnits.duration(seconds: lease.expiresSeconds) : "-"),
                .init(lease.stored.flatMap { stored in lease.keepers.map { "\(stored)/\($0)" } } ?? "-"),
                .init(
                    [
                        lease.mac?.description, lease.origin == .fixed ? LeaseOrigin.fixed.rawValue : nil, lease.name,
                        lease.reason?.rawValue,
                    ]
                    .compactMap { $0 }.joined(separator: " ")),
            ]
        }
        self.table = table
    }
}

extension LeaseState {
    fileprivate var style: TextStyle {
        switch self {
        case .held: .good
        case .waiting: .warning
        case .lost: .bad
        }
    }
}
