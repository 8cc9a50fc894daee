package import NetworkTypes

/// This gateway's certificate.
package struct CertificateReport: Equatable, Sendable {
    /// The end of validity, in seconds since 1970-01-01T00:00:00Z.
    package var notAfter: Int64
    /// Whole days until then, rounded down; negative afterwards.
    package var daysLeft: Int
    /// The address blocks: what the site may announce.
    package var subnets: [IPPrefix]

    /// `now` is in seconds since 1970-01-01T00:00:00Z.
    package init(notAfter: Int64, now: Int64, subnets: [IPPrefix]) {
        let (left, overflow) = notAfter.subtractingReportingOverflow(now)
        let seconds = overflow ? (notAfter < 0 ? Int64.min : Int64.max) : left
        self.init(
            notAfter: notAfter, daysLeft: Int(seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)), subnets: subnets)
    }

    package init(notAfter: Int64, daysLeft: Int, subnets: [IPPrefix]) {
        self.notAfter = notAfter
        self.daysLeft = daysLeft
        self.subnets = subnets
    }

    /// A certificate with fewer days left than this makes a gateway degraded.
    package static let degradedDays = 14

    var json: JSONValue {
        [
            "notAfter": .string(UTCTime(unixSeconds: notAfter).description), "daysLeft": JSONValue(daysLeft),
            "subnets": .texts(subnets),
        ]
    }

    /// The keys, with nothing known.
    static let unknownJSON: JSONValue = ["notAfter": nil, "daysLeft": nil, "subnets": []]

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "certificate")
        self.init(
            notAfter: try shape.parsed("notAfter", UTCTime.self).unixSeconds, daysLeft: try shape.integer("daysLeft"),
            subnets: try shape.parsedList("subnets"))
    }
}

/// The overlay as this gateway sees it.
package struct OverlayReport: Equatable, Sendable {
    /// Gateways known to be in the grid, this one included.
    package var members: Int
    /// Links to ring neighbours; in a full mesh, all direct links.
    package var near: Int
    package var far: Int
    package var shortcuts: Int
    /// `nil` while it cannot be told.
    package var ringConsistent: Bool?

    package init(members: Int, near: Int, far: Int = 0, shortcuts: Int = 0, ringConsistent: Bool?) {
        self.members = members
        self.near = near
        self.far = far
        self.shortcuts = shortcuts
        self.ringConsistent = ringConsistent
    }

    var json: JSONValue {
        [
            "members": JSONValue(members), "near": JSONValue(near), "far": JSONValue(far),
            "shortcuts": JSONValue(shortcuts), "ringConsistent": .optional(ringConsistent) { JSONValue($0) },
        ]
    }

    /// The keys, with nothing known.
    static let unknownJSON: JSONValue = [
        "members": nil, "near": nil, "far": nil, "shortcuts": nil, "ringConsistent": nil,
    ]

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "overlay")
        self.init(
            members: try shape.integer("members"), near: try shape.integer("near"), far: try shape.integer("far"),
            shortcuts: try shape.integer("shortcuts"), ringConsistent: try shape.optionalTruth("ringConsistent"))
    }
}

/// The NAT before this gateway, in the words of RFC 4787.
package struct NATReport: Equatable, Sendable {
    package var mapping: NATMapping
    package var udp: UDPReachability
    /// Where its router has mapped its port, and where other members see this gateway.
    package var endpoints: [Endpoint]

    package init(mapping: NATMapping = .unknown, udp: UDPReachability = .unknown, endpoints: [Endpoint] = []) {
        self.mapping = mapping
        self.udp = udp
        self.endpoints = endpoints
    }

    var json: JSONValue {
        [
            "mapping": .string(mapping.rawValue), "udp": .string(udp.rawValue), "endpoints": .texts(endpoints),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "nat")
        self.init(
            mapping: try shape.code("mapping"), udp: try shape.code("udp"),
            endpoints: try shape.parsedList("endpoints"))
    }
}

/// How a NAT maps (RFC 4787 §4.1).
package enum NATMapping: String, Sendable, CaseIterable {
    case none
    case endpointIndependent = "endpoint-independent"
    case addressDependent = "address-dependent"
    case addressAndPortDependent = "address-and-port-dependent"
    case unknown
}

/// Whether UDP gets out and back.
package enum UDPReachability: String, Sendable, CaseIterable {
    case ok
    case blocked
    case unknown
}
