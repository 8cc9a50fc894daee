/// What `ipop leases` shows: the leases that this gateway holds, wants or serves.
package struct LeasesReport: Equatable, Sendable {
    /// Ordered by key.
    package var leases: [LeaseReport]

    package init(leases: [LeaseReport]) {
        self.leases = leases
    }

    /// The payload of a reply, and the document of `ipop leases --json`.
    package var json: JSONValue {
        ["schema": JSONValue(StatusReport.schema), "leases": .list(leases, \.json)]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "leases")
        self.init(leases: try shape.list("leases", LeaseReport.init(json:)))
    }
}
