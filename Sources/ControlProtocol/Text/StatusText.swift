import NetworkTypes

/// Draws a `StatusReport` for people.
package struct StatusText: Sendable {
    /// What the place that it is drawn on can do.
    package struct Layout: Equatable, Sendable {
        package var colour: Bool
        /// Characters a line; `nil`: as wide as it gets.
        package var width: Int?
        /// Lines of the screen; `nil`: as long as it gets.
        package var height: Int?

        package init(colour: Bool = false, width: Int? = nil, height: Int? = nil) {
            self.colour = colour
            self.width = width
            self.height = height
        }
    }

    /// Mapped subnets that are listed: as many as two lines hold.
    private static let mappingLimit = 4

    private let report: StatusReport
    private let layout: Layout

    package init(_ report: StatusReport, layout: Layout = Layout()) {
        self.report = report
        self.layout = layout
    }

    /// `ipop status`: what am I, which sites and how, what is wrong and what to do. Every line ends with a line break.
    package var full: String {
        let head = identityLines + deviceLines + overlayLines + mappingLines
        let problems = problemLines
        // One line of the screen stays for the prompt, two are blank.
        let room = layout.height.map { max(5, $0 - head.count - problems.count - 3) }
        var lines = head
        let table = report.report == nil ? kernelTableLines(room: room) : siteTableLines(room: room)
        if !table.isEmpty { lines += [""] + table }
        lines += [""] + problems
        return lines.map { $0 + "\n" }.joined()
    }

    /// `ipop status --brief`: the line of `--check`, then one line a site.
    package var brief: String {
        let rows = BriefTable(report).table.lines(isCompact: true, colour: layout.colour).dropFirst()
        return check + rows.map { "  " + $0.text + "\n" }.joined()
    }

    /// `ipop status --check`: one line.
    package var check: String {
        var parts = ["ipop: \(stateWord)"]
        if let grid = report.report?.grid ?? report.configured?.grid { parts.append("grid \(grid)") }
        if let site = report.report?.site ?? report.configured?.site { parts.append("site \(site)") }
        if let gateway = report.report {
            let up = gateway.sites.count { $0.path != .down }
            parts.append("\(up) of \(HumanUnits.count(gateway.sites.count, "site")) up")
            let wanted = report.routes.filter { $0.wanted == true }
            let installed = wanted.count { $0.kernel == .installed }
            parts.append("\(installed) of \(HumanUnits.count(wanted.count, "route")) installed")
        }
        var line = parts.joined(separator: ", ")
        if !report.problems.isEmpty {
            line += ": " + report.problems.map { "\($0.code.rawValue) \($0.text)" }.joined(separator: "; ")
        }
        return line.printable + "\n"
    }

    private var stateWord: String {
        switch report.gateway {
        case .success: report.state?.rawValue ?? "unknown"
        case .failure(.notRunning): "not running"
        case .failure(.notAnswering): "not answering"
        case .failure(.permissionDenied): "no permission to ask the daemon"
        }
    }
}

/// The two lines at the top.
extension StatusText {
    private var identityLines: [String] {
        var fields: [TextTable.Cell] = []
        if let gateway = report.report {
            let age = HumanUnits.duration(seconds: gateway.uptimeSeconds)
            switch gateway.state {
            case .joining: fields.append(.init("ipop: joining for \(age)", .warning))
            case .up, .degraded, .stopped:
                fields.append(.init("ipop: up \(age)", report.state == .up ? .good : .warning))
            }
        } else {
            fields.append(.init("ipop: \(stateWord)", .bad))
        }
        if let grid = report.report?.grid ?? report.configured?.grid { fields.append(.init("grid \(grid)")) }
        if let site = report.report?.site ?? report.configured?.site { fields.append(.init("site \(site)")) }
        if let node = report.node { fields.append(.init("node \(node.abbreviated)")) }
        if let certificate = report.certificate { fields.append(cell(for: certificate)) }
        return joined(fields, gap: 3)
    }

    private func cell(for certificate: CertificateReport) -> TextTable.Cell {
        if certificate.daysLeft < 0 { return .init("certificate EXPIRED", .bad) }
        let days = HumanUnits.count(certificate.daysLeft, "day")
        if certificate.daysLeft < CertificateReport.degradedDays {
            return .init("certificate expires in \(days)", .warning)
        }
        return .init("certificate ok, \(days)")
    }

    private var deviceLines: [String] {
        var fields: [TextTable.Cell] = []
        if let device = report.kernel.device {
            var text = "device \(device.name) \(device.isUp ? "up" : "DOWN"), mtu \(device.mtu)"
            if let counters = device.counters {
                text += ", rx \(HumanUnits.bytes(counters.rxBytes)) tx \(HumanUnits.bytes(counters.txBytes))"
            }
            fields.append(.init(text, device.isUp ? .plain : .bad))
        } else {
            fields.append(.init("device \(report.kernel.deviceName) MISSING", .bad))
        }
        if let host = report.host {
            let isMissing = report.kernel.lanInterfaceExists == false
            fields.append(
                .init(
                    "lan \(host.lanInterface) \(isMissing ? "MISSING" : host.lanMode.rawValue)",
                    isMissing ? .bad : .plain))
        }
        fields.append(forwardingCell)
        return joined(fields, gap: 5)
    }

