package import NetworkTypes

/// What the kernel says, read by the asker itself, so that it is true even when the daemon is dead.
package struct KernelFacts: Equatable, Sendable {
    /// The name of the overlay's device, which may be missing.
    package var deviceName: String
    /// The overlay's device; `nil` when it does not exist.
    package var device: DeviceFacts?
    /// The verdict on each route that the daemon wants, and each route of ours that nobody claims.
    package var routes: [RouteFact]
    /// Whether the kernel forwards IPv4 and IPv6; `nil` when it cannot be told.
    package var forwardingV4: Bool?
    package var forwardingV6: Bool?
    /// Interfaces of ours whose rp_filter is strict.
    package var strictReversePath: [String]
    /// Whether the LAN interface exists; `nil` when its name is not known.
    package var lanInterfaceExists: Bool?
    /// The firewall drops what is forwarded, or rewrites its source; `nil` when it does not, or cannot be read.
    package var forwardingDrops: FirewallFinding?
    package var sourceNAT: FirewallFinding?

    package init(
        deviceName: String = "ipop0", device: DeviceFacts? = nil, routes: [RouteFact] = [], forwardingV4: Bool? = nil,
        forwardingV6: Bool? = nil,
        strictReversePath: [String] = [], lanInterfaceExists: Bool? = nil, forwardingDrops: FirewallFinding? = nil,
        sourceNAT: FirewallFinding? = nil
    ) {
        self.deviceName = deviceName
        self.device = device
        self.routes = routes
        self.forwardingV4 = forwardingV4
        self.forwardingV6 = forwardingV6
        self.strictReversePath = strictReversePath
        self.lanInterfaceExists = lanInterfaceExists
        self.forwardingDrops = forwardingDrops
        self.sourceNAT = sourceNAT
    }
}

/// A rule or policy of the firewall that stands in the way.
package struct FirewallFinding: Equatable, Sendable {
    /// One clause without a full stop.
    package var text: String
    /// One sentence.
    package var fix: String

    package init(text: String, fix: String) {
        self.text = text
        self.fix = fix
    }
}

/// The overlay's device in the kernel.
package struct DeviceFacts: Equatable, Sendable {
    package var name: String
    /// Whether it is administratively up.
    package var isUp: Bool
    package var mtu: Int
    /// `nil` when the counters cannot be read.
    package var counters: DeviceCounters?

    package init(name: String, isUp: Bool, mtu: Int, counters: DeviceCounters?) {
        self.name = name
        self.isUp = isUp
        self.mtu = mtu
        self.counters = counters
    }
}

/// A device's counters since it was made. What comes out of the overlay is received, what goes into it is transmitted.
package struct DeviceCounters: Equatable, Sendable {
    package var rxBytes: UInt64
    package var txBytes: UInt64
    package var rxPackets: UInt64
    package var txPackets: UInt64
    package var rxDropped: UInt64
    package var txDropped: UInt64

    package init(
        rxBytes: UInt64, txBytes: UInt64, rxPackets: UInt64, txPackets: UInt64, rxDropped: UInt64, txDropped: UInt64
    ) {
        self.rxBytes = rxBytes
        self.txBytes = txBytes
        self.rxPackets = rxPackets
        self.txPackets = txPackets
        self.rxDropped = rxDropped
        self.txDropped = txDropped
    }
}

/// One prefix in the kernel's routing table.
package struct RouteFact: Equatable, Sendable {
    package var prefix: IPPrefix
    package var kernel: KernelRouteState
    /// Where the kernel's route to the prefix leads; `nil` when there is none.
    package var device: String?
    package var metric: UInt32?
    /// Why it is not installed.
    package var issue: RouteIssue?
    /// The kernel's route answers "unreachable".
    package var isDeadEnd: Bool

    package init(
        prefix: IPPrefix, kernel: KernelRouteState, device: String?, metric: UInt32?, issue: RouteIssue? = nil,
        isDeadEnd: Bool = false
    ) {
        self.prefix = prefix
        self.kernel = kernel
        self.device = device
        self.metric = metric
        self.issue = issue
        self.isDeadEnd = isDeadEnd
    }
}

/// How a route stands in the kernel.
package enum KernelRouteState: String, Sendable, CaseIterable {
    /// Ours stands and carries the traffic.
    case installed
    /// It should stand and does not.
    case missing
    /// Ours stands, and another route to the same prefix wins.
    case shadowed
    /// Another program's route holds the place.
    case foreign
    /// It is never installed.
    case refused
}
