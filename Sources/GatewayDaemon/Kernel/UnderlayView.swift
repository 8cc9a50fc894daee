import GatewayCore
import NetworkTypes
import RoutePlanning

/// What other gateways may know of this one's place in the underlay.
enum UnderlayView {
    /// The largest MTU that is believed of an interface: what fits a UDP datagram's length.
    private static let mtuLimit = 65_000

    /// The endpoints that are told to others: what a router has mapped, which works from everywhere, then the own
    /// addresses with `port`.
    static func facts(
        _ own: [OwnUnderlay.Candidate], port: UInt16, mapped: [Endpoint], uplinks: UplinkChoice
    ) -> UnderlayFacts {
        let local = own.map { Endpoint(address: $0.address, port: port) }
        let mtu = own.map(\.mtu).max() ?? 1_500
        return UnderlayFacts(
            endpoints: mapped + local.filter { !mapped.contains($0) }, mtu: min(mtu, mtuLimit), uplinks: uplinks)
    }
}
