package import NetworkTypes

/// One route of a kernel routing table.
///
/// Of a route with several next hops the first stands here; `nextHopCount` tells that there are more.
package struct HostRoute: Hashable, Sendable {
    package var table: RoutingTable
    package var prefix: IPPrefix
    /// The route's priority: lower wins among routes to one prefix. The kernel makes 1024 of 0 for v6.
    package var metric: UInt32
    /// Who made the route.
    package var origin: RouteProtocol
    package var kind: RouteKind
    /// The interface that packets leave through; `nil` for kinds without one (unreachable, ...).
    package var linkIndex: Int32?
    /// The next router; `nil` when the destination is on the link.
    package var gateway: IPAddress?
    /// The source address of packets that this host itself sends along the route.
    package var preferredSource: IPAddress?
    /// Path MTU in bytes; `nil` means the link's.
    package var mtu: UInt32?
    /// The maximum segment size that this host announces for TCP (RTAX_ADVMSS), in bytes.
    package var advertisedMSS: UInt32?
    /// The gateway counts as on the link although no connected prefix has it.
    package var isOnLink: Bool
    package var nextHopCount: Int

    package init(
        table: RoutingTable = .main, prefix: IPPrefix, metric: UInt32 = 0, origin: RouteProtocol,
        kind: RouteKind = .unicast,
        linkIndex: Int32?, gateway: IPAddress? = nil, preferredSource: IPAddress? = nil, mtu: UInt32? = nil,
        advertisedMSS: UInt32? = nil, isOnLink: Bool = false, nextHopCount: Int = 1
    ) {
        self.table = table
        self.prefix = prefix
        self.metric = metric
        self.origin = origin
        self.kind = kind
        self.linkIndex = linkIndex
        self.gateway = gateway
        self.preferredSource = preferredSource
        self.mtu = mtu
        self.advertisedMSS = advertisedMSS
        self.isOnLink = isOnLink
        self.nextHopCount = nextHopCount
    }

    /// The family of the prefix; the gateway may be of the other one (RFC 5549).
    package var family: AddressFamily { prefix.family }

    /// What the kernel tells routes apart by: table, prefix and metric.
    package var key: RouteKey { RouteKey(table: table, prefix: prefix, metric: metric) }
}

extension HostRoute: Comparable {
    /// Ordered by table, prefix, metric, maker; then by the rest, so that the same routes sort into the same list.
    package static func < (lhs: HostRoute, rhs: HostRoute) -> Bool {
        if lhs.table != rhs.table { return lhs.table < rhs.table }
        if lhs.prefix != rhs.prefix { return lhs.prefix < rhs.prefix }
        if lhs.metric != rhs.metric { return lhs.metric < rhs.metric }
        if lhs.origin != rhs.origin { return lhs.origin < rhs.origin }
        if lhs.kind != rhs.kind { return lhs.kind.rawValue < rhs.kind.rawValue }
        if lhs.linkIndex != rhs.linkIndex { return (lhs.linkIndex ?? 0) < (rhs.linkIndex ?? 0) }
        return switch (lhs.gateway, rhs.gateway) {
        case (.some(let left), .some(let right)): left < right
        case (.none, .some): true
        case (.some, .none), (.none, .none): false
        }
    }
}

/// A place in the routing tables that one route can hold.
package struct RouteKey: Hashable, Comparable, Sendable {
    package let table: RoutingTable
    package let prefix: IPPrefix
    package let metric: UInt32

    package init(table: RoutingTable, prefix: IPPrefix, metric: UInt32) {
        self.table = table
        self.prefix = prefix
        self.metric = metric
    }

    package static func < (lhs: RouteKey, rhs: RouteKey) -> Bool {
        if lhs.table != rhs.table { return lhs.table < rhs.table }
        if lhs.prefix != rhs.prefix { return lhs.prefix < rhs.prefix }
        return lhs.metric < rhs.metric
    }
}

/// The number of a kernel routing table.
package struct RoutingTable: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let `default` = RoutingTable(rawValue: 253)
    package static let main = RoutingTable(rawValue: 254)
    package static let local = RoutingTable(rawValue: 255)

    /// The name of the kernel's own tables, the number of all others.
    package var description: String {
        switch self {
        case .default: "default"
        case .main: "main"
        case .local: "local"
        default: String(rawValue)
        }
    }

    package static func < (lhs: RoutingTable, rhs: RoutingTable) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Who made a route: the kernel's protocol number, which /etc/iproute2/rt_protos names.
package struct RouteProtocol: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let kernel = RouteProtocol(rawValue: 2)
    package static let boot = RouteProtocol(rawValue: 3)
    package static let `static` = RouteProtocol(rawValue: 4)
    package static let routerAdvertisement = RouteProtocol(rawValue: 9)
    package static let dhcp = RouteProtocol(rawValue: 16)
    /// Every route and every pin of this program; rt_protos.d names it `ipop`.
    package static let ipop = RouteProtocol(rawValue: 77)

    /// The name that iproute2 prints for the well-known ones, the number of all others.
    package var description: String {
        switch self {
        case .kernel: "kernel"
        case .boot: "boot"
        case .static: "static"
        case .routerAdvertisement: "ra"
        case .dhcp: "dhcp"
        case .ipop: "ipop"
        case RouteProtocol(rawValue: 12): "bird"
        case RouteProtocol(rawValue: 186): "bgp"
        case RouteProtocol(rawValue: 188): "ospf"
        default: String(rawValue)
        }
    }

    package static func < (lhs: RouteProtocol, rhs: RouteProtocol) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// What the kernel does with a packet that matches a route (`RTN_*` of rtnetlink(7)).
package enum RouteKind: UInt8, Sendable {
    case unicast = 1
    case local = 2
    case broadcast = 3
    case anycast = 4
    case multicast = 5
    case blackhole = 6
    case unreachable = 7
    case prohibit = 8
    case `throw` = 9
    case translate = 10

    /// The word that iproute2 uses.
    package var name: String { self == .translate ? "nat" : String(describing: self) }
}
