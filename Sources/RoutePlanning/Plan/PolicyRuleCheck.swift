import NetworkTypes

/// Policy rules that ask another table before ours.
///
/// A rule may select by mark, source or interface, which is not looked at: a warning says "may".
struct PolicyRuleCheck {
    let wanted: WantedHostNetwork
    let found: HostNetworkState

    func warnings(admitted: PrefixTable<Void>) -> [HostNetworkWarning] {
        [AddressFamily.v4, .v6].flatMap { family -> [HostNetworkWarning] in
            let rules = found.rules.filter { $0.family == family }
            guard !rules.isEmpty, admitted.all.contains(where: { $0.prefix.family == family }) else { return [] }
            guard let ours = rules.first(where: { $0.table == wanted.table }) else {
                return [.tableNeverAsked(wanted.table, family)]
            }
            return rules.filter { $0.priority < ours.priority && isAnother($0.table) }
                .compactMap { warning(rule: $0, admitted: admitted) }
        }
    }

    /// Table 0 is a rule without a table of its own: a jump, or one table per virtual routing domain.
    private func isAnother(_ table: RoutingTable) -> Bool {
        table != wanted.table && table != .local && table.rawValue != 0
    }

    private func warning(rule: PolicyRule, admitted: PrefixTable<Void>) -> HostNetworkWarning? {
        for route in found.routes
        where route.table == rule.table && route.family == rule.family && route.kind != .throw && route.origin != .ipop
        {
            if let ours = overlapped(by: route.prefix, admitted) {
                return .ruleAskedFirst(rule, route: route.prefix, ours: ours)
            }
        }
        return nil
    }

    private func overlapped(by prefix: IPPrefix, _ admitted: PrefixTable<Void>) -> IPPrefix? {
        if let covering = admitted.longestMatch(prefix.address)?.prefix { return covering }
        let ours = admitted.all
        var low = 0
        var high = ours.count
        while low < high {
            let middle = (low + high) / 2
            if ours[middle].prefix < prefix { low = middle + 1 } else { high = middle }
        }
        return low < ours.count && prefix.covers(ours[low].prefix) ? ours[low].prefix : nil
    }
}
