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

/// Which gateways the WAN lets talk to each other directly, and by what.
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
        for pair in pairs { try requireOwnPorts(pair) }
        try setBlocked(Set(allPairs).subtracting(pairs))
    }

    /// Lets all gateways talk, by UDP too.
    package func openWAN() throws(LabError) {
        try setBlocked([])
        try setUDPBlocked([])
    }

    /// The pairs that the WAN keeps apart now.
    package func blockedPairs() throws(LabError) -> Set<SitePair> {
        let sites = sitesByGroup
        return Set(
            try elements(of: WANTable.pairs).compactMap { element in
                let groups = element["concat"]?.elements?.compactMap(WANTable.group) ?? []
                guard groups.count == 2, let one = sites[groups[0]], let other = sites[groups[1]] else { return nil }
                return SitePair(one, other)
            })
    }

    /// Drops all UDP between a site and others, or lets it through again.
    package func setUDPBlocked(_ site: LabSite, _ isBlocked: Bool) throws(LabError) {
        try requireOwnPort(site)
        let others = try udpBlockedSites().filter { $0 != site }
        try setUDPBlocked(others + (isBlocked ? [site] : []))
    }

    /// The sites whose UDP the WAN drops now, by number.
    package func udpBlockedSites() throws(LabError) -> [LabSite] {
        let groups = try elements(of: WANTable.udp).compactMap(WANTable.group)
        return sites.filter { groups.contains($0.number) }
    }

    /// All pairs of the lab's sites that have a link to the WAN of their own.
    package var allPairs: [SitePair] {
        let sites = sitesWithPorts
        return sites.flatMap { one in sites.filter { $0.number > one.number }.compactMap { SitePair(one, $0) } }
    }

    /// The pairs of a site and each other that has a link to the WAN of its own.
    package func pairs(of site: LabSite) throws(LabError) -> [SitePair] {
        try requireOwnPort(site)
        return allPairs.filter { $0.contains(site) }
    }

    private var sitesByGroup: [Int: LabSite] { Dictionary(uniqueKeysWithValues: sites.map { ($0.number, $0) }) }

    /// Replaces the set in one transaction, so that no moment lets more or less through than the old or the new one.
    private func setBlocked(_ pairs: Set<SitePair>) throws(LabError) {
        for pair in pairs { try requireOwnPorts(pair) }
        let groups = pairs.map { ($0.first.number, $0.second.number) }
        try replace(WANTable.pairs, with: groups.flatMap { ["\($0) . \($1)", "\($1) . \($0)"] })
    }

    private func requireOwnPorts(_ pair: SitePair) throws(LabError) {
        try requireOwnPort(pair.first)
        try requireOwnPort(pair.second)
    }

    private func setUDPBlocked(_ sites: [LabSite]) throws(LabError) {
        try replace(WANTable.udp, with: sites.map { String($0.number) })
    }

    private func replace(_ set: String, with elements: [String]) throws(LabError) {
        try nft(["-f", "-"], input: WANTable.script(set: set, elements: elements))
    }

    /// The elements of a set of the table; none where there is no table yet.
    private func elements(of set: String) throws(LabError) -> [JSONValue] {
        let tables = try nft(["-j", "list", "tables", "bridge"])
        guard tables.split(separator: "\"").contains(where: { $0 == WANTable.name }) else { return [] }
        let text = try nft(["-j", "list", "set", "bridge", WANTable.name, set])
        guard let elements = WANTable.elements(json: text) else {
            throw .commandFailed(command: "nft list set", status: 0, output: text)
        }
        return elements
    }

    @discardableResult
    private func nft(_ arguments: [String], input: String = "") throws(LabError) -> String {
        try LabRequirements.checkFirewall()
        return try ProgramRun.require(
            ["ip", "netns", "exec", namespace(.wan), "nft"] + arguments, input: input)
    }
}

/// The table of nft(8) that keeps bridge ports apart. It knows a port by its device group, the site's number.
enum WANTable {
    static let name = "ipop-lab"
    /// The set of ordered pairs that are kept apart, and that of the sites without UDP.
    static let pairs = "blocked", udp = "udp-blocked"

    /// The commands that make the table, if it is not there, and give one of its sets these elements.
    static func script(set: String, elements: [String]) -> String {
        """
        table bridge \(name) {
            set \(pairs) { type devgroup . devgroup; }
            set \(udp) { type devgroup; }
            chain forward { type filter hook forward priority 0; policy accept; }
        }
        flush chain bridge \(name) forward
        table bridge \(name) {
            chain forward {
                ether type ip meta iifgroup . meta oifgroup @\(pairs) counter drop
                icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
                ether type ip6 meta iifgroup . meta oifgroup @\(pairs) counter drop
                meta l4proto udp meta iifgroup @\(udp) counter drop
                meta l4proto udp meta oifgroup @\(udp) counter drop
            }
        }
        flush set bridge \(name) \(set)

        """
            + (elements.isEmpty
                ? "" : "add element bridge \(name) \(set) { \(elements.sorted().joined(separator: ", ")) }\n")
    }

    /// The elements in what `nft -j list set` prints; nil when it prints something else.
    static func elements(json text: String) -> [JSONValue]? {
        // {"nftables": [{"metainfo": ...}, {"set": {..., "elem": [{"concat": [1, 2]}]}}]}
        guard let document = try? JSONValue(parsing: text), let objects = document["nftables"]?.elements,
            let found = objects.compactMap({ $0["set"] }).first
        else { return nil }
        return found["elem"]?.elements ?? []
    }

    /// The device group that an element names.
    static func group(_ element: JSONValue) -> Int? {
        guard case .integer(let group) = element else { return nil }
        return Int(group)
    }
}
