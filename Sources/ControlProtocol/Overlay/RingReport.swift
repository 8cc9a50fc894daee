package import NetworkTypes

/// A gateway on the ring, by address and, where the directory knows it, by site.
package struct RingMember: Equatable, Sendable {
    package var node: NodeAddress
    /// `nil` when no announcement of the gateway is known.
    package var site: String?

    package init(node: NodeAddress, site: String?) {
        self.node = node
        self.site = site
    }

    var json: JSONValue { ["node": .text(node), "site": .text(site)] }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "member")
        self.init(node: try shape.parsed("node"), site: try shape.optionalText("site"))
    }
}

/// What `ipop ring` shows: this gateway's place on the ring, its neighbours and its links.
package struct RingReport: Equatable, Sendable {
    /// This gateway; its node address is its place on the ring.
    package var node: NodeAddress
    package var site: String
    /// Whether others may route through this gateway: the ring has taken it in.
    package var isRoutable: Bool
    /// Whether the neighbours see this gateway where it sees itself; `nil` while it cannot be told.
    package var isConsistent: Bool?
    /// How many members the ring has, judged by how far apart the neighbours stand.
    package var estimatedMembers: Int
    /// The neighbours on the side of the lower addresses, nearest first.
    package var left: [RingMember]
    /// The neighbours on the side of the higher addresses, nearest first.
    package var right: [RingMember]
    /// Ordered by node.
    package var links: [RingLinkReport]

    package init(
        node: NodeAddress, site: String, isRoutable: Bool, isConsistent: Bool?, estimatedMembers: Int,
        left: [RingMember] = [], right: [RingMember] = [], links: [RingLinkReport] = []
    ) {
        self.node = node
        self.site = site
        self.isRoutable = isRoutable
        self.isConsistent = isConsistent
        self.estimatedMembers = estimatedMembers
        self.left = left
        self.right = right
        self.links = links
    }

    /// The payload of a reply, and the document of `ipop ring --json`.
    package var json: JSONValue {
        [
            "schema": JSONValue(StatusReport.schema), "node": .text(node), "site": .string(site),
            "address": .text(node), "routable": JSONValue(isRoutable),
            "consistent": .optional(isConsistent) { JSONValue($0) }, "estimatedMembers": JSONValue(estimatedMembers),
            "left": .list(left, \.json), "right": .list(right, \.json), "links": .list(links, \.json),
        ]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "ring")
        self.init(
            node: try shape.parsed("node"), site: try shape.text("site"), isRoutable: try shape.truth("routable"),
            isConsistent: try shape.optionalTruth("consistent"),
            estimatedMembers: try shape.integer("estimatedMembers"),
            left: try shape.list("left", RingMember.init(json:)),
            right: try shape.list("right", RingMember.init(json:)),
            links: try shape.list("links", RingLinkReport.init(json:)))
    }
}

/// One link: a session with a member, as the ring uses it.
package struct RingLinkReport: Equatable, Sendable {
    package var member: RingMember
    /// What this gateway keeps it for; empty when only the other end wants it, or when the grid is small enough for
    /// everybody to know everybody.
    package var purposes: [LinkPurpose]
    /// What the other end keeps it for.
    package var theirPurposes: [LinkPurpose]
    package var path: PathKind
    /// The peer's address on a direct path.
    package var endpoint: Endpoint?
    /// Why the path is what it is.
    package var reason: PathReason
    package var rttMicroseconds: UInt64?
    /// Since the link was made.
    package var ageSeconds: UInt64?

    package init(
        member: RingMember, purposes: [LinkPurpose], theirPurposes: [LinkPurpose], path: PathKind,
        endpoint: Endpoint? = nil, reason: PathReason, rttMicroseconds: UInt64? = nil, ageSeconds: UInt64? = nil
    ) {
        self.member = member
        self.purposes = purposes
        self.theirPurposes = theirPurposes
        self.path = path
        self.endpoint = endpoint
        self.reason = reason
        self.rttMicroseconds = rttMicroseconds
        self.ageSeconds = ageSeconds
    }

    var json: JSONValue {
        [
            "node": .text(member.node), "site": .text(member.site), "purposes": .texts(purposes.map(\.rawValue)),
            "theirPurposes": .texts(theirPurposes.map(\.rawValue)), "path": .string(path.rawValue),
            "endpoint": .text(endpoint), "reason": .string(reason.rawValue),
            "rttMicroseconds": .count(rttMicroseconds), "ageSeconds": .count(ageSeconds),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "link")
        self.init(
            member: try RingMember(json: json), purposes: try shape.codes("purposes"),
            theirPurposes: try shape.codes("theirPurposes"), path: try shape.code("path"),
            endpoint: try shape.optionalParsed("endpoint"), reason: try shape.code("reason"),
            rttMicroseconds: try shape.optionalInteger("rttMicroseconds"),
            ageSeconds: try shape.optionalInteger("ageSeconds"))
    }
}

/// What a link is kept for. A closed list; words are only ever added.
package enum LinkPurpose: String, Sendable, CaseIterable {
    /// A neighbour on the ring.
    case near
    /// A long way round the ring, so that routes are short.
    case far
    /// Traffic between the two.
    case shortcut
    /// The way into the ring, until the ring has taken the gateway in.
    case leaf
}
