/// What `BridgePlanner.making` comes to, all at once, without a kernel that takes its steps.
package struct BridgeForecast: Equatable, Sendable {
    /// In the order in which they would be taken.
    package let steps: [HostNetworkStep]
    /// What is found then, as far as the overlay's device and routes depend on it: the bridge is there.
    package let found: HostNetworkState

    /// The steps that are left until the bridge of `record` is as it says.
    package init(making record: BridgeRecord, found: HostNetworkState) {
        guard found.link(named: record.bridge) == nil else {
            self.steps = BridgePlanner.making(record, found: found)
            self.found = found
            return
        }
        let index = (found.links.map(\.index).max() ?? 0) + 1
        let bridge = HostLink(
            index: index, name: record.bridge, isUp: false, mtu: record.mtu, mac: record.mac,
            kind: HostLink.bridgeKind)
        let after = HostNetworkState(
            links: found.links + [bridge], addresses: found.addresses, routes: found.routes,
            neighbours: found.neighbours, rules: found.rules)
        // The first makes the bridge; the others are those that an empty bridge asks for.
        self.steps = BridgePlanner.making(record, found: found) + BridgePlanner.making(record, found: after)
        self.found = after
    }
}
