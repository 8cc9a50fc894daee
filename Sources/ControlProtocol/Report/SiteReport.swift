package import NetworkTypes

/// One remote gateway.
package struct SiteReport: Equatable, Sendable {
    package var site: String
    package var node: NodeAddress
    package var path: PathKind
    /// The site that relays, or the first hop's; `nil` on a direct path.
    package var via: String?
    /// The peer's address on a direct path; also the last one tried while the path is down, if there is one.
    package var endpoint: Endpoint?
    /// The interface that a path's datagrams leave by; `nil` where there is one uplink, or the kernel chooses.
    package var uplink: String?
    package var reason: PathReason
    /// Smoothed round trip of the path; `nil` before the first answer and while down.
    package var rttMicroseconds: UInt64?
    /// Of the last probes, 0 to 100; `nil` while down.
    package var lossPercent: Double?
    /// The largest IP packet that travels to the site in one piece; `nil` while unknown.
    package var mtu: Int?
    /// Payload from and to the site since the daemon's start.
    package var rxBytes: UInt64
    package var txBytes: UInt64
    /// Bytes a second over the last seconds; `nil` when not measured.
    package var rxBytesPerSecond: UInt64?
    package var txBytesPerSecond: UInt64?
    /// Seconds since the last authenticated datagram; `nil` when there was none.
    package var lastHeardSeconds: Double?
    /// The site's virtual prefixes, ordered.
    package var prefixes: [IPPrefix]
    /// Packets dropped because their source was not the site's.
    package var sourceDrops: UInt64

    package init(
        site: String, node: NodeAddress, path: PathKind, via: String? = nil, endpoint: Endpoint? = nil,
        uplink: String? = nil, reason: PathReason, rttMicroseconds: UInt64? = nil, lossPercent: Double? = nil,
        mtu: Int? = nil, rxBytes: UInt64 = 0, txBytes: UInt64 = 0, rxBytesPerSecond: UInt64? = nil,
        txBytesPerSecond: UInt64? = nil,
        lastHeardSeconds: Double? = nil, prefixes: [IPPrefix] = [], sourceDrops: UInt64 = 0
    ) {
        self.site = site
        self.node = node
        self.path = path
        self.via = via
        self.endpoint = endpoint
        self.uplink = uplink
        self.reason = reason
        self.rttMicroseconds = rttMicroseconds
        self.lossPercent = lossPercent
        self.mtu = mtu
        self.rxBytes = rxBytes
        self.txBytes = txBytes
        self.rxBytesPerSecond = rxBytesPerSecond
        self.txBytesPerSecond = txBytesPerSecond
        self.lastHeardSeconds = lastHeardSeconds
        self.prefixes = prefixes
        self.sourceDrops = sourceDrops
    }

    var json: JSONValue {
        [
            "site": .string(site), "node": .text(node), "path": .string(path.rawValue), "via": .text(via),
            "endpoint": .text(endpoint), "reason": .string(reason.rawValue),
            "rttMicroseconds": .count(rttMicroseconds), "lossPercent": .tenths(lossPercent), "mtu": .count(mtu),
            "rxBytes": JSONValue(rxBytes), "txBytes": JSONValue(txBytes), "lastHeardSeconds": .tenths(lastHeardSeconds),
            "rxBytesPerSecond": .count(rxBytesPerSecond), "txBytesPerSecond": .count(txBytesPerSecond),
            "prefixes": .texts(prefixes), "sourceDrops": JSONValue(sourceDrops), "uplink": .text(uplink),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "site")
        self.init(
            site: try shape.text("site"), node: try shape.parsed("node"), path: try shape.code("path"),
            via: try shape.optionalText("via"), endpoint: try shape.optionalParsed("endpoint"),
            uplink: try shape.optionalText("uplink"), reason: try shape.code("reason"),
            rttMicroseconds: try shape.optionalInteger("rttMicroseconds"),
            lossPercent: try shape.optionalNumber("lossPercent"), mtu: try shape.optionalInteger("mtu"),
            rxBytes: try shape.integer("rxBytes"), txBytes: try shape.integer("txBytes"),
            rxBytesPerSecond: try shape.optionalInteger("rxBytesPerSecond"),
            txBytesPerSecond: try shape.optionalInteger("txBytesPerSecond"),
            lastHeardSeconds: try shape.optionalNumber("lastHeardSeconds"),
            prefixes: try shape.parsedList("prefixes"), sourceDrops: try shape.integer("sourceDrops"))
    }
}

/// The kinds of path, best first.
package enum PathKind: String, Sendable, CaseIterable {
    case directUDP = "direct-udp"
    case directTCP = "direct-tcp"
    case relay
    case overlay
    case down
}
