import GatewayCore
import NetworkTypes
import RoutePlanning

/// Reads off the host's state what other gateways may know of this one's place in the underlay.
enum UnderlayView {
    /// The largest MTU that is believed of an interface: what fits a UDP datagram's length.
    private static let mtuLimit = 65_000

    /// Own addresses that others may reach, with `port`. Left out: the overlay device, loopback, link-local, what lies
    /// inside an own export (it would lead into the overlay), and what the configuration does not listen on.
    static func facts(
        found: HostNetworkState, device: String, port: UInt16, listening: [IPAddress], exports: [IPPrefix]
    ) -> UnderlayFacts {
        let own = found.link(named: device)?.index
        let usable = found.addresses.filter { address in
            let link = found.link(at: address.linkIndex)
            return address.linkIndex != own && link?.isUp == true && link?.isLoopback == false && address.isUsable
                && !address.flags.contains(.temporary) && !address.address.isLinkLocal
                && !address.address.isLoopback && !exports.contains { $0.contains(address.address) }
                && (listening.isEmpty || listening.contains(address.address))
        }
        let mtu = usable.compactMap { found.link(at: $0.linkIndex)?.mtu }.max() ?? 1_500
        // v4 first: it is what most sites reach each other by, and the list is cut at a limit.
        let endpoints = usable.sorted { $0.address < $1.address }.map { Endpoint(address: $0.address, port: port) }
        return UnderlayFacts(endpoints: endpoints, mtu: min(mtu, mtuLimit))
    }
}
