package import NetworkTypes

/// A route that comes into the kernel's table, goes, or is put in the place of another.
package struct PlannedRoute: Equatable, Sendable {
    package var change: PlannedRouteChange
    package var prefix: IPPrefix
    /// The site that it leads to; `nil` for one that keeps a peer's address out of the overlay.
    package var site: String?
    /// `nil` for a route that leads nowhere.
    package var device: String?
    package var metric: UInt32
    /// The table's number; 254 is `main`.
    package var table: UInt32
    /// A virtual prefix of this site: what is sent there from here is answered with "unreachable".
    package var isDeadEnd: Bool

    package init(
        change: PlannedRouteChange, prefix: IPPrefix, site: String?, device: String?, metric: UInt32, table: UInt32,
        isDeadEnd: Bool = false
    ) {
        self.change = change
        self.prefix = prefix
        self.site = site
        self.device = device
        self.metric = metric
        self.table = table
        self.isDeadEnd = isDeadEnd
    }

    var json: JSONValue {
        [
            "change": .string(change.rawValue), "prefix": .text(prefix), "site": .text(site), "device": .text(device),
            "metric": JSONValue(metric), "table": JSONValue(table),
            "deadEnd": JSONValue(isDeadEnd),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "route")
        self.init(
            change: try shape.code("change"), prefix: try shape.parsed("prefix"),
            site: try shape.optionalText("site"), device: try shape.optionalText("device"),
            metric: try shape.integer("metric"), table: try shape.integer("table"),
            isDeadEnd: try shape.truth("deadEnd"))
    }
}

/// What a reload does to a route.
package enum PlannedRouteChange: String, Sendable, CaseIterable {
    case added
    case removed
    /// The same prefix and metric, by another way or with other attributes.
    case replaced

    /// The sign of its line.
    var sign: String {
        switch self {
        case .added: "+"
        case .removed: "-"
        case .replaced: "~"
        }
    }
}
