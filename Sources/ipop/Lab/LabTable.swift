import GatewayLab

/// A lab as a table: a row a site.
enum LabTable {
    static func text(_ lab: Lab) -> String {
        var rows = [["SITE", "GATEWAY WAN", "LAN", "HOST", "HOST ADDRESSES", "IPOPD"]]
        for site in lab.sites {
            let process = lab.gatewayProcess(site)
            let state = process.map { $0.isRunning ? "pid \($0.pid)" : "stopped" } ?? "-"
            rows.append([
                site.name, site.wanAddress, site.subnets.joined(separator: " "), site.hostName,
                "\(site.hostAddress) \(site.hostAddress6)", state,
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return trimmed(cells.joined(separator: "  ")) + "\n"
        }.joined()
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }
}
