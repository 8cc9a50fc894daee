import HostDiagnosis
import NetworkTypes
import RoutePlanning
import Testing

@Suite struct FirewallWalkTests {
    private static let packet = FirewallPacket(
        family: .v4, from: "eth1", to: "ipop0", source: IPAddress(192, 168, 20, 10),
        destination: IPAddress(192, 168, 10, 10), transport: 6, port: 443)

    @Test func `without chains everything passes`() {
        #expect(FirewallWalk.forward(Self.packet, FirewallRuleset()) == .passes)
    }

    @Test func `a policy that drops is named`() throws {
        let outcome = FirewallWalk.forward(Self.packet, ruleset(policyDrops: true, []))

        guard case .stops(let place) = outcome else { throw Missed(outcome) }
        #expect(place.text == "the policy of chain forward in table inet filter")
    }

    @Test func `what a rule accepts by the names of the interfaces passes the policy`() {
        let rules = ruleset(policyDrops: true, [rule(1, names("eth1", "ipop0") + [.verdict(.accept)])])

        #expect(FirewallWalk.forward(Self.packet, rules) == .passes)
        #expect(FirewallWalk.forward(Self.packet.answer, rules) != .passes)
    }

    @Test func `answers pass by the state of their connection, questions do not`() {
        let state: [FirewallExpression] = [
            .load(.connectionState, register: 0), .mask(source: 0, destination: 0, [6, 0, 0, 0], flip: [0, 0, 0, 0]),
            .compare(register: 0, isEqual: false, [0, 0, 0, 0]), .verdict(.accept),
        ]
        let rules = ruleset(policyDrops: true, [rule(1, state)])

        #expect(FirewallWalk.forward(Self.packet.answer, rules) == .passes)
        #expect(FirewallWalk.forward(Self.packet, rules) != .passes)
    }

