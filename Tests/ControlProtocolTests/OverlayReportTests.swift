import ControlProtocol
import NetworkTypes
import Testing

@Suite struct OverlayReportTests {
    private static let networks = ["10.0.0.0/8", "10.1.0.0/16", "fd00::/8"].map {
        (prefix: Example.prefix($0), remote: $0)
    }

    @Test func `what the ring's requests are answered with reads back as what was written`() throws {
        let faulty = CrawlReport(
            members: 3, answered: 2,
            inconsistent: [
                RingFault(member: Example.member(1, nil), side: .left, expected: nil, found: Example.member(2, "x")),
                RingFault(member: Example.member(1, "a"), side: .right, expected: Example.member(3, nil), found: nil),
            ],
            silent: [Example.member(9, "y")])
        var unknown = Example.ring
        unknown.isConsistent = nil

        #expect(try RingReport(json: JSONValue(parsing: Example.ring.json.compact)) == Example.ring)
        #expect(try RingReport(json: JSONValue(parsing: unknown.json.compact)) == unknown)
        #expect(try CrawlReport(json: JSONValue(parsing: faulty.json.compact)) == faulty)
        #expect(try TraceReport(json: JSONValue(parsing: Example.trace.json.compact)) == Example.trace)
        #expect(try LeasesReport(json: JSONValue(parsing: Example.leases.json.compact)) == Example.leases)
    }

    @Test func `documents have every key, null when unknown`() {
        func keys(_ value: JSONValue?) -> [String] {
            guard case .object(let object) = value else { return [] }
            return object.keys
        }
        let ring = Example.ring.json, trace = Example.trace.json
        let crawl = CrawlReport([]).json

        #expect(
            keys(ring) == [
                "schema", "node", "site", "address", "routable", "consistent", "estimatedMembers", "left", "right",
                "links",
            ])
        for link in ring["links"]?.elements ?? [] {
            #expect(
                keys(link) == [
                    "node", "site", "purposes", "theirPurposes", "path", "endpoint", "reason", "rttMicroseconds",
                    "ageSeconds",
                ])
        }
        #expect(keys(ring["left"]?.elements?.last) == ["node", "site"])
        #expect(keys(trace) == ["schema", "site", "node", "path", "hops", "roundTripMicroseconds"])
        for hop in trace["hops"]?.elements ?? [] {
            #expect(
                keys(hop) == [
                    "index", "node", "site", "path", "endpoint", "reason", "rttMicroseconds", "linkRttMicroseconds",
                ])
        }
        #expect(keys(crawl) == ["schema", "members", "answered", "consistent", "inconsistent", "silent"])
        #expect(
            keys(Example.leases.json["leases"]?.elements?.last) == [
                "key", "holder", "expiresSeconds", "mac", "state", "reason", "keepers", "stored", "epoch",
                "origin", "name",
            ])
    }

    @Test func `a lease without a state, as an older daemon has it, is held`() throws {
        let json = try JSONValue(parsing: #"{"key":"10.0.0.1","holder":"a","expiresSeconds":5,"mac":null}"#)

        #expect(try LeasesReport(json: ["leases": .array([json])]).leases.map(\.state) == [.held])
    }

    @Test func `a ring whose members see their neighbours is consistent, in whatever order they answer`() {
        let report = CrawlReport(Example.crawl.reversed())

        #expect(report == CrawlReport(members: 5, answered: 5, inconsistent: [], silent: []))
        #expect(report.isConsistent)
    }

    @Test func `a member that sees past its neighbour is named with both`() {
        var answers = Example.crawl
        answers[1].right = answers[3].member.node

        let report = CrawlReport(answers)

        #expect(
            report.inconsistent == [
                RingFault(
                    member: answers[1].member, side: .right, expected: answers[2].member, found: answers[3].member)
            ])
        #expect(!report.isConsistent)
    }

    @Test func `over the end of the ring the last stands beside the first`() {
        var answers = Example.crawl
        answers[0].left = nil
        answers[4].right = NodeAddress(high: 7, middle: 7, low: 7)

        #expect(
            CrawlReport(answers).inconsistent == [
                RingFault(member: answers[0].member, side: .left, expected: answers[4].member, found: nil),
                RingFault(
                    member: answers[4].member, side: .right, expected: answers[0].member,
                    found: RingMember(node: NodeAddress(high: 7, middle: 7, low: 7), site: nil)),
            ])
    }

    @Test func `a silent member has no place, and who still sees it is wrong`() {
        var answers = Example.crawl
        answers[2].hasAnswered = false
        let stale = CrawlReport(answers)
        answers[1].right = answers[3].member.node
        answers[3].left = answers[1].member.node
        let repaired = CrawlReport(answers)

        #expect(stale.inconsistent.map(\.side) == [.right, .left])
        #expect(stale.inconsistent.map(\.found) == [answers[2].member, answers[2].member])
        #expect(repaired.isConsistent)
        #expect(repaired.silent == [answers[2].member])
        #expect(repaired.answered == 4 && repaired.members == 5)
    }

    @Test func `a member alone sees nobody, and two see each other on both sides`() {
        let one = Example.member(1, "a"), other = Example.member(2, "b")

        #expect(CrawlReport([CrawlAnswer(member: one, hasAnswered: true)]).isConsistent)
        #expect(
            CrawlReport([
                CrawlAnswer(member: one, hasAnswered: true, left: other.node, right: other.node),
                CrawlAnswer(member: other, hasAnswered: true, left: one.node, right: one.node),
            ]).isConsistent)
        #expect(
            !CrawlReport([
                CrawlAnswer(member: one, hasAnswered: true), CrawlAnswer(member: other, hasAnswered: true),
            ]).isConsistent)
    }

    @Test(arguments: [
        ("10.2.3.4", "10.0.0.0/8"), ("10.1.2.3", "10.1.0.0/16"), ("fd00::1", "fd00::/8"), ("192.0.2.1", nil),
        ("2001:db8::1", nil),
    ])
    func `an address leads where the longest prefix does`(address: String, expected: String?) {
        let found = TraceDestination(of: IPAddress(address)!, exports: [], routes: Self.networks)

        switch found {
        case .own: Issue.record("nothing is our own")
        case .remote(let prefix, let remote): #expect(prefix.description == expected && remote == expected)
        case .none: #expect(expected == nil)
        }
    }

    @Test(arguments: [
        ("10.1.2.3", ["10.1.2.0/24"], true), ("10.1.2.3", ["10.1.0.0/16"], true), ("10.1.2.3", ["10.0.0.0/8"], false),
        ("10.2.2.3", ["10.1.2.0/24"], false),
    ])
    func `an address in a subnet of this site is its own, unless another's prefix is longer`(
        address: String, exports: [String], isOwn: Bool
    ) {
        let found = TraceDestination(
            of: IPAddress(address)!, exports: exports.map(Example.prefix), routes: Self.networks)

        if case .own = found { #expect(isOwn) } else { #expect(!isOwn) }
    }

    @Test func `a text that is an address is one, everything else is a site`() {
        #expect(TraceTarget("10.0.0.1") == .address(IPAddress("10.0.0.1")!))
        #expect(TraceTarget("fd00::1") == .address(IPAddress("fd00::1")!))
        #expect(TraceTarget("ufl") == .site("ufl"))
        #expect(TraceTarget("10") == .site("10"))
    }
}
