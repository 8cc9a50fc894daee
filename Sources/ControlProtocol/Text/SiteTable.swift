import NetworkTypes

/// The table of `ipop status`: one row a virtual prefix of a site, with the kernel's word on its route.
struct SiteTable {
    struct Row {
        var cells: [TextTable.Cell]
        /// Why it is not as it should be.
        var note: String?
        var isTrouble: Bool
    }

    private(set) var rows: [Row] = []

    /// As many columns as fit 80 characters, with room for numbers to change without moving the rest.
    private static let columns: [TextTable.Column] = [
        .init("SITE", minimumWidth: 5), .init("VIRTUAL PREFIX", minimumWidth: 17), .init("PATH", minimumWidth: 16),
        .init("RTT", minimumWidth: 6), .init("LOSS", minimumWidth: 4), .init("TX/s", minimumWidth: 7),
        .init("RX/s", minimumWidth: 7), .init("ROUTE", minimumWidth: 7),
    ]

    init(_ report: StatusReport) {
        var standings = PrefixTable<[RouteStanding]>()
        for route in report.routes where route.site != nil {
            standings[route.prefix] = (standings[route.prefix] ?? []) + [route]
        }
        for site in report.report?.sites ?? [] {
            let prefixes: [IPPrefix?] = site.prefixes.isEmpty ? [nil] : site.prefixes
            for (index, prefix) in prefixes.enumerated() {
                let standing = prefix.flatMap { standings[$0]?.first { $0.site == site.site } }
                rows.append(Self.row(site, prefix: prefix, standing: standing, isFirst: index == 0))
            }
        }
    }

    var table: TextTable {
        var table = TextTable(Self.columns)
        table.rows = rows.map(\.cells)
        return table
    }

    /// The title line, and the lines of each row: a note that does not fit behind its row stands below it.
    func lines(layout: StatusText.Layout) -> (heading: String, groups: [(lines: [String], isTrouble: Bool)]) {
        let table = table
        let wide = table.lines(colour: layout.colour)
        let isCompact = wide.contains { $0.width > layout.width ?? .max }
        let lines = isCompact ? table.lines(isCompact: true, colour: layout.colour) : wide
        let widths = table.widths(isCompact: isCompact)
        let end = widths.reduce(0, +) + TextTable.gap * (widths.count - 1)
        let groups = zip(rows, lines.dropFirst()).map { row, line in
            guard let note = row.note?.printable else { return ([line.text], row.isTrouble) }
            if end + 1 + note.count <= layout.width ?? .max {
                return ([line.text + String(repeating: " ", count: end + 1 - line.width) + note], row.isTrouble)
            }
            let indentation = widths[0] + TextTable.gap
            let below = (String(repeating: " ", count: indentation) + note)
                .wrapped(width: layout.width, indentation: indentation)
            return ([line.text] + below, row.isTrouble)
        }
        return (lines[0].text, groups)
    }

    private static func row(_ site: SiteReport, prefix: IPPrefix?, standing: RouteStanding?, isFirst: Bool) -> Row {
        let word = standing.map(\.word) ?? ("-", .plain)
        var cells: [TextTable.Cell]
        if isFirst {
            let isDown = site.path == .down
            cells = [
                .init(site.site), .init(prefix?.description ?? "-"), site.pathCell,
                .init(isDown ? "-" : site.rttMicroseconds.map(HumanUnits.roundTrip) ?? "-"),
                .init(isDown ? "-" : site.lossPercent.map(HumanUnits.percent) ?? "-"),
                .init(site.txBytesPerSecond.map(HumanUnits.bytes) ?? "-"),
                .init(site.rxBytesPerSecond.map(HumanUnits.bytes) ?? "-"),
            ]
        } else {
            cells = ["", .init(prefix?.description ?? "-"), "", "", "", "", ""]
        }
        cells.append(.init(word.text, word.style))
        // In a large grid most sites have no session by choice: that is no news.
        let isNews = site.reason != .ok && site.reason != .onDemand
        let uplinkNote = site.uplink.map { "over \($0)" }
        let pathNote = isFirst ? isNews ? site.reason.explanation.phrase : uplinkNote : nil
        return Row(
            cells: cells, note: standing?.note ?? pathNote,
            isTrouble: site.path == .down || (standing.map { $0.word.style != .good } ?? false))
    }
}

/// The table of `ipop status --brief`: one row a remote gateway, with the worst of its routes.
struct BriefTable {
    private(set) var table = TextTable([.init("SITE"), .init("PATH"), .init("RTT"), .init("LOSS"), .init("ROUTE")])

    init(_ report: StatusReport) {
        table.rows = (report.report?.sites ?? []).map { site in
            let words = report.routes.filter { $0.site == site.site }.map(\.word)
            let worst = words.first { $0.style == .bad } ?? words.first { $0.style == .warning } ?? words.first
            let isDown = site.path == .down
            return [
                .init(site.site), site.pathCell,
                .init(isDown ? "-" : site.rttMicroseconds.map(HumanUnits.roundTrip) ?? "-"),
                .init(isDown ? "-" : site.lossPercent.map(HumanUnits.percent) ?? "-"),
                worst.map { .init($0.text, $0.style) } ?? "-",
            ]
        }
    }
}

extension SiteReport {
    var pathCell: TextTable.Cell {
        // A site without a session by choice is as good as it should be.
        reason == .onDemand ? .init(path.cell(via: via).text) : path.cell(via: via)
    }
}

extension PathKind {
    /// The words in the PATH column. `via` is the site that relays, or the first hop's.
    func cell(via: String?) -> TextTable.Cell {
        switch self {
        case .directUDP: .init("direct udp", .good)
        case .directTCP: .init("direct tcp", .good)
        case .relay: .init(via.map { "relay via \($0)" } ?? "relay", .warning)
        case .overlay: .init(via.map { "overlay via \($0)" } ?? "over the overlay", .warning)
        case .down: .init("down", .bad)
        }
    }
}

extension RouteStanding {
    /// The word in the ROUTE column.
    var word: (text: String, style: TextStyle) {
        switch kernel {
        case nil: ("?", .warning)
        case .installed: ("ok", .good)
        case .missing: ("MISSING", .bad)
        case .shadowed: ("SHADOWED", .bad)
        case .foreign: ("FOREIGN", .bad)
        case .refused: issue?.code == .refusedByPolicy ? ("denied", .plain) : ("REFUSED", .bad)
        }
    }

    /// What there is to say of it.
    var note: String? {
        if let vanished {
            let remover = vanished.remover ?? "another program"
            return "removed by \(remover) \(vanished.secondsAgo) s ago, "
                + (vanished.restored ? "restored" : "will be restored")
        }
        return issue?.text ?? (isDeadEnd ? "own virtual prefix, a dead end" : nil)
    }
}
