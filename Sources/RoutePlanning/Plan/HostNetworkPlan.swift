package import NetworkTypes

/// What to do so that the kernel holds what is wanted, and how each wanted route stands now.
package struct HostNetworkPlan: Equatable, Sendable {
    /// In the order in which to apply them. Empty when the kernel is as wanted.
    package var steps: [HostNetworkStep]
    /// One for each wanted route, in the order of prefix and site.
    package var verdicts: [RouteVerdict]
    /// Everything that is wanted and may stand, as the step that would make it from nothing.
    package var targets: [HostNetworkStep]
    /// Things that no step mends.
    package var warnings: [HostNetworkWarning]

    package init(
        steps: [HostNetworkStep] = [], verdicts: [RouteVerdict] = [], targets: [HostNetworkStep] = [],
        warnings: [HostNetworkWarning] = []
    ) {
        self.steps = steps
        self.verdicts = verdicts
        self.targets = targets
        self.warnings = warnings
    }
}

/// Something about the host's routing that may keep our routes from being used.
package enum HostNetworkWarning: Equatable, Sendable {
    /// A rule asks another table first, and that table has a route that overlaps one of ours.
    case ruleAskedFirst(PolicyRule, route: IPPrefix, ours: IPPrefix)
    /// No rule asks the table that our routes are in.
    case tableNeverAsked(RoutingTable, AddressFamily)

    /// The machine-readable word, kebab-case, stable.
    package var code: String {
        switch self {
        case .ruleAskedFirst: "policy-rule-first"
        case .tableNeverAsked: "table-never-asked"
        }
    }

    /// What is the matter, in a sentence without its end.
    package var text: String {
        switch self {
        case .ruleAskedFirst(let rule, let route, let ours):
            "rule \(rule.priority) asks table \(rule.table) first, where \(route) may take the traffic for \(ours)"
        case .tableNeverAsked(let table, let family):
            "no IP\(family) policy rule asks table \(table), where our routes are"
        }
    }

    /// What to do about it.
    package var fix: String {
        switch self {
        case .ruleAskedFirst(let rule, _, let ours):
            "ip \(rule.family == .v6 ? "-6 " : "")rule add to \(ours) lookup main priority \(max(1, rule.priority) - 1)"
        case .tableNeverAsked(let table, let family): "ip \(family == .v6 ? "-6 " : "")rule add lookup \(table)"
        }
    }
}
