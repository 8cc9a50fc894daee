import NetworkTypes

/// The text of `ipop plan`: the changes in words, the exports with their owners, the kernel's part, what stands against
/// it.
///
///     site lsu of grid physics, as it would be after `ipop reload`; nothing is changed now
///
///       export 10.0.0.0/24 added, mapped to 10.128.7.0/24
///
///     EXPORT        CHANGE  VIRTUAL PREFIX  OWNER
///     10.0.0.0/24   added   10.128.7.0/24   free
///
///        ROUTE          DEVICE  METRIC  SITE
///     +  10.9.0.0/16    ipop0       60  ornl
package struct PlanText: Sendable {
    private let report: PlanReport

    package init(_ report: PlanReport) { self.report = report }

    /// Every line ends with a line break.
    package func text(colour: Bool) -> String {
        var blocks = [[heading]]
        let sentences = report.changes + report.restarts
        if !sentences.isEmpty { blocks.append(sentences.map { "  \($0.printable)" }) }
        if !report.exports.isEmpty { blocks.append(exportTable.lines(colour: colour).map(\.text)) }
        if !report.routes.isEmpty { blocks.append(routeTable.lines(colour: colour).map(\.text)) }
        if !report.commands.isEmpty {
            blocks.append(["kernel, beside the routes:"] + report.commands.map { "  \($0.printable)" })
        }
        if !report.problems.isEmpty { blocks.append(problemLines(colour: colour)) }
        return blocks.map { $0.map { $0 + "\n" }.joined() }.joined(separator: "\n") + "\n" + ending + "\n"
    }

    private var heading: String {
        let place = "site \(report.site) of grid \(report.grid)".printable
        return report.isRunning
            ? "\(place), as it would be after `ipop reload`; nothing is changed now"
            : "\(place), as it would start: the daemon does not run"
    }

    private var ending: String {
        guard report.isRunning else { return "who owns a prefix in the grid is known while ipopd runs" }
        guard !report.isEmpty else {
            return report.restarts.isEmpty ? "nothing to change" : "nothing to change before the next restart"
        }
        let routes: [(PlannedRouteChange, String)] = [(.added, "add"), (.replaced, "replace"), (.removed, "remove")]
        let parts = routes.map { "\(count($0)) to \($1)" }.joined(separator: ", ")
        return "\(HumanUnits.count(report.changes.count, "change")), routes: \(parts); `ipop reload` applies it"
    }

    private func count(_ change: PlannedRouteChange) -> Int { report.routes.count { $0.change == change } }

    private var exportTable: TextTable {
        var table = TextTable([.init("EXPORT"), .init("CHANGE"), .init("VIRTUAL PREFIX"), .init("OWNER")])
        table.rows = report.exports.map { export in
            [.init(export.subnet.description), export.changeCell, .init(export.target), export.ownerCell]
        }
        return table
    }

    private var routeTable: TextTable {
        var table = TextTable([
            .init(""), .init("ROUTE"), .init("DEVICE"), .init("METRIC", isRight: true), .init("SITE"),
        ])
        table.rows = report.routes.map { route in
            let isMain = route.table == 254
            return [
                .init(route.change.sign, route.change == .removed ? .warning : .good),
                .init(route.prefix.description + (isMain ? "" : " table \(route.table)")),
                .init(route.device ?? (route.isDeadEnd ? "unreachable" : "-")), .init("\(route.metric)"),
                .init(route.site ?? "-"),
            ]
        }
        return table
    }

    private func problemLines(colour: Bool) -> [String] {
        let count = HumanUnits.count(report.problems.count, "problem")
        return [TextStyle.heading.paint(count, colour: colour)]
            + report.problems.flatMap { problem in
                let style: TextStyle = problem.code.degrades ? .bad : .warning
                return [
                    "  \(style.paint(problem.code.rawValue, colour: colour)) \(problem.text.printable)",
                    "       \(problem.fix.printable)",
                ]
            }
    }
}

extension PlannedExport {
    fileprivate var changeCell: TextTable.Cell {
        switch change {
        case .kept: .init("kept")
        case .added: .init("added", .good)
        case .mapped: .init("mapped", .good)
        case .removed: .init("removed", .warning)
        }
    }

    /// The virtual prefix, and the one of before where it is another.
    fileprivate var target: String {
        guard change != .removed else { return "-" }
        let name = virtual.map { $0 == subnet ? "same" : "\($0)" } ?? "a leased one"
        guard change == .mapped, let former else { return name }
        return "\(name) (now \(former == subnet ? "same" : "\(former)"))"
    }

    fileprivate var ownerCell: TextTable.Cell {
        switch owner {
        case nil: .init("-")
        case .ours: .init("ours", .good)
        case .free: .init("free", .good)
        case .otherSite: .init("owned by \(holder ?? "another site")", .bad)
        case .unknown: .init("unknown", .warning)
        }
    }
}
