// What the kernel holds after steps that it has taken, without reading it all again.
extension HostNetworkState {
    /// The state after `steps`, in any order; `nil` when one of them changes more than routes of ours, which only the
    /// kernel can tell. As long as there are routes.
    package func after(routeSteps steps: [HostNetworkStep]) -> HostNetworkState? {
        var replaced: Set<RouteKey> = []
        var added: [HostRoute] = []
        for step in steps {
            switch step {
            case .addRoute(let route, _, _), .replaceRoute(let route, _, _):
                replaced.insert(route.key)
                added.append(route)
            case .removeRoute(let route, _, _):
                replaced.insert(route.key)
            case .makeDevice, .setMTU, .setUp, .addAddress, .removeAddress, .setNeighbour, .removeNeighbour,
                .makeBridge, .removeBridge, .setMaster:
                return nil
            }
        }
        let kept = routes.filter { $0.origin != .ipop || !replaced.contains($0.key) }
        return HostNetworkState(
            links: links, addresses: addresses, routes: kept + added.sorted(), neighbours: neighbours, rules: rules)
    }
}
