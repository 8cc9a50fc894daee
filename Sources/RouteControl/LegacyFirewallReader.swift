import CLinuxShims
import HostDiagnosis
import LinuxSystem

/// Reads the tables of iptables-legacy by getsockopt(2). Needs CAP_NET_ADMIN, changes nothing: a table is asked for
/// only where it exists, because the question would make it.
enum LegacyFirewallReader {
    /// The chains of every table that counts here; `nil` where it cannot be seen whether there are any.
    static func chains() -> (found: [FirewallChain], hasHidden: Bool?) {
        var chains: [FirewallChain] = []
        var hasHidden = false
        for (family, path) in [(FirewallFamily.ip, "ip_tables_names"), (.ip6, "ip6_tables_names")] {
            let names: [UInt8]?
            do throws(SystemError) {
                names = try FileSystem.readIfPresent("/proc/thread-self/net/\(path)")
            } catch {
                return (chains, nil)
            }
            let tables = String(decoding: names ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
            for table in ["filter", "nat"] where tables.contains(table) {
                if let read = LegacyTable(family, table)?.chains { chains += read } else { hasHidden = true }
            }
        }
        return (chains, hasHidden)
    }
}

/// One table, as the kernel has it: rules one behind the other, chains told by where they begin.
private struct LegacyTable {
    private let family: FirewallFamily
    private let name: String
    private let shape: ipop_xtables
    /// By their places in the table.
    private let rules: [(offset: Int32, rule: ipop_xtables_rule)]

    // Verdicts: -NF_DROP - 1, -NF_ACCEPT - 1, -NF_REPEAT - 1 (XT_RETURN).
    private static let drop: Int32 = -1
    private static let accept: Int32 = -2
    private static let back: Int32 = -5
    private static let error = "ERROR"
    /// The target's names that a policy and a chain's end have.
    private static let hookNames: [(hook: FirewallHook, name: String)] = [
        (.prerouting, "PREROUTING"), (.input, "INPUT"), (.forward, "FORWARD"), (.output, "OUTPUT"),
        (.postrouting, "POSTROUTING"),
    ]
    /// NF_IP_PRI_FILTER and NF_IP_PRI_NAT_SRC.
    private static let filterPriority: Int32 = 0
    private static let natPriority: Int32 = 100

    init?(_ family: FirewallFamily, _ name: String) {
        let number: Int32 = family == .ip ? 4 : 6
        var shape = ipop_xtables()
        guard ipop_xtables_shape(number, name, &shape) == 0 else { return nil }
        let head = ipop_xtables_head()
        var bytes = [UInt8](repeating: 0, count: head + Int(shape.byte_count))
        guard ipop_xtables_read(number, name, &bytes, bytes.count) == 0 else { return nil }
        var rules: [(offset: Int32, rule: ipop_xtables_rule)] = []
        var offset = 0
        while offset < shape.byte_count {
            var rule = ipop_xtables_rule()
            let status = bytes.withUnsafeBytes { buffer in
                ipop_xtables_rule(number, buffer.baseAddress! + head, Int(shape.byte_count), offset, &rule)
            }
            guard status == 0 else { return nil }
            rules.append((Int32(offset), rule))
            offset += Int(rule.byte_count)
        }
        self.family = family
        self.name = name
        self.shape = shape
        self.rules = rules
    }

    /// The base chains of the hooks, and the users' chains between rules of the target ERROR.
    var chains: [FirewallChain] {
        var chains: [FirewallChain] = []
        for (hook, title) in Self.hookNames where shape.hooks & 1 << hook.rawValue != 0 {
            let first = Self.place(shape.first, hook), last = Self.place(shape.policy, hook)
            let policy = rules.first { $0.offset == last }?.rule.verdict
            let base = FirewallChain.Base(
                hook: hook, priority: name == "nat" ? Self.natPriority : Self.filterPriority, isNAT: name == "nat",
                dropsByPolicy: policy == Self.drop)
            let own = rules.filter { first <= $0.offset && $0.offset < last }
            chains.append(chain(title, base, own))
        }
        for head in rules.indices where Self.text(rules[head].rule.target) == Self.error {
            let own = rules[(head + 1)...].prefix { Self.text($0.rule.target) != Self.error }
            chains.append(chain(Self.text(rules[head].rule.chain), nil, Array(own)))
        }
        return chains
    }

