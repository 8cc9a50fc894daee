import GatewayConfiguration
import NetworkTypes

/// subnets.map, read by the site lsu.
enum SubnetMapTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let reading = SubnetMapReader.map(from: input, file: "f", site: "lsu")
        try ReadProblems.check(reading.problems, isRead: reading.map != nil, of: input)
        guard let map = reading.map else { return }
        let lines = map.entries.map { entry in
            switch entry.rule {
            case .same(let prefix): "\(entry.site) \(prefix) same"
            case .bridged(let prefix): "\(entry.site) bridged \(prefix)"
            case .mapped(let subnet, let prefix): "\(entry.site) \(subnet) \(prefix)"
            case .leased(let subnet): "\(entry.site) \(subnet) auto"
            case .acceptPrefix(let prefix): "\(entry.site) * \(prefix)"
            case .acceptAll: "\(entry.site) * accept"
            case .deny: "\(entry.site) * deny"
            }
        }
        let again = SubnetMapReader.map(from: Array(lines.joined(separator: "\n").utf8), file: "f", site: "lsu")
        let isSame = again.map.map { $0.entries.map(\.rule) == map.entries.map(\.rule) } ?? false
        try expect(isSame, "a map survives being written and read")
        let policy = map.policy(for: "lsu")
        for entry in map.entries where entry.site != "lsu" && entry.rule == .deny {
            let everything = IPPrefix(containing: IPAddress(v4: 0), length: 0)
            let verdict = policy.verdict(on: everything, announcedBy: entry.site, mode: .learned)
            try expect(verdict == .denied, "deny denies")
        }
    }
}
