package import NetworkTypes

/// The daemon's half of `ipop status`: everything but what the kernel says.
package struct GatewayReport: Equatable, Sendable {
    /// The daemon's own view. `StatusReport` makes `degraded` of `up` when it finds a reason.
    package var state: GatewayState
    package var grid: String
    package var site: String
    package var node: NodeAddress
    /// The daemon's version, `1.2.3`.
    package var version: String
    package var uptimeSeconds: UInt64
    package var certificate: CertificateReport?
    package var overlay: OverlayReport
    /// One entry per remote node that is known, ordered by site, then node.
    package var sites: [SiteReport]
    /// What the daemon wants in the kernel, and what it decided not to want; ordered by prefix.
    package var routes: [RouteReport]
    /// This site's lines of subnets.map, ordered by subnet.
    package var exports: [ExportReport]
    package var leases: [LeaseReport]
    package var nat: NATReport
    package var streams: StreamsReport
    package var relays: RelaysReport
    /// What cannot be told from the rest of the report. `StatusReport` adds certificates about to expire, sites that
    /// are down, routes that are refused or vanished, and all that the kernel shows; equal entries are merged.
    package var problems: [Problem]
    /// Dropped packets by reason, since start.
    package var drops: [DropCount]
    /// Handshakes that this gateway or a peer refused, by reason, since start.
    package var refusedHandshakes: [RefusalCount]
    package var host: HostSettings

    package init(
        state: GatewayState, grid: String, site: String, node: NodeAddress, version: String, uptimeSeconds: UInt64,
        certificate: CertificateReport?, overlay: OverlayReport, sites: [SiteReport] = [], routes: [RouteReport] = [],
        exports: [ExportReport] = [], leases: [LeaseReport] = [], nat: NATReport = NATReport(),
        streams: StreamsReport = StreamsReport(), relays: RelaysReport = RelaysReport(),
        problems: [Problem] = [], drops: [DropCount] = [], refusedHandshakes: [RefusalCount] = [], host: HostSettings
    ) {
        self.state = state
        self.grid = grid
        self.site = site
        self.node = node
        self.version = version
        self.uptimeSeconds = uptimeSeconds
        self.certificate = certificate
        self.overlay = overlay
        self.sites = sites
        self.routes = routes
        self.exports = exports
        self.leases = leases
        self.nat = nat
        self.streams = streams
        self.relays = relays
        self.problems = problems
        self.drops = drops
        self.refusedHandshakes = refusedHandshakes
        self.host = host
    }
}

/// What a gateway is, in one word.
package enum GatewayState: String, Sendable, CaseIterable {
    /// In the grid, and nothing is wrong.
    case up
    /// Not in the grid yet: no member has been reached since start.
    case joining
    /// In the grid, and something is wrong.
    case degraded
    /// The daemon is not running.
    case stopped
}

/// What the gateway is to do to this host.
package struct HostSettings: Equatable, Sendable {
    /// The overlay's device, `ipop0`.
    package var device: String
    /// The MTU that the daemon wants the device to have; `nil` when it has not decided.
    package var deviceMTU: Int?
    package var lanInterface: String
    package var lanMode: LANMode
    /// The bridge that the device is a port of; `nil` where there is none.
    package var bridge: String?
    /// The virtual subnet that the LAN is bridged into; `nil` where it is not.
    package var bridgedSubnet: IPPrefix?
    /// The routing table's number; 254 is `main`.
    package var table: UInt32
    package var metric: UInt32

    package init(
        device: String, deviceMTU: Int? = nil, lanInterface: String, lanMode: LANMode, bridge: String? = nil,
        bridgedSubnet: IPPrefix? = nil, table: UInt32 = 254, metric: UInt32
    ) {
        self.device = device
        self.deviceMTU = deviceMTU
        self.lanInterface = lanInterface
        self.lanMode = lanMode
        self.bridge = bridge
        self.bridgedSubnet = bridgedSubnet
        self.table = table
        self.metric = metric
    }
}

extension HostSettings {
    /// The interface that has the LAN's addresses: its bridge, where there is one.
    package var lanLink: String { bridge ?? lanInterface }

