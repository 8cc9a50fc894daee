package import ControlProtocol
package import NetworkTypes

/// The steps at the gateway of a site that has the destination in the subnet that its LAN is bridged into: the kernel
/// forwards nothing of it.
package struct FarHosts {
    private let grid: FarSide.Grid
    private let host: MACAddress?
    private let packet: ExplainedPacket

    /// `host` is where the destination is on the LAN; `nil` when it is not registered there.
    package init(grid: FarSide.Grid, host: MACAddress?, packet: ExplainedPacket) {
        self.grid = grid
        self.host = host
        self.packet = packet
    }

    /// The steps in the order in which the packet takes them.
    package var steps: [ExplainStep] {
        let destination =
            if let host {
                ExplainStep(
                    grid.site, .export, true, "\(packet.destination) is a host of site \(grid.site), at \(host)")
            } else {
                ExplainStep(
                    grid.site, .export, fails: .hostNotRegistered,
                    "no host of site \(grid.site) is registered with \(packet.destination)")
            }
        return [destination, FarSide.sourceCheck(grid, packet)]
    }
}
