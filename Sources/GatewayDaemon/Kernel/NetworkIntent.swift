import GatewayConfiguration
import GatewayCore
import NetworkTypes
import PacketForwarding

/// What the settings and the core ask of the kernel: now, or after a reload that is only being thought of.
struct NetworkIntent {
    var settings: GatewaySettings
    /// The bridge that the device is a port of; `nil` where the LAN is routed.
    var bridge: String?
    var deviceMTU: Int
    /// Own exports that are announced and ours.
    var exports: [ForwardedExport]
    var routes: [RemoteRoute]
    /// Bridged subnets whose hosts the kernel finds in the overlay, each with a site that is in it.
    var bridged: [(subnet: IPPrefix, site: String)]
}
