package import NetworkTypes

/// What `ipop trace` shows: the members that a packet to a site's gateway passes.
package struct TraceReport: Equatable, Sendable {
    package var site: String
    package var node: NodeAddress
    /// How the packet travelled: a direct path, or over the overlay's hops.
    package var path: PathKind
    /// In order; the last is the site's gateway.
    package var hops: [TraceHop]
    /// There and back.
    package var roundTripMicroseconds: UInt64

    package init(site: String, node: NodeAddress, path: PathKind, hops: [TraceHop], roundTripMicroseconds: UInt64) {
        self.site = site
        self.node = node
        self.path = path
        self.hops = hops
        self.roundTripMicroseconds = roundTripMicroseconds
    }

    /// The payload of a reply, and the document of `ipop trace --json`.
    package var json: JSONValue {
        [
            "schema": JSONValue(StatusReport.schema), "site": .string(site), "node": .text(node),
            "path": .string(path.rawValue), "hops": .list(hops, \.json),
            "roundTripMicroseconds": JSONValue(roundTripMicroseconds),
        ]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "trace")
        self.init(
            site: try shape.text("site"), node: try shape.parsed("node"), path: try shape.code("path"),
            hops: try shape.list("hops", TraceHop.init(json:)),
            roundTripMicroseconds: try shape.integer("roundTripMicroseconds"))
    }
}

/// One member on the way.
package struct TraceHop: Equatable, Sendable {
    /// 1 for the first.
    package var index: Int
    package var member: RingMember
    /// How the packet came here from the hop before, as that one says; like the next three `nil` when it did not say.
    package var path: PathKind?
    /// The address that the packet was sent to.
    package var endpoint: Endpoint?
    /// Why that path is what it is.
    package var reason: PathReason?
    /// From the hop before to this one and back.
    package var linkRttMicroseconds: UInt64?
    /// From this gateway to the hop and back; `nil` when it was not measured.
    package var rttMicroseconds: UInt64?

    package init(
        index: Int, member: RingMember, path: PathKind? = nil, endpoint: Endpoint? = nil, reason: PathReason? = nil,
        linkRttMicroseconds: UInt64? = nil, rttMicroseconds: UInt64? = nil
    ) {
        self.index = index
        self.member = member
        self.path = path
        self.endpoint = endpoint
        self.reason = reason
        self.linkRttMicroseconds = linkRttMicroseconds
        self.rttMicroseconds = rttMicroseconds
    }

    var json: JSONValue {
        [
            "index": JSONValue(index), "node": .text(member.node), "site": .text(member.site),
            "path": .text(path?.rawValue), "endpoint": .text(endpoint), "reason": .text(reason?.rawValue),
            "rttMicroseconds": .count(rttMicroseconds), "linkRttMicroseconds": .count(linkRttMicroseconds),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "hop")
        self.init(
            index: try shape.integer("index"), member: try RingMember(json: json),
            path: try shape.optionalCode("path"), endpoint: try shape.optionalParsed("endpoint"),
            reason: try shape.optionalCode("reason"),
            linkRttMicroseconds: try shape.optionalInteger("linkRttMicroseconds"),
            rttMicroseconds: try shape.optionalInteger("rttMicroseconds"))
    }
}

/// Whom `ipop trace` asks for.
package enum TraceTarget: Equatable, Sendable {
    case site(String)
    case address(IPAddress)

    /// An address where the text is one, else a site: no site's name has a dot or a colon.
    package init(_ text: String) {
        self = IPAddress(text).map { .address($0) } ?? .site(text)
    }
}

/// Where an address leads.
package enum TraceDestination<Remote: Sendable>: Sendable {
    /// Into an exported subnet of this site.
    case own(IPPrefix)
    case remote(IPPrefix, Remote)
    case none

    /// The longest of the prefixes that contain `address`; of equal ones this site's own.
    package init(of address: IPAddress, exports: [IPPrefix], routes: [(prefix: IPPrefix, remote: Remote)]) {
        let own = exports.filter { $0.contains(address) }.max { $0.length < $1.length }
        let best = routes.filter { $0.prefix.contains(address) }.max { $0.prefix.length < $1.prefix.length }
        if let own, best.map({ $0.prefix.length <= own.length }) ?? true {
            self = .own(own)
        } else {
            self = best.map { .remote($0.prefix, $0.remote) } ?? .none
        }
    }
}
