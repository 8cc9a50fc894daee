import CNetlink
import Glibc
package import HostDiagnosis
package import RoutePlanning

/// Reads the rules of nf_tables over netlink, and those of iptables-legacy. Needs CAP_NET_ADMIN, changes nothing.
package enum FirewallReader {
    /// What can be read of this host's firewall; `links` are its interfaces.
    package static func read(links: [HostLink]) -> FirewallFacts {
        let legacy = LegacyFirewallReader.chains()
        do throws(NetlinkError) {
            let socket = try NetlinkSocket(family: NETLINK_NETFILTER)
            var chains = try dump(socket, "nft list chains", NFT_MSG_GETCHAIN, FirewallChain.init(message:))
            let rules = try dump(socket, "nft list ruleset", NFT_MSG_GETRULE, FirewallRuleEntry.init(message:))
            for index in chains.indices {
                chains[index].rules = rules.filter { $0.isIn(chains[index]) }.map(\.rule)
            }
            let ruleset = FirewallRuleset(chains: chains + legacy.found, links: links.map(\.identity))
            return FirewallFacts(ruleset: ruleset, hasHiddenTables: legacy.hasHidden)
        } catch {
            let isHidden = error.kernelCode == EPERM
            let reason = isHidden ? "only root can read the firewall's rules" : "the firewall's rules: \(error.reason)"
            return FirewallFacts(unreadable: reason, hasHiddenTables: legacy.hasHidden)
        }
    }

    private static func dump<Element>(
        _ socket: NetlinkSocket, _ operation: String, _ type: nf_tables_msg_types,
        _ convert: (OpaquePointer) -> Element?
    ) throws(NetlinkError) -> [Element] {
        var header = nfgenmsg(nfgen_family: UInt8(AF_UNSPEC), version: UInt8(NFNETLINK_V0), res_id: 0)
        return try withUnsafeBytes(of: &header) { header throws(NetlinkError) -> [Element] in
            try socket.dump(
                operation, type: Int(NFNL_SUBSYS_NFTABLES) << 8 | Int(type.rawValue), header: header, convert: convert)
        }
    }
}

/// A rule and the chain that it is in.
struct FirewallRuleEntry {
    let family: FirewallFamily
    let table: String
    let chain: String
    let rule: FirewallRule

    func isIn(_ other: FirewallChain) -> Bool {
        chain == other.name && table == other.table && family == other.family
    }

    /// `nil` for families that see no forwarded IP packets.
    init?(message: OpaquePointer) {
        guard let (family, attributes) = FirewallMessage.parts(message),
            let table = attributes.text(NFTA_RULE_TABLE.rawValue), let chain = attributes.text(NFTA_RULE_CHAIN.rawValue)
        else { return nil }
        self.family = family
        self.table = table
        self.chain = chain
        let expressions = attributes.nested(NFTA_RULE_EXPRESSIONS.rawValue)?.all.compactMap { element in
            FirewallExpression.read(NetlinkAttributes(within: element))
        }
        rule = FirewallRule(
            handle: attributes.number64(NFTA_RULE_HANDLE.rawValue) ?? 0, expressions: expressions ?? [])
    }
}

enum FirewallMessage {
    // NF_DROP and NF_ACCEPT of linux/netfilter.h, which does not go together with glibc's headers.
    static let drop: Int32 = 0
    static let accept: Int32 = 1

    /// The family and the attributes of a message of nf_tables.
    static func parts(_ message: OpaquePointer) -> (FirewallFamily, NetlinkAttributes)? {
        guard let header = nlmsg_hdr(message), let start = nlmsg_data(header) else { return nil }
        let size = Int32(MemoryLayout<nfgenmsg>.size)
        let number = start.assumingMemoryBound(to: nfgenmsg.self).pointee.nfgen_family
        guard nlmsg_datalen(header) >= size, let family = FirewallFamily(rawValue: number) else { return nil }
        return (family, NetlinkAttributes(start: nlmsg_attrdata(header, size), length: nlmsg_attrlen(header, size)))
    }
}

extension FirewallChain {
    /// `nil` for families that see no forwarded IP packets.
    init?(message: OpaquePointer) {
        guard let (family, attributes) = FirewallMessage.parts(message),
            let table = attributes.text(NFTA_CHAIN_TABLE.rawValue), let name = attributes.text(NFTA_CHAIN_NAME.rawValue)
        else { return nil }
        self.init(family: family, table: table, name: name)
        guard let place = attributes.nested(NFTA_CHAIN_HOOK.rawValue),
            let hook = place.number(NFTA_HOOK_HOOKNUM.rawValue).flatMap(FirewallHook.init(rawValue:))
        else { return }
        base = Base(
            hook: hook, priority: Int32(bitPattern: place.number(NFTA_HOOK_PRIORITY.rawValue) ?? 0),
            isNAT: attributes.text(NFTA_CHAIN_TYPE.rawValue) == "nat",
            dropsByPolicy: attributes.number(NFTA_CHAIN_POLICY.rawValue) == UInt32(FirewallMessage.drop))
    }
}