    @Test(arguments: [(UInt16(443), true), (22, false)])
    func `a rule for a port drops that port only`(port: UInt16, isStopped: Bool) {
        let rules = ruleset(policyDrops: false, [rule(9, tcpPort(443) + [.verdict(.reject)])])
        var packet = Self.packet
        packet.port = port

        let outcome = FirewallWalk.forward(packet, rules)

        #expect(
            outcome
                == (isStopped
                    ? .stops(FirewallPlace(family: .inet, table: "filter", chain: "forward", handle: 9)) : .passes))
    }

    @Test func `an unknown port may be dropped by a rule for one`() {
        let rules = ruleset(policyDrops: false, [rule(9, tcpPort(443) + [.verdict(.drop)])])
        var packet = Self.packet
        packet.port = nil

        guard case .mayStop = FirewallWalk.forward(packet, rules) else {
            Issue.record("it should be in doubt")
            return
        }
    }

    @Test func `a prefix is matched by its mask`() {
        func rules(_ network: [UInt8]) -> FirewallRuleset {
            ruleset(
                policyDrops: false,
                [
                    rule(
                        3,
                        [
                            .load(.networkHeader(offset: 16, count: 4), register: 0),
                            .mask(source: 0, destination: 0, [255, 255, 0, 0], flip: [0, 0, 0, 0]),
                            .compare(register: 0, isEqual: true, network), .verdict(.drop),
                        ])
                ])
        }

        #expect(FirewallWalk.forward(Self.packet, rules([192, 168, 0, 0])) != .passes)
        #expect(FirewallWalk.forward(Self.packet, rules([10, 0, 0, 0])) == .passes)
    }

    @Test func `a condition that is not understood leaves a doubt, not a verdict`() {
        let mayDrop = ruleset(policyDrops: false, [rule(1, [.unknown, .verdict(.drop)])])
        let mayAccept = ruleset(policyDrops: true, [rule(1, [.unknown, .verdict(.accept)])])

        for rules in [mayDrop, mayAccept] {
            guard case .mayStop = FirewallWalk.forward(Self.packet, rules) else {
                Issue.record("it should be in doubt")
                continue
            }
        }
    }

    @Test func `jumps come back, gotos end with the policy`() {
        let accept = rule(5, names("eth1", "ipop0") + [.verdict(.accept)])
        func rules(_ verdict: FirewallVerdict, inner: [FirewallRule]) -> FirewallRuleset {
            var rules = ruleset(policyDrops: true, [rule(1, [.verdict(verdict)]), accept])
            rules.chains.append(FirewallChain(family: .inet, table: "filter", name: "inner", rules: inner))
            return rules
        }

        #expect(FirewallWalk.forward(Self.packet, rules(.jump("inner"), inner: [])) == .passes)
        #expect(FirewallWalk.forward(Self.packet, rules(.goto("inner"), inner: [])) != .passes)
        let drop = rules(.jump("inner"), inner: [rule(2, [.verdict(.drop)])])
        #expect(FirewallWalk.forward(Self.packet, drop) != .passes)
        let back = rules(.jump("inner"), inner: [rule(2, [.verdict(.return)])])
        #expect(FirewallWalk.forward(Self.packet, back) == .passes)
    }

    @Test func `chains that lead to each other end`() {
        var rules = ruleset(policyDrops: false, [rule(1, [.verdict(.jump("forward"))])])
        rules.chains[0].rules.append(rule(2, [.verdict(.jump("forward"))]))

        #expect(FirewallWalk.forward(Self.packet, rules) == .passes)
    }

    @Test func `every base chain of the hook is asked, of the packet's family only`() {
        var rules = ruleset(policyDrops: false, [rule(1, [.verdict(.accept)])])
        rules.chains.append(
            FirewallChain(
                family: .ip6, table: "other", name: "forward",
                base: .init(hook: .forward, priority: 10, dropsByPolicy: true)))
        #expect(FirewallWalk.forward(Self.packet, rules) == .passes)

        rules.chains[1].family = .ip
        #expect(FirewallWalk.forward(Self.packet, rules) != .passes)
    }

    @Test func `masquerading is seen unless the rule is for another interface`() {
        func rules(_ conditions: [FirewallExpression]) -> FirewallRuleset {
            FirewallRuleset(chains: [
                FirewallChain(
                    family: .ip, table: "nat", name: "post",
                    base: .init(hook: .postrouting, priority: 100, isNAT: true),
                    rules: [rule(4, conditions + [.neutral, .verdict(.rewriteSource)])])
            ])
        }
        let uplink: [FirewallExpression] = [
            .load(.outputName, register: 0), .compare(register: 0, isEqual: true, name("eth0")),
        ]

        #expect(FirewallWalk.sourceNAT(Self.packet, rules(uplink)) == .passes)
        #expect(FirewallWalk.sourceNAT(Self.packet, rules([])) != .passes)
    }

    @Test func `interfaces are known by their index too`() {
        var rules = ruleset(
            policyDrops: false,
            [
                rule(
                    1,
                    [
                        .load(.inputIndex, register: 0), .compare(register: 0, isEqual: true, [7, 0, 0, 0]),
                        .verdict(.drop),
                    ])
            ])
        rules.links = [LinkIdentity(index: 7, name: "eth1"), LinkIdentity(index: 8, name: "eth0")]

        #expect(FirewallWalk.forward(Self.packet, rules) != .passes)
        rules.links = [LinkIdentity(index: 9, name: "eth1")]
        #expect(FirewallWalk.forward(Self.packet, rules) == .passes)
    }

    private struct Missed: Error {
        let outcome: FirewallOutcome
        init(_ outcome: FirewallOutcome) { self.outcome = outcome }
    }

    private func ruleset(policyDrops: Bool, _ rules: [FirewallRule]) -> FirewallRuleset {
        FirewallRuleset(chains: [
            FirewallChain(
                family: .inet, table: "filter", name: "forward",
                base: .init(hook: .forward, dropsByPolicy: policyDrops), rules: rules)
        ])
    }

    private func rule(_ handle: UInt64, _ expressions: [FirewallExpression]) -> FirewallRule {
        FirewallRule(handle: handle, expressions: expressions)
    }

    private func names(_ input: String, _ output: String) -> [FirewallExpression] {
        [
            .load(.inputName, register: 0), .compare(register: 0, isEqual: true, name(input)),
            .load(.outputName, register: 0), .compare(register: 0, isEqual: true, name(output)),
        ]
    }

    private func tcpPort(_ port: UInt16) -> [FirewallExpression] {
        [
            .load(.transport, register: 0), .compare(register: 0, isEqual: true, [6]),
            .load(.transportHeader(offset: 2, count: 2), register: 0),
            .compare(register: 0, isEqual: true, [UInt8(port >> 8), UInt8(port & 255)]),
        ]
    }

    private func name(_ text: String) -> [UInt8] {
        Array(text.utf8) + [UInt8](repeating: 0, count: 16 - text.utf8.count)
    }
}
