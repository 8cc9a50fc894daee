package import NetworkTypes

/// What one member said when the ring was crawled.
package struct CrawlAnswer: Equatable, Sendable {
    package var member: RingMember
    /// Whether it said anything.
    package var hasAnswered: Bool
    /// Its nearest neighbour on the side of the lower addresses; `nil` when it sees none.
    package var left: NodeAddress?
    /// Its nearest neighbour on the side of the higher addresses.
    package var right: NodeAddress?

    package init(member: RingMember, hasAnswered: Bool, left: NodeAddress? = nil, right: NodeAddress? = nil) {
        self.member = member
        self.hasAnswered = hasAnswered
        self.left = left
        self.right = right
    }
}

/// What `ipop ring --crawl` shows: whether every member sees the neighbours that it should.
package struct CrawlReport: Equatable, Sendable {
    /// Members that were asked, this gateway included.
    package var members: Int
    /// Members that answered, this gateway included.
    package var answered: Int
    /// Members that see another neighbour than they should, in the order of the ring.
    package var inconsistent: [RingFault]
    /// Members that did not answer, in the order of the ring.
    package var silent: [RingMember]

    package init(members: Int, answered: Int, inconsistent: [RingFault], silent: [RingMember]) {
        self.members = members
        self.answered = answered
        self.inconsistent = inconsistent
        self.silent = silent
    }

    /// Compares what each member said with who stands beside it among all that answered.
    package init(_ answers: [CrawlAnswer]) {
        let sorted = answers.sorted { $0.member.node < $1.member.node }
        let live = sorted.filter(\.hasAnswered)
        var faults: [RingFault] = []
        for (index, answer) in live.enumerated() {
            let isAlone = live.count == 1
            let left = isAlone ? nil : live[(index + live.count - 1) % live.count].member
            let right = isAlone ? nil : live[(index + 1) % live.count].member
            for (side, expected, found) in [(RingSide.left, left, answer.left), (.right, right, answer.right)]
            where expected?.node != found {
                let known = found.map { node in
                    sorted.first { $0.member.node == node }?.member ?? RingMember(node: node, site: nil)
                }
                faults.append(RingFault(member: answer.member, side: side, expected: expected, found: known))
            }
        }
        self.init(
            members: sorted.count, answered: live.count, inconsistent: faults,
            silent: sorted.filter { !$0.hasAnswered }.map(\.member))
    }

    /// Whether all that answered see the neighbours that they should.
    package var isConsistent: Bool { inconsistent.isEmpty }

    /// The payload of a reply, and the document of `ipop ring --crawl --json`.
    package var json: JSONValue {
        [
            "schema": JSONValue(StatusReport.schema), "members": JSONValue(members), "answered": JSONValue(answered),
            "consistent": JSONValue(isConsistent), "inconsistent": .list(inconsistent, \.json),
            "silent": .list(silent, \.json),
        ]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "crawl")
        self.init(
            members: try shape.integer("members"), answered: try shape.integer("answered"),
            inconsistent: try shape.list("inconsistent", RingFault.init(json:)),
            silent: try shape.list("silent", RingMember.init(json:)))
    }
}

/// The two ways along the ring.
package enum RingSide: String, Sendable, CaseIterable {
    /// To lower addresses.
    case left
    /// To higher addresses.
    case right
}

/// A member that sees another neighbour than it should.
package struct RingFault: Equatable, Sendable {
    package var member: RingMember
    package var side: RingSide
    /// Who stands there; `nil` when nobody does.
    package var expected: RingMember?
    /// Whom it sees there; `nil` when nobody.
    package var found: RingMember?

    package init(member: RingMember, side: RingSide, expected: RingMember?, found: RingMember?) {
        self.member = member
        self.side = side
        self.expected = expected
        self.found = found
    }

    var json: JSONValue {
        [
            "node": .text(member.node), "site": .text(member.site), "side": .string(side.rawValue),
            "expected": .text(expected?.node), "expectedSite": .text(expected?.site), "found": .text(found?.node),
            "foundSite": .text(found?.site),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "fault")
        self.init(
            member: try RingMember(json: json), side: try shape.code("side"),
            expected: try shape.optionalMember("expected", site: "expectedSite"),
            found: try shape.optionalMember("found", site: "foundSite"))
    }
}

extension JSONShape {
    fileprivate func optionalMember(_ key: String, site: String) throws(JSONShapeError) -> RingMember? {
        guard let node = try optionalParsed(key, NodeAddress.self) else { return nil }
        return RingMember(node: node, site: try optionalText(site))
    }
}