    /// Once this gateway is in the grid.
    private var overlayLines: [String] {
        guard let gateway = report.report, gateway.state != .joining else { return [] }
        let overlay = gateway.overlay
        let links = ["\(overlay.near) near", "\(overlay.far) far", HumanUnits.count(overlay.shortcuts, "shortcut")]
        let consistency: TextTable.Cell =
            switch overlay.ringConsistent {
            case true?: .init("ring consistent")
            case false?: .init("ring NOT consistent", .warning)
            case nil: .init("ring not checked")
            }
        return joined(
            [
                .init("overlay \(HumanUnits.count(overlay.members, "member"))"),
                .init("links \(links.joined(separator: ", "))"), consistency,
            ], gap: 5)
    }

    /// Own subnets that the grid knows by other addresses; nothing where there are none.
    private var mappingLines: [String] {
        let mapped = report.report?.exports.filter { $0.virtual != $0.subnet } ?? []
        guard !mapped.isEmpty else { return [] }
        var fields = mapped.prefix(Self.mappingLimit).enumerated().map { index, export -> TextTable.Cell in
            let lead = index == 0 ? "mapped " : ""
            guard let virtual = export.virtual, export.state == .announced else {
                return .init("\(lead)\(export.subnet) \(export.state == .refused ? "REFUSED" : "leasing")", .warning)
            }
            return .init("\(lead)\(export.subnet) as \(virtual)")
        }
        if mapped.count > fields.count { fields.append(.init("\(mapped.count - fields.count) more")) }
        return joined(fields, gap: 5)
    }

    private var forwardingCell: TextTable.Cell {
        let families = report.report?.familiesToForward ?? [.v4]
        let isOnV4 = report.kernel.forwardingV4
        let isOnV6 = families.contains(.v6) ? report.kernel.forwardingV6 : isOnV4
        switch (isOnV4, isOnV6) {
        case (true, true): return .init("forwarding on")
        case (false, false): return .init("forwarding OFF", .bad)
        case (true, false): return .init("forwarding IPv4 only", .bad)
        case (false, true): return .init("forwarding IPv6 only", .bad)
        default: return .init("forwarding unknown", .warning)
        }
    }

    /// The fields on one line, or on several where the screen is too narrow.
    private func joined(_ fields: [TextTable.Cell], gap: Int) -> [String] {
        var lines: [TextTable.Line] = []
        for field in fields {
            let painted = field.style.paint(field.text, colour: layout.colour)
            if let last = lines.last, last.width + gap + field.text.count <= layout.width ?? .max {
                lines[lines.count - 1].text += String(repeating: " ", count: gap) + painted
                lines[lines.count - 1].width += gap + field.text.count
            } else {
                let lead = lines.isEmpty ? "" : "  "
                lines.append(TextTable.Line(text: lead + painted, width: lead.count + field.text.count))
            }
        }
        return lines.map(\.text)
    }
}

/// The tables and the problems.
extension StatusText {
    private func siteTableLines(room: Int?) -> [String] {
        let sites = SiteTable(report)
        guard !sites.rows.isEmpty else { return ["no other site is known yet"] }
        let (heading, groups) = sites.lines(layout: layout)
        let total = groups.reduce(0) { $0 + $1.lines.count }
        guard let room, total + 1 > room else { return [heading] + groups.flatMap(\.lines) }
        // Too many for the screen: those in trouble come first, and one line says how many are left out.
        let ranked = groups.filter(\.isTrouble) + groups.filter { !$0.isTrouble }
        var lines = [heading]
        var shown = 0
        for group in ranked where lines.count + group.lines.count < room {
            lines += group.lines
            shown += 1
        }
        let hidden = groups.count - shown
        return lines + ["... and \(HumanUnits.count(hidden, "row")) more: ipop sites, ipop routes"]
    }

    /// Without the daemon: what the kernel holds of ours.
    private func kernelTableLines(room: Int?) -> [String] {
        guard !report.routes.isEmpty else { return [] }
        let lines = RouteTable(report).table.lines(colour: layout.colour).map(\.text)
        guard let room, lines.count > room else { return lines }
        let hidden = lines.count - room + 1
        return lines.prefix(room - 1) + ["... and \(HumanUnits.count(hidden, "row")) more: ipop routes"]
    }

    private var problemLines: [String] {
        let problems = report.problems
        guard !problems.isEmpty else { return ["no problems"] }
        var lines = [TextStyle.heading.paint(HumanUnits.count(problems.count, "problem"), colour: layout.colour)]
        let room = layout.height.map { max(4, $0 / 2) }
        for (index, problem) in problems.enumerated() {
            let style: TextStyle = problem.code.degrades ? .bad : .warning
            var wrapped = "  \(problem.code.rawValue) \(problem.text). \(problem.fix)".printable
                .wrapped(width: layout.width, indentation: 7)
            if let room, index > 0, lines.count + wrapped.count > room {
                return lines + ["  ... and \(problems.count - index) more: ipop status --brief"]
            }
            // The code stands behind two blanks.
            wrapped[0] = "  " + style.paint(problem.code.rawValue, colour: layout.colour) + wrapped[0].dropFirst(6)
            lines += wrapped
        }
        return lines
    }
}
