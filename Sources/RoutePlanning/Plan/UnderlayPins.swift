import NetworkTypes

/// Host routes that keep peers' outer addresses out of the overlay.
///
/// A peer's address that a remote prefix covers would be sent into the overlay, to be wrapped and sent there again. A
/// host route along the way that the address takes without us stands in front of the covering route.
struct UnderlayPins {
    let wanted: WantedHostNetwork
    let found: HostNetworkState
    let deviceIndex: Int32

    /// The pins that the admitted remote prefixes make necessary, by address.
    func pins(admitted: PrefixTable<Void>) -> [HostRoute] {
        var pins: [HostRoute] = []
        for address in wanted.underlay.sorted() where pins.last?.prefix.address != address {
            guard !address.isLinkLocal, !address.isLoopback, let covering = admitted.longestMatch(address)?.prefix,
                !found.addresses.contains(where: { $0.address == address && $0.linkIndex != deviceIndex }),
                let pin = pin(for: address, coveredBy: covering)
            else { continue }
            pins.append(pin)
        }
        return pins
    }

    private func pin(for address: IPAddress, coveredBy covering: IPPrefix) -> HostRoute? {
        let beside = servingRoute(address, in: wanted.table)
        if let beside, beside.prefix.length > covering.length { return nil }
        if let beside, beside.prefix.length == covering.length, beside.metric <= wanted.metric { return nil }
        let way = wanted.table == .main ? beside : servingRoute(address, in: .main) ?? beside
        let prefix = IPPrefix(host: address)
        guard let way, way.kind == .unicast else {
            // No way there now: unreachable until there is one, rather than into the overlay.
            return HostRoute(deadEnd: prefix, table: wanted.table, metric: wanted.metric)
        }
        return HostRoute(
            table: wanted.table, prefix: prefix, metric: wanted.metric, origin: .ipop, linkIndex: way.linkIndex,
            gateway: way.gateway, preferredSource: way.preferredSource, mtu: way.mtu, isOnLink: way.isOnLink)
    }

    /// The longest route to `address` that is not ours, best metric first.
    private func servingRoute(_ address: IPAddress, in table: RoutingTable) -> HostRoute? {
        for length in stride(from: address.family.bitCount, through: 0, by: -1) {
            let candidates = found.routes(to: IPPrefix(containing: address, length: length), in: table)
            if let route = candidates.first(where: { $0.origin != .ipop && $0.linkIndex != deviceIndex }) {
                return route
            }
        }
        return nil
    }
}
