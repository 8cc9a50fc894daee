import ControlProtocol
import GatewayLab

/// A lab as a table: a row a site.
enum LabTable {
    static func text(_ lab: Lab) -> String {
        var rows = [["SITE", "GATEWAY WAN", "LAN", "HOST", "HOST ADDRESSES", "NAT", "IPOPD"]]
        for site in lab.sites {
            let process = lab.gatewayProcess(site)
            let state = process.map { $0.isRunning ? "pid \($0.pid)" : "stopped" } ?? "-"
            rows.append([
                site.name, lab.wanAddress(site), site.subnets.joined(separator: " "), site.hostName,
                hostAddresses(lab, site).joined(separator: " "), lab.plan.nat(site.name).description, state,
            ])
        }
        return columns(rows)
    }

    /// The hosts of a bridged LAN have what they get.
    private static func hostAddresses(_ lab: Lab, _ site: LabSite) -> [String] {
        lab.plan.bridgedSites.contains(site.name)
            ? ["in \(LabAddresses.bridgedSubnet)"] : [site.hostAddress, site.hostAddress6]
    }

    /// Rows with their cells in columns.
    static func columns(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return trimmed(cells.joined(separator: "  ")) + "\n"
        }.joined()
    }

    /// All of the table, and what does not fit it. `nat` is as `--nat` takes it, `wanAddress` the NAT's address where
    /// there is one, and `pid` null where no ipopd runs.
    static func json(_ lab: Lab) -> JSONValue {
        let sites = JSONValue.list(lab.sites) { site in
            let process = lab.gatewayProcess(site).flatMap { $0.isRunning ? $0.pid : nil }
            return [
                "site": .string(site.name), "nat": .string(lab.plan.nat(site.name).description),
                "wanAddress": .string(lab.wanAddress(site)), "gatewayAddress": .string(lab.gatewayAddress(site)),
                "subnets": .texts(site.subnets), "host": .string(site.hostName),
                "hostAddresses": .texts(lab.plan.bridgedSites.contains(site.name) ? [] : hostAddresses(lab, site)),
                "pid": .count(process),
            ]
        }
        return [
            "schema": JSONValue(1), "name": .string(lab.plan.name), "mode": .string(lab.plan.mode.rawValue),
            "sites": sites,
        ]
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }
}