    private func chain(
        _ title: String, _ base: FirewallChain.Base?, _ own: [(offset: Int32, rule: ipop_xtables_rule)]
    ) -> FirewallChain {
        let read = own.enumerated().map { place, entry in
            FirewallRule(
                handle: UInt64(place + 1),
                expressions: conditions(entry.rule) + [action(entry.rule, behind: entry.offset)])
        }
        return FirewallChain(family: family, table: name, name: title, base: base, rules: read, isLegacy: true)
    }

    private func conditions(_ rule: ipop_xtables_rule) -> [FirewallExpression] {
        let count = family == .ip ? 4 : 16, at = family == .ip ? 12 : 8
        var found: [FirewallExpression] = []
        let names = [
            (FirewallField.inputName, Self.bytes(rule.input), rule.input_count, UInt8(0x01)),
            (.outputName, Self.bytes(rule.output), rule.output_count, 0x02),
        ]
        for (field, text, length, flag) in names where length > 0 {
            found.append(.load(field, register: 0))
            found.append(
                .compare(register: 0, isEqual: rule.inverted & flag == 0, Array(text.prefix(Int(length)))))
        }
        let addresses = [
            (at, Self.bytes(rule.source), Self.bytes(rule.source_mask), UInt8(0x08)),
            (at + count, Self.bytes(rule.destination), Self.bytes(rule.destination_mask), 0x10),
        ]
        for (offset, address, mask, flag) in addresses where mask.prefix(count).contains(where: { $0 != 0 }) {
            found.append(.load(.networkHeader(offset: offset, count: count), register: 0))
            found.append(.mask(source: 0, destination: 0, Array(mask.prefix(count)), flip: []))
            found.append(
                .compare(register: 0, isEqual: rule.inverted & flag == 0, Array(address.prefix(count))))
        }
        if rule.protocol != 0 {
            found.append(.load(.transport, register: 0))
            let isEqual = rule.inverted & 0x40 == 0
            found.append(.compare(register: 0, isEqual: isEqual, [UInt8(truncatingIfNeeded: rule.protocol)]))
        }
        if rule.has_matches != 0 { found.append(.unknown) }
        return found
    }

    private func action(_ rule: ipop_xtables_rule, behind offset: Int32) -> FirewallExpression {
        switch Self.text(rule.target) {
        case "": break
        case "REJECT": return .verdict(.reject)
        case "MASQUERADE", "SNAT", "NETMAP": return .verdict(.rewriteSource)
        case "NFQUEUE": return .verdict(.any)
        default: return .neutral
        }
        switch rule.verdict {
        case Self.drop: return .verdict(.drop)
        case Self.accept: return .verdict(.accept)
        case Self.back: return .verdict(.return)
        // A rule without a target leads to the next one.
        case offset + Int32(rule.byte_count): return .neutral
        case 0...:
            guard let head = rules.lastIndex(where: { $0.offset < rule.verdict }) else { return .verdict(.any) }
            let title = Self.text(rules[head].rule.chain)
            return .verdict(rule.is_goto != 0 ? .goto(title) : .jump(title))
        default: return .verdict(.any)
        }
    }

    private static func place(_ table: (UInt32, UInt32, UInt32, UInt32, UInt32), _ hook: FirewallHook) -> Int32 {
        withUnsafeBytes(of: table) { bytes in
            Int32(truncatingIfNeeded: bytes.bindMemory(to: UInt32.self)[Int(hook.rawValue)])
        }
    }

    /// A row of characters or bytes, which Swift has as a tuple.
    private static func bytes<Row: BitwiseCopyable>(_ row: Row) -> [UInt8] { withUnsafeBytes(of: row) { Array($0) } }

    private static func text<Row: BitwiseCopyable>(_ row: Row) -> String {
        String(decoding: bytes(row).prefix { $0 != 0 }, as: UTF8.self)
    }
}
