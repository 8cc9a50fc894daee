package import NetworkTypes

/// A packet as far as it is known, between two interfaces.
package struct FirewallPacket: Equatable, Sendable {
    package var family: AddressFamily
    package var inputInterface: String
    package var outputInterface: String
    /// `nil`: any.
    package var source: IPAddress?
    package var destination: IPAddress?
    /// The IP header's protocol; `nil`: any.
    package var transport: UInt8?
    /// The port of the service: the destination's in a question, the source's in an answer.
    package var port: UInt16?
    /// It belongs to a connection that has been let through, against that connection's direction.
    package var isAnswer: Bool

    package init(
        family: AddressFamily, from inputInterface: String, to outputInterface: String, source: IPAddress? = nil,
        destination: IPAddress? = nil, transport: UInt8? = nil, port: UInt16? = nil, isAnswer: Bool = false
    ) {
        self.family = family
        self.inputInterface = inputInterface
        self.outputInterface = outputInterface
        self.source = source
        self.destination = destination
        self.transport = transport
        self.port = port
        self.isAnswer = isAnswer
    }

    /// The packet that answers this one, the other way.
    package var answer: FirewallPacket {
        FirewallPacket(
            family: family, from: outputInterface, to: inputInterface, source: destination, destination: source,
            transport: transport, port: port, isAnswer: true)
    }
}

/// What the rules of a hook do with a packet.
package enum FirewallOutcome: Equatable, Sendable {
    case passes
    /// A rule or a policy drops it, or rewrites its source.
    case stops(FirewallPlace)
    /// A rule may: it has conditions that are not looked at.
    case mayStop(FirewallPlace)
}

/// A rule, or a chain's policy.
package struct FirewallPlace: Equatable, Sendable {
    package var family: FirewallFamily
    package var table: String
    package var chain: String
    /// `nil` for the policy.
    package var handle: UInt64?
    package var isLegacy: Bool

    package init(family: FirewallFamily, table: String, chain: String, handle: UInt64?, isLegacy: Bool = false) {
        self.family = family
        self.table = table
        self.chain = chain
        self.handle = handle
        self.isLegacy = isLegacy
    }

    /// `the policy of chain forward in table inet filter`.
    package var text: String {
        let chainText = "chain \(chain) in table " + (isLegacy ? "\(table) of \(program)" : "\(family.name) \(table)")
        return handle.map { "rule \($0) of \(chainText)" } ?? "the policy of \(chainText)"
    }

    /// The command that lets packets between two interfaces pass here.
    package func command(from input: String, to output: String) -> String {
        isLegacy
            ? "\(program) -I \(chain) -i \(input) -o \(output) -j ACCEPT"
            : "nft \(handle == nil ? "add" : "insert") rule \(family.name) \(table) \(chain) iifname \(input) oifname "
                + "\(output) accept"
    }

    private var program: String { family == .ip6 ? "ip6tables-legacy" : "iptables-legacy" }
}

/// Sends a packet through the chains of a hook, as nf_tables' machine would.
package struct FirewallWalk {
    private let ruleset: FirewallRuleset
    private let packet: FirewallPacket
    /// A rule that may have stopped the packet before the end that was found.
    private var doubt: FirewallPlace?
    /// No rule may have let the packet through before.
    private var isCertain = true
    private var rulesLeft = FirewallWalk.ruleLimit

    /// Chains that lead to each other (`NFT_JUMP_STACK_SIZE`), and rules looked at in all.
    private static let depthLimit = 16
    private static let ruleLimit = 100_000

    private enum Ending {
        case accepted
        case stopped(FirewallPlace)
        case undecided
    }

    private init(_ ruleset: FirewallRuleset, _ packet: FirewallPacket) {
        self.ruleset = ruleset
        self.packet = packet
    }

    /// What the filtering chains of the forward hook do with `packet`.
    package static func forward(_ packet: FirewallPacket, _ ruleset: FirewallRuleset) -> FirewallOutcome {
        outcome(packet, ruleset, .forward, isNAT: false)
    }

    /// Whether the source of `packet`, the first of a connection, is rewritten on its way out.
    package static func sourceNAT(_ packet: FirewallPacket, _ ruleset: FirewallRuleset) -> FirewallOutcome {
        outcome(packet, ruleset, .postrouting, isNAT: true)
    }

    private static func outcome(
        _ packet: FirewallPacket, _ ruleset: FirewallRuleset, _ hook: FirewallHook, isNAT: Bool
    ) -> FirewallOutcome {
        var doubt: FirewallPlace?
        for chain in ruleset.baseChains(hook, packet.family) where chain.base?.isNAT == isNAT {
            var walk = FirewallWalk(ruleset, packet)
            let ending = walk.walk(chain, depth: 0)
            doubt = doubt ?? walk.doubt
            var place: FirewallPlace?
            if case .stopped(let found) = ending { place = found }
            if case .undecided = ending, chain.base?.dropsByPolicy == true { place = walk.place(chain, nil) }
            guard let place else { continue }
            if walk.isCertain { return .stops(place) }
            doubt = doubt ?? place
        }
        return doubt.map { .mayStop($0) } ?? .passes
    }

    private mutating func walk(_ chain: FirewallChain, depth: Int) -> Ending {
        for rule in chain.rules {
            guard rulesLeft > 0 else {
                isCertain = false
                return .undecided
            }
            rulesLeft -= 1
            var machine = FirewallMachine(packet, ruleset.links)
            let (match, verdict) = machine.run(rule)
            guard match != .no, let verdict else { continue }
            if let ending = apply(verdict, isSure: match == .yes, rule, chain, depth) { return ending }
        }
        return .undecided
    }

    /// `nil`: the next rule is asked.
    private mutating func apply(
        _ verdict: FirewallVerdict, isSure: Bool, _ rule: FirewallRule, _ chain: FirewallChain, _ depth: Int
    ) -> Ending? {
        switch verdict {
        case .accept, .return:
            if isSure { return verdict == .accept ? .accepted : .undecided }
            isCertain = false
            return nil
        case .any:
            isCertain = false
            doubt = doubt ?? place(chain, rule.handle)
            return nil
        case .drop, .reject, .rewriteSource:
            let place = place(chain, rule.handle)
            if isSure { return .stopped(place) }
            doubt = doubt ?? place
            return nil
        case .jump(let name), .goto(let name):
            guard depth < Self.depthLimit, let next = ruleset.chain(named: name, beside: chain) else {
                isCertain = false
                return nil
            }
            let ending = walk(next, depth: depth + 1)
            if isSure {
                if case .undecided = ending, case .jump = verdict { return nil }
                return ending
            }
            switch ending {
            case .accepted: isCertain = false
            case .stopped(let place): doubt = doubt ?? place
            case .undecided: if case .goto = verdict { isCertain = false }
            }
            return nil
        }
    }

    private func place(_ chain: FirewallChain, _ handle: UInt64?) -> FirewallPlace {
        FirewallPlace(
            family: chain.family, table: chain.table, chain: chain.name, handle: handle, isLegacy: chain.isLegacy)
    }
}
