package import NetworkTypes

/// What becomes of one export of this site.
package struct PlannedExport: Equatable, Sendable {
    package var subnet: IPPrefix
    package var change: PlannedExportChange
    /// What the grid will call it; `nil` when it is removed, and when a prefix has yet to be leased for it.
    package var virtual: IPPrefix?
    /// What the grid calls it now; `nil` when it is new, and while its prefix is being leased.
    package var former: IPPrefix?
    /// Who has the virtual prefix in the grid; `nil` when there is none to have.
    package var owner: PlannedOwner?
    /// The site that has it.
    package var holder: String?
    /// Why it would not be announced, or what is odd about it.
    package var issue: RouteIssue?
    /// A line for subnets.map that ends the clash.
    package var suggestion: String?

    package init(
        subnet: IPPrefix, change: PlannedExportChange, virtual: IPPrefix?, former: IPPrefix? = nil,
        owner: PlannedOwner? = nil, holder: String? = nil, issue: RouteIssue? = nil, suggestion: String? = nil
    ) {
        self.subnet = subnet
        self.change = change
        self.virtual = virtual
        self.former = former
        self.owner = owner
        self.holder = holder
        self.issue = issue
        self.suggestion = suggestion
    }

    /// The issue with the line that ends it.
    var problem: Problem? {
        guard var issue else { return nil }
        if let suggestion { issue.fix = "Write into subnets.map: \(suggestion)" }
        return .exportRefused(subnet, issue: issue)
    }

    var json: JSONValue {
        [
            "subnet": .text(subnet), "change": .string(change.rawValue), "virtual": .text(virtual),
            "former": .text(former), "owner": .text(owner?.rawValue), "holder": .text(holder),
            "issue": .optional(issue, \.json), "suggestion": .text(suggestion),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "export")
        self.init(
            subnet: try shape.parsed("subnet"), change: try shape.code("change"),
            virtual: try shape.optionalParsed("virtual"), former: try shape.optionalParsed("former"),
            owner: try shape.optionalCode("owner"), holder: try shape.optionalText("holder"),
            suggestion: try shape.optionalText("suggestion"))
        if let value = shape.optionalValue("issue") { issue = try RouteIssue(json: value) }
    }
}

/// What a reload does to an export.
package enum PlannedExportChange: String, Sendable, CaseIterable {
    case added
    case removed
    /// It gets another virtual prefix.
    case mapped
    case kept
}

/// Who has a prefix in the grid.
package enum PlannedOwner: String, Sendable, CaseIterable {
    /// This site holds its lease.
    case ours
    case otherSite = "other-site"
    case free
    /// Too few members have answered in time, or there is no daemon to ask them.
    case unknown
}
