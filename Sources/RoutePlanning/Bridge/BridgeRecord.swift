package import NetworkTypes

/// The bridge that was made for the LAN, and what its port had before: the intent journal.
///
/// Written before the first step and again after the last one, so that whatever happens in between is finished or
/// undone by the next start; it stays as long as the bridge, for `BridgePlanner.undoing`.
package struct BridgeRecord: Equatable, Sendable {
    /// How far the making has come.
    package enum Phase: String, Sendable {
        /// Some steps may have been taken.
        case making
        /// All have been.
        case made
    }

    package var phase: Phase
    /// The name of the bridge.
    package var bridge: String
    /// The name of the LAN's interface, its only port beside the overlay device.
    package var port: String
    /// The interface's Ethernet address, which the bridge has too.
    package var mac: MACAddress
    /// The interface's MTU in bytes.
    package var mtu: Int
    /// What the interface had and the bridge has. Their links are the interface as it was then.
    package var addresses: [HostAddress]
    package var routes: [HostRoute]

    package init(
        phase: Phase, bridge: String, port: String, mac: MACAddress, mtu: Int, addresses: [HostAddress],
        routes: [HostRoute]
    ) {
        self.phase = phase
        self.bridge = bridge
        self.port = port
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
        self.routes = routes
    }
}
