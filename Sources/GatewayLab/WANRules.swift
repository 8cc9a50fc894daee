import ControlProtocol

/// Two sites, in whatever order: which of the two is named first means nothing.
package struct SitePair: Hashable, Sendable {
    /// The site with the lower number.
    package let first: LabSite
    /// The site with the higher number.
    package let second: LabSite

    /// A site and itself make no pair.
    package init?(_ one: LabSite, _ other: LabSite) {
        guard one.number != other.number else { return nil }
        (first, second) = one.number < other.number ? (one, other) : (other, one)
    }

    /// Whether a site is one of the two.
    package func contains(_ site: LabSite) -> Bool { first == site || second == site }
}

/// Which gateways the WAN lets talk to each other directly.
///
/// The kernel's table in the WAN's namespace is the only place where this is kept. What is blocked vanishes without a
/// word to anybody, as behind a firewall: IPv4 and IPv6 alike, both ways and from the next packet on. Address
/// resolution passes, so that a sender never hears that nobody is there. The outsider in the WAN's own namespace is
/// not concerned, nor is a site that is added later.
extension Lab {
    /// Stops pairs of gateways from talking, on top of what is blocked already.
    package func block(_ pairs: some Sequence<SitePair>) throws(LabError) {
        try setBlocked(try blockedPairs().union(pairs))
    }

    /// Lets pairs of gateways talk again.
    package func unblock(_ pairs: some Sequence<SitePair>) throws(LabError) {
        try setBlocked(try blockedPairs().subtracting(pairs))
    }

    /// Lets these pairs of gateways talk and no others.
    package func allowOnly(_ pairs: some Sequence<SitePair>) throws(LabError) {
        try setBlocked(Set(allPairs).subtracting(pairs))
    }

    /// Lets all gateways talk.
    package func openWAN() throws(LabError) { try setBlocked([]) }

    /// The pairs that the WAN keeps apart now.
    package func blockedPairs() throws(LabError) -> Set<SitePair> {
        let tables = try nft(["-j", "list", "tables", "bridge"])
        guard tables.split(separator: "\"").contains(where: { $0 == WANTable.name }) else { return [] }
        let text = try nft(["-j", "list", "set", "bridge", WANTable.name, WANTable.set])
        guard let ports = WANTable.ports(json: text) else {
            throw .commandFailed(command: "nft list set", status: 0, output: text)
        }
        let sites = Dictionary(uniqueKeysWithValues: sites.map { ($0.wanPort, $0) })
        return Set(
            ports.compactMap { from, to in
                guard let one = sites[from], let other = sites[to] else { return nil }
                return SitePair(one, other)
            })
    }

    /// All pairs of the lab's sites.
    package var allPairs: [SitePair] {
        let sites = sites
        return sites.flatMap { one in sites.filter { $0.number > one.number }.compactMap { SitePair(one, $0) } }
    }

    /// Replaces the set in one transaction, so that no moment lets more or less through than the old or the new one.
    private func setBlocked(_ pairs: Set<SitePair>) throws(LabError) {
        let ports = pairs.flatMap { [($0.first.wanPort, $0.second.wanPort), ($0.second.wanPort, $0.first.wanPort)] }
        try nft(["-f", "-"], input: WANTable.script(blocked: ports))
    }

    @discardableResult
    private func nft(_ arguments: [String], input: String = "") throws(LabError) -> String {
        guard ProgramPath.find("nft") != nil else { throw .programMissing(name: "nft", package: "nftables") }
        return try ProgramRun.require(
            ["ip", "netns", "exec", namespace(.wan), "nft"] + arguments, input: input)
    }
}

/// The table of nft(8) that keeps bridge ports apart.
enum WANTable {
    static let name = "ipop-lab", set = "blocked"

    /// The commands that make the table, if it is not there, and give its set these ordered pairs of ports.
    static func script(blocked: [(from: String, to: String)]) -> String {
        let elements = blocked.map { "\"\($0.from)\" . \"\($0.to)\"" }.sorted().joined(separator: ", ")
        return """
            table bridge \(name) {
                set \(set) { type ifname . ifname; }
                chain forward { type filter hook forward priority 0; policy accept; }
            }
            flush chain bridge \(name) forward
            table bridge \(name) {
                chain forward {
                    ether type ip iifname . oifname @\(set) counter drop
                    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
                    ether type ip6 iifname . oifname @\(set) counter drop
                }
            }
            flush set bridge \(name) \(set)

            """ + (elements.isEmpty ? "" : "add element bridge \(name) \(set) { \(elements) }\n")
    }

    /// The ordered pairs of ports in what `nft -j list set` prints; nil when it prints something else.
    static func ports(json text: String) -> [(from: String, to: String)]? {
        // {"nftables": [{"metainfo": ...}, {"set": {..., "elem": [{"concat": ["port-1", "port-2"]}]}}]}
        guard let document = try? JSONValue(parsing: text), let objects = document["nftables"]?.elements,
            let found = objects.compactMap({ $0["set"] }).first
        else { return nil }
        return found["elem"]?.elements?.compactMap { element in
            let names = element["concat"]?.elements?.compactMap(\.stringValue) ?? []
            return names.count == 2 ? (names[0], names[1]) : nil
        } ?? []
    }
}
