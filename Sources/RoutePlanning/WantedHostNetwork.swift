package import NetworkTypes

/// What the kernel should hold for this gateway: the device, its virtual next hops and one route per remote prefix.
package struct WantedHostNetwork: Equatable, Sendable {
    /// The overlay device, which the daemon has made.
    package var device: String
    /// The device's MTU in bytes.
    package var mtu: Int
    package var table: RoutingTable
    package var metric: UInt32
    package var routes: [WantedRoute]
    /// Outer addresses of peers: datagrams to them must never enter the overlay.
    package var underlay: [IPAddress]
    /// The bridge that the device is a port of; `nil` where the LAN is routed. Routes then lead through the bridge.
    package var bridge: String?

    package init(
        device: String, bridge: String? = nil, mtu: Int, table: RoutingTable = .main, metric: UInt32 = 50,
        routes: [WantedRoute] = [], underlay: [IPAddress] = []
    ) {
        self.device = device
        self.bridge = bridge
        self.mtu = mtu
        self.table = table
        self.metric = metric
        self.routes = routes
        self.underlay = underlay
    }

    /// The device's own addresses with their prefix lengths: link-local, so that they lead nowhere else.
    package static let deviceAddresses: [(address: IPAddress, prefixLength: Int)] = [
        (IPAddress(169, 254, 77, 2), 30), (IPAddress(v6High: 0xfe80 << 48, low: 2), 64),
    ]

    /// The virtual next hop of all v4 routes.
    package static let nextHopV4 = IPAddress(169, 254, 77, 1)

    /// The virtual next hop of all v6 routes.
    package static let nextHopV6 = IPAddress(v6High: 0xfe80 << 48, low: 1)

    /// The same on a bridge, where fe80::1 may well be a router of the LAN.
    package static let bridgeNextHopV6 = IPAddress(v6High: 0xfe80 << 48, low: 0x69_706f_7001)

    /// The virtual next hop of a family's routes.
    package static func nextHop(_ family: AddressFamily, onBridge: Bool = false) -> IPAddress {
        family == .v4 ? nextHopV4 : onBridge ? bridgeNextHopV6 : nextHopV6
    }

    /// Whether routes by `gateway` lead into the overlay.
    package static func isNextHop(_ gateway: IPAddress?) -> Bool {
        gateway == nextHopV4 || gateway == nextHopV6 || gateway == bridgeNextHopV6
    }

    /// The smallest MTU that a device needs before the kernel runs v6 on it (RFC 8200 §5).
    package static let smallestV6MTU = 1280
}

/// A remote prefix that should be reached through the overlay, or a virtual prefix of this site, which has no hosts
/// here.
package struct WantedRoute: Hashable, Comparable, Sendable {
    package var prefix: IPPrefix
    /// The site that exports it.
    package var site: String
    /// The source address of what this gateway itself sends there; ignored while the host does not have it.
    package var preferredSource: IPAddress?
    /// What TCP on this gateway announces, in bytes.
    package var advertisedMSS: UInt32?
    /// Path MTU in bytes; `nil` means the device's.
    package var mtu: UInt32?
    /// What is sent there is answered with "unreachable" and goes nowhere, least of all by the default route.
    package var isDeadEnd: Bool

    package init(
        prefix: IPPrefix, site: String, preferredSource: IPAddress? = nil, advertisedMSS: UInt32? = nil,
        mtu: UInt32? = nil, isDeadEnd: Bool = false
    ) {
        self.prefix = prefix
        self.site = site
        self.preferredSource = preferredSource
        self.advertisedMSS = advertisedMSS
        self.mtu = mtu
        self.isDeadEnd = isDeadEnd
    }

    /// Ordered by prefix, then site.
    package static func < (lhs: WantedRoute, rhs: WantedRoute) -> Bool {
        lhs.prefix != rhs.prefix ? lhs.prefix < rhs.prefix : lhs.site < rhs.site
    }
}
