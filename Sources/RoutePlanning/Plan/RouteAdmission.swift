import NetworkTypes

/// Which wanted routes may stand at all.
struct RouteAdmission {
    private let wanted: WantedHostNetwork
    private let underlay: [IPAddress]
    private var connected = PrefixTable<ConnectedPrefix>()
    /// Prefix lengths in use among the connected prefixes, longest first, v4 and v6 apart.
    private var lengths: [AddressFamily: [Int]] = [:]

    init(wanted: WantedHostNetwork, found: HostNetworkState) {
        self.wanted = wanted
        underlay = wanted.underlay.sorted()
        for block in found.connectedPrefixes(except: wanted.device) { connected[block.prefix] = block }
        for family in [AddressFamily.v4, .v6] {
            let used = connected.all.filter { $0.prefix.family == family }.map(\.prefix.length)
            lengths[family] = used.sorted(by: >).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
        }
    }

    /// For each route, in prefix order, why it is refused; `nil` when it may stand.
    func judge(_ routes: [WantedRoute]) -> [RouteReason?] {
        var previous: WantedRoute?
        return routes.map { route in
            defer { previous = previous?.prefix == route.prefix ? previous : route }
            if let previous, previous.prefix == route.prefix { return .claimedByAnotherSite(previous.site) }
            return refusal(of: route)
        }
    }

    private func refusal(of route: WantedRoute) -> RouteReason? {
        let prefix = route.prefix
        let first = prefix.address
        if first.isLoopback || first.isLinkLocal || first.isMulticast { return .reservedRange }
        if prefix.family == .v6, !route.isDeadEnd, wanted.mtu < WantedHostNetwork.smallestV6MTU {
            return .mtuBelowV6Minimum(mtu: wanted.mtu)
        }
        if let block = connectedPrefix(covering: prefix) {
            return block.prefix == prefix
                ? .equalsConnectedPrefix(interface: block.interface) : .insideConnectedPrefix(block)
        }
        if prefix.length == prefix.family.bitCount, isUnderlay(first) { return .isUnderlayAddress }
        return nil
    }

    private func connectedPrefix(covering prefix: IPPrefix) -> ConnectedPrefix? {
        for length in lengths[prefix.family] ?? [] where length <= prefix.length {
            if let block = connected[IPPrefix(containing: prefix.address, length: length)] { return block }
        }
        return nil
    }

    private func isUnderlay(_ address: IPAddress) -> Bool {
        var low = 0
        var high = underlay.count
        while low < high {
            let middle = (low + high) / 2
            if underlay[middle] < address { low = middle + 1 } else { high = middle }
        }
        return low < underlay.count && underlay[low] == address
    }
}
