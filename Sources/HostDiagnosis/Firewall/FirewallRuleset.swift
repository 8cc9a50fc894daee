import NetworkTypes
package import RoutePlanning

/// The rules of nf_tables and of iptables-legacy, as far as they are understood. What iptables-nft made is among
/// those of nf_tables.
package struct FirewallRuleset: Equatable, Sendable {
    /// In no particular order.
    package var chains: [FirewallChain]
    /// Interfaces by their indices, for rules that name them so.
    package var links: [LinkIdentity]

    package init(chains: [FirewallChain] = [], links: [LinkIdentity] = []) {
        self.chains = chains
        self.links = links
    }

    func chain(named name: String, beside chain: FirewallChain) -> FirewallChain? {
        chains.first { other in
            other.name == name && other.table == chain.table && other.family == chain.family
                && other.isLegacy == chain.isLegacy
        }
    }

    /// The base chains of a hook that see packets of `family`, in the order in which the kernel asks them.
    func baseChains(_ hook: FirewallHook, _ family: AddressFamily) -> [FirewallChain] {
        let found = chains.enumerated().filter { $0.element.base?.hook == hook && $0.element.family.covers(family) }
        return found.sorted { left, right in
            let (first, second) = (left.element.base?.priority ?? 0, right.element.base?.priority ?? 0)
            return first != second ? first < second : left.offset < right.offset
        }.map(\.element)
    }
}

/// One chain of a table.
package struct FirewallChain: Equatable, Sendable {
    /// Where the kernel enters a chain.
    package struct Base: Equatable, Sendable {
        package var hook: FirewallHook
        /// Lower is asked first.
        package var priority: Int32
        /// Of type nat: asked for the first packet of a connection only.
        package var isNAT: Bool
        /// What happens to packets that no rule decides.
        package var dropsByPolicy: Bool

        package init(hook: FirewallHook, priority: Int32 = 0, isNAT: Bool = false, dropsByPolicy: Bool = false) {
            self.hook = hook
            self.priority = priority
            self.isNAT = isNAT
            self.dropsByPolicy = dropsByPolicy
        }
    }

    package var family: FirewallFamily
    package var table: String
    package var name: String
    /// `nil` for a chain that only rules of others lead to.
    package var base: Base?
    package var rules: [FirewallRule]
    /// Of iptables-legacy, not of nf_tables.
    package var isLegacy: Bool

    package init(
        family: FirewallFamily, table: String, name: String, base: Base? = nil, rules: [FirewallRule] = [],
        isLegacy: Bool = false
    ) {
        self.family = family
        self.table = table
        self.name = name
        self.base = base
        self.rules = rules
        self.isLegacy = isLegacy
    }
}

/// What packets a table sees (`NFPROTO_*` of linux/netfilter.h). Tables of other families are left out: they see no
/// packets that are forwarded between IP interfaces.
package enum FirewallFamily: UInt8, Sendable {
    case inet = 1
    case ip = 2
    case ip6 = 10

    func covers(_ family: AddressFamily) -> Bool {
        self == .inet || self == (family == .v4 ? .ip : .ip6)
    }

    /// The word that nft(8) uses.
    package var name: String { String(describing: self) }
}

/// Where in a packet's way through the host a chain is asked (`NF_INET_*`).
package enum FirewallHook: UInt32, Sendable {
    case prerouting = 0
    case input = 1
    case forward = 2
    case output = 3
    case postrouting = 4
}

/// One rule: conditions and what to do when all hold.
package struct FirewallRule: Equatable, Sendable {
    /// What nft(8) calls it by; of iptables-legacy its place in the chain, from 1.
    package var handle: UInt64
    package var expressions: [FirewallExpression]

    package init(handle: UInt64, expressions: [FirewallExpression]) {
        self.handle = handle
        self.expressions = expressions
    }
}

/// One instruction of a rule, as nf_tables' machine has them. Registers are told by their offset in bytes.
package enum FirewallExpression: Equatable, Sendable {
    case load(FirewallField, register: Int)
    /// Something that is not looked at is loaded: `count` bytes, unknown from here on.
    case loadUnknown(register: Int, count: Int)
    /// Goes on if the register has, or has not, this value.
    case compare(register: Int, isEqual: Bool, [UInt8])
    /// Goes on if the register's value is, or is not, within these, as a big-endian number.
    case range(register: Int, isInside: Bool, low: [UInt8], high: [UInt8])
    /// destination = source & mask ^ flip.
    case mask(source: Int, destination: Int, [UInt8], flip: [UInt8])
    /// Something that is not understood: a condition that may hold, or a load of any register.
    case unknown
    case verdict(FirewallVerdict)
    /// Counters, logs and the like: they decide nothing.
    case neutral
}

/// What can be loaded into a register.
package enum FirewallField: Equatable, Sendable {
    /// Names of interfaces, 16 bytes, filled with zeros.
    case inputName
    case outputName
    /// Indices of interfaces, 4 bytes in host order.
    case inputIndex
    case outputIndex
    /// 1 byte.
    case transport
    /// The table's family as `NFPROTO_*`, 1 byte.
    case family
    /// Bits of `NF_CT_STATE_BIT`, 4 bytes in host order.
    case connectionState
    /// Bytes of the packet from the beginning of the IP header or of the transport header.
    case networkHeader(offset: Int, count: Int)
    case transportHeader(offset: Int, count: Int)
}

/// What a rule does with a packet.
package enum FirewallVerdict: Equatable, Sendable {
    case accept
    case drop
    /// Drops, and tells the sender.
    case reject
    /// Source NAT, masquerading too.
    case rewriteSource
    /// Any of these: a map of verdicts, a program of the user's.
    case any
    case jump(String)
    case goto(String)
    case `return`
}