    /// The interface by which the kernel sends into the overlay: the bridge of a bridged LAN, or the device.
    package var overlayLink: String { bridge ?? device }
}

/// How the LAN is joined to the overlay.
package enum LANMode: String, Sendable, CaseIterable {
    case routed
    case bridged
}

/// Packets dropped for one reason, since start.
package struct DropCount: Equatable, Sendable {
    /// A kebab-case word, as in the metrics.
    package var reason: String
    package var packets: UInt64

    package init(reason: String, packets: UInt64) {
        self.reason = reason
        self.packets = packets
    }
}

/// Handshakes refused for one reason, since start.
package struct RefusalCount: Equatable, Sendable {
    package var reason: PathReason
    package var count: UInt64

    package init(reason: PathReason, count: UInt64) {
        self.reason = reason
        self.count = count
    }
}

extension GatewayReport {
    /// The report as the payload of a reply to `status`. Every key is there, `null` when unknown.
    package var json: JSONValue {
        [
            "state": .string(state.rawValue), "grid": .string(grid), "site": .string(site), "node": .text(node),
            "version": .string(version), "uptimeSeconds": JSONValue(uptimeSeconds),
            "certificate": .optional(certificate, \.json), "overlay": overlay.json,
            "sites": .list(sites, \.json), "routes": .list(routes, \.json), "exports": .list(exports, \.json),
            "leases": .list(leases, \.json), "nat": nat.json, "streams": streams.json, "relays": relays.json,
            "problems": .list(problems, \.json),
            "drops": .list(drops, \.json), "refusedHandshakes": .list(refusedHandshakes, \.json), "host": host.json,
        ]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "report")
        self.init(
            state: try shape.code("state"), grid: try shape.text("grid"), site: try shape.text("site"),
            node: try shape.parsed("node"), version: try shape.text("version"),
            uptimeSeconds: try shape.integer("uptimeSeconds"),
            certificate: try shape.optionalCertificate("certificate"),
            overlay: try OverlayReport(json: shape.value("overlay")),
            sites: try shape.list("sites", SiteReport.init(json:)),
            routes: try shape.list("routes", RouteReport.init(json:)),
            exports: try shape.list("exports", ExportReport.init(json:)),
            leases: try shape.list("leases", LeaseReport.init(json:)), nat: try NATReport(json: shape.value("nat")),
            streams: try StreamsReport(json: shape.value("streams")),
            relays: try RelaysReport(json: shape.value("relays")),
            problems: try shape.list("problems", Problem.init(json:)),
            drops: try shape.list("drops", DropCount.init(json:)),
            refusedHandshakes: try shape.list("refusedHandshakes", RefusalCount.init(json:)),
            host: try HostSettings(json: shape.value("host")))
    }
}

extension JSONShape {
    fileprivate func optionalCertificate(_ key: String) throws(JSONShapeError) -> CertificateReport? {
        guard let value = optionalValue(key) else { return nil }
        return try CertificateReport(json: value)
    }
}

extension HostSettings {
    var json: JSONValue {
        [
            "device": .string(device), "deviceMTU": .count(deviceMTU), "lanInterface": .string(lanInterface),
            "lanMode": .string(lanMode.rawValue), "bridge": .text(bridge),
            "bridgedSubnet": .text(bridgedSubnet), "table": JSONValue(table),
            "metric": JSONValue(metric),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "host")
        self.init(
            device: try shape.text("device"), deviceMTU: try shape.optionalInteger("deviceMTU"),
            lanInterface: try shape.text("lanInterface"), lanMode: try shape.code("lanMode"),
            bridge: try shape.optionalText("bridge"), bridgedSubnet: try shape.optionalParsed("bridgedSubnet"),
            table: try shape.integer("table"), metric: try shape.integer("metric"))
    }
}

extension DropCount {
    var json: JSONValue { ["reason": .string(reason), "packets": JSONValue(packets)] }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "drop")
        self.init(reason: try shape.text("reason"), packets: try shape.integer("packets"))
    }
}

extension RefusalCount {
    var json: JSONValue { ["reason": .string(reason.rawValue), "count": JSONValue(count)] }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "refusal")
        self.init(reason: try shape.code("reason"), count: try shape.integer("count"))
    }
}
