package import NetworkTypes

/// A remote prefix that the daemon knows, and what it decided about it; or a virtual prefix of this site.
package struct RouteReport: Equatable, Sendable {
    package var prefix: IPPrefix
    /// The site it leads to.
    package var site: String
    /// Whether the daemon wants it in the kernel.
    package var wanted: Bool
    /// Why it is not wanted, or what went wrong with it; `nil` when all is well.
    package var issue: RouteIssue?
    /// The last time another program removed it; the daemon forgets it after a while.
    package var vanished: VanishedRoute?
    /// What is sent there from here is answered with "unreachable": it is a virtual prefix of this site.
    package var isDeadEnd: Bool

    package init(
        prefix: IPPrefix, site: String, wanted: Bool = true, issue: RouteIssue? = nil, vanished: VanishedRoute? = nil,
        isDeadEnd: Bool = false
    ) {
        self.prefix = prefix
        self.site = site
        self.wanted = wanted
        self.issue = issue
        self.vanished = vanished
        self.isDeadEnd = isDeadEnd
    }

    var json: JSONValue {
        [
            "prefix": .text(prefix), "site": .string(site), "wanted": JSONValue(wanted),
            "issue": .optional(issue, \.json), "vanished": .optional(vanished, \.json),
            "deadEnd": JSONValue(isDeadEnd),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "route")
        self.init(
            prefix: try shape.parsed("prefix"), site: try shape.text("site"), wanted: try shape.truth("wanted"),
            isDeadEnd: try shape.optionalTruth("deadEnd") ?? false)
        if let value = shape.optionalValue("issue") { issue = try RouteIssue(json: value) }
        if let value = shape.optionalValue("vanished") { vanished = try VanishedRoute(json: value) }
    }
}

/// A route of ours that another program removed.
package struct VanishedRoute: Equatable, Sendable {
    package var secondsAgo: UInt64
    /// The program, if the kernel told.
    package var remover: String?
    /// Whether the daemon has put it back.
    package var restored: Bool

    package init(secondsAgo: UInt64, remover: String? = nil, restored: Bool) {
        self.secondsAgo = secondsAgo
        self.remover = remover
        self.restored = restored
    }

    var json: JSONValue {
        ["secondsAgo": JSONValue(secondsAgo), "remover": .text(remover), "restored": JSONValue(restored)]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "vanished")
        self.init(
            secondsAgo: try shape.integer("secondsAgo"), remover: try shape.optionalText("remover"),
            restored: try shape.truth("restored"))
    }
}

/// One export of this site.
package struct ExportReport: Equatable, Sendable {
    package var subnet: IPPrefix
    /// What the grid calls it; `nil` while it is being leased.
    package var virtual: IPPrefix?
    package var state: ExportState
    /// Why it is refused.
    package var issue: RouteIssue?

    package init(subnet: IPPrefix, virtual: IPPrefix?, state: ExportState, issue: RouteIssue? = nil) {
        self.subnet = subnet
        self.virtual = virtual
        self.state = state
        self.issue = issue
    }

    var json: JSONValue {
        [
            "subnet": .text(subnet), "virtual": .text(virtual), "state": .string(state.rawValue),
            "issue": .optional(issue, \.json),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "export")
        self.init(
            subnet: try shape.parsed("subnet"), virtual: try shape.optionalParsed("virtual"),
            state: try shape.code("state"))
        if let value = shape.optionalValue("issue") { issue = try RouteIssue(json: value) }
    }
}

extension [ExportReport] {
    /// What the LAN calls a host that the grid knows by `address`: the same unless its subnet is mapped.
    package func local(_ address: IPAddress) -> IPAddress {
        let mapped = lazy.compactMap { export in export.virtual?.counterpart(of: address, in: export.subnet) }
        return mapped.first ?? address
    }

    /// What the grid calls a host that the LAN knows by `address`: the same unless its subnet is mapped.
    package func virtual(_ address: IPAddress) -> IPAddress {
        let mapped = lazy.compactMap { export in
            export.virtual.flatMap { export.subnet.counterpart(of: address, in: $0) }
        }
        return mapped.first ?? address
    }
}

/// How far an export is.
package enum ExportState: String, Sendable, CaseIterable {
    case announced
    case leasing
    case refused
}

/// One lease that this gateway holds or serves.
package struct LeaseReport: Equatable, Sendable {
    /// An address or a prefix.
    package var key: String
    /// The site that holds it.
    package var holder: String
    package var expiresSeconds: UInt64
    package var mac: MACAddress?
    package var state: LeaseState
    /// Why it is not simply held.
    package var reason: LeaseReason?
    /// The members that are to keep it; `nil` when not known.
    package var keepers: Int?
    /// How many of them have it as it is now.
    package var stored: Int?
    /// When it was created, in the store's Lamport time; `nil` when it was not, or another site has it.
    package var epoch: UInt64?
    /// How the LAN host of the address came by it; `nil` when it is no host's.
    package var origin: LeaseOrigin?
    /// What the host calls itself; `nil` when it has not said.
    package var name: String?

    package init(
        key: String, holder: String, expiresSeconds: UInt64, mac: MACAddress? = nil, state: LeaseState = .held,
        reason: LeaseReason? = nil, keepers: Int? = nil, stored: Int? = nil, epoch: UInt64? = nil,
        origin: LeaseOrigin? = nil, name: String? = nil
    ) {
        self.key = key
        self.holder = holder
        self.expiresSeconds = expiresSeconds
        self.mac = mac
        self.state = state
        self.reason = reason
        self.keepers = keepers
        self.stored = stored
        self.epoch = epoch
        self.origin = origin
        self.name = name
    }

    var json: JSONValue {
        [
            "key": .string(key), "holder": .string(holder), "expiresSeconds": JSONValue(expiresSeconds),
            "mac": .text(mac), "state": .string(state.rawValue), "reason": .text(reason?.rawValue),
            "keepers": .count(keepers), "stored": .count(stored), "epoch": .count(epoch),
            "origin": .text(origin?.rawValue), "name": .text(name),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "lease")
        self.init(
            key: try shape.text("key"), holder: try shape.text("holder"),
            expiresSeconds: try shape.integer("expiresSeconds"), mac: try shape.optionalParsed("mac"),
            state: try shape.optionalCode("state") ?? .held, reason: try shape.optionalCode("reason"),
            keepers: try shape.optionalInteger("keepers"), stored: try shape.optionalInteger("stored"),
            epoch: try shape.optionalInteger("epoch"), origin: try shape.optionalCode("origin"),
            name: try shape.optionalText("name"))
    }
}

/// How a LAN host of a bridged subnet came by its address.
package enum LeaseOrigin: String, Sendable, CaseIterable {
    /// From the gateway's DHCP server.
    case dhcp
    /// Configured on the host, and noticed.
    case fixed
}

/// How a lease stands.
package enum LeaseState: String, Sendable, CaseIterable {
    /// `holder` has it.
    case held
    /// `holder` wants it, and no majority of its keepers has agreed yet.
    case waiting
    /// This site wanted or had it, and `holder` has it now.
    case lost
}
