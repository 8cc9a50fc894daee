package import NetworkTypes

/// The router that a host's IPv4 packets to the internet go to: whom to ask for a port mapping.
package struct DefaultRouter: Equatable, Sendable {
    package let address: IPAddress
    /// This host's address as the router sees it.
    package let client: IPAddress

    package init(address: IPAddress, client: IPAddress) {
        self.address = address
        self.client = client
    }

    /// The router of the best default route in the main table. `nil` when there is none, when its address is not
    /// private (then nothing translates), when it lies in `overlay`, or when no own address shares a subnet with it.
    package static func find(
        in found: HostNetworkState, device: String, overlay: [IPPrefix]
    ) -> DefaultRouter? {
        let everywhere = IPPrefix(containing: IPAddress(v4: 0), length: 0)
        let own = found.link(named: device)?.index
        // Best metric first.
        let route = found.routes(to: everywhere, in: .main).first { $0.kind == .unicast && $0.linkIndex != own }
        guard let route, let router = route.gateway, router.family == .v4, router.isPrivate,
            !overlay.contains(where: { $0.contains(router) })
        else { return nil }
        let client = found.addresses.first {
            $0.linkIndex == route.linkIndex && $0.isUsable && $0.connectedPrefix.contains(router)
        }
        guard let client = route.preferredSource ?? client?.address else { return nil }
        return DefaultRouter(address: router, client: client)
    }
}
