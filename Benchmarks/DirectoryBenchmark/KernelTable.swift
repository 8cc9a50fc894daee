import GatewayCore
import NetworkTypes
import RoutePlanning

/// A kernel's routing table as the planner sees it, and what a gateway wants there.
struct KernelTable {
    private var found: HostNetworkState
    private let wanted: WantedHostNetwork

    /// A host with the overlay's device as it should be, and none of the routes.
    init(routes: [RemoteRoute]) {
        let device = HostLink(index: 4, name: "ipop0", isUp: true, mtu: 1_500)
        let addresses = WantedHostNetwork.deviceAddresses.map { address, length in
            HostAddress(linkIndex: 4, address: address, prefixLength: length, scope: .link)
        }
        let neighbours = [AddressFamily.v4, .v6].map { family in
            HostNeighbour(
                linkIndex: 4, address: WantedHostNetwork.nextHop(family), mac: .virtualNextHop, isPermanent: true)
        }
        found = HostNetworkState(links: [device], addresses: addresses, neighbours: neighbours)
        wanted = WantedHostNetwork(
            device: "ipop0", mtu: 1_500, routes: routes.map { WantedRoute(prefix: $0.prefix, site: $0.site) })
    }

    /// What a gateway would do.
    func plan() -> HostNetworkPlan { HostNetworkPlanner.plan(wanted: wanted, found: found) }

    /// The table once it has been done.
    func after(_ plan: HostNetworkPlan) -> KernelTable {
        guard let state = found.after(routeSteps: plan.steps) else {
            preconditionFailure("only routes are missing: \(plan.steps.prefix(3))")
        }
        var table = self
        table.found = state
        return table
    }
}
