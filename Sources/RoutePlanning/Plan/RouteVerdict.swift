import NetworkTypes

/// How a wanted route stands in the kernel, and why.
package struct RouteVerdict: Equatable, Sendable {
    package let wanted: WantedRoute
    package let state: RouteState
    /// `nil` when the route is installed as wanted.
    package let reason: RouteReason?

    package init(wanted: WantedRoute, state: RouteState, reason: RouteReason? = nil) {
        self.wanted = wanted
        self.state = state
        self.reason = reason
    }
}

/// A route's standing; the raw values are the `kernel` values of the status document.
package enum RouteState: String, Sendable, CaseIterable {
    /// Ours stands and carries the traffic.
    case installed
    /// It should stand and does not yet, or no longer.
    case missing
    /// Ours stands or could stand, but another route to the prefix wins.
    case shadowed
    /// Another program's route holds the place.
    case foreign
    /// It is never installed.
    case refused
}

/// Why a route is not simply installed.
package enum RouteReason: Equatable, Sendable {
    case equalsConnectedPrefix(interface: String)
    case insideConnectedPrefix(ConnectedPrefix)
    case reservedRange
    case isUnderlayAddress
    case claimedByAnotherSite(String)
    case mtuBelowV6Minimum(mtu: Int)
    case deviceMissing(String)
    case notInstalledYet
    case nextHopChanged
    case removedByAnotherProgram(String?)
    case kernelRefused(String)
    case heldByAnotherProgram(RouteProtocol, interface: String?)
    case betterMetric(RouteProtocol, metric: UInt32, interface: String?)

    /// The machine-readable word, kebab-case, stable.
    package var code: String {
        switch self {
        case .equalsConnectedPrefix: "equals-connected-prefix"
        case .insideConnectedPrefix: "inside-connected-prefix"
        case .reservedRange: "reserved-range"
        case .isUnderlayAddress: "is-underlay-address"
        case .claimedByAnotherSite: "claimed-by-another-site"
        case .mtuBelowV6Minimum: "mtu-below-ipv6-minimum"
        case .deviceMissing: "device-missing"
        case .notInstalledYet: "not-installed-yet"
        case .nextHopChanged: "next-hop-changed"
        case .removedByAnotherProgram: "removed-by-another-program"
        case .kernelRefused: "kernel-refused"
        case .heldByAnotherProgram: "held-by-another-program"
        case .betterMetric: "better-metric"
        }
    }

    /// What is the matter, in a sentence without its end.
    package var text: String {
        switch self {
        case .equalsConnectedPrefix(let interface): "this machine's own network on \(interface) is the same prefix"
        case .insideConnectedPrefix(let connected):
            "it lies inside \(connected.prefix), this machine's own network on \(connected.interface)"
        case .reservedRange: "loopback, link-local and multicast ranges are never routed between sites"
        case .isUnderlayAddress: "it is the outer address of a peer, which must stay outside the overlay"
        case .claimedByAnotherSite(let site): "site \(site) exports the same prefix and keeps it"
        case .mtuBelowV6Minimum(let mtu):
            "IPv6 needs an MTU of \(WantedHostNetwork.smallestV6MTU), the device has \(mtu)"
        case .deviceMissing(let name): "the device \(name) is not there"
        case .notInstalledYet: "the route is not in the kernel yet"
        case .nextHopChanged: "another program changed the route's next hop"
        case .removedByAnotherProgram(let program): "removed by \(program ?? "another program")"
        case .kernelRefused(let error): "the kernel refused it: \(error)"
        case .heldByAnotherProgram(let origin, let interface):
            "a route of protocol \(origin)\(Self.through(interface)) holds the same prefix and metric"
        case .betterMetric(let origin, let metric, let interface):
            "a route of protocol \(origin)\(Self.through(interface)) to the same prefix has the better metric \(metric)"
        }
    }

    /// What to do about it.
    package var fix: String {
        switch self {
        case .equalsConnectedPrefix, .insideConnectedPrefix:
            "renumber one of the two networks, or export the remote one under a virtual prefix; "
                + "a `deny` line in subnets.map silences this"
        case .reservedRange: "ask the site to stop exporting it, or put a `deny` line for the site into subnets.map"
        case .isUnderlayAddress: "ask the site to export a prefix that is not a peer's public address"
        case .claimedByAnotherSite: "let one of the two sites export it under another virtual prefix"
        case .mtuBelowV6Minimum: "set `mtu` in ipop.yaml to at least \(WantedHostNetwork.smallestV6MTU), or to auto"
        case .deviceMissing: "nothing while ipopd runs: it makes the device again; otherwise systemctl start ipopd"
        case .notInstalledYet: "nothing while ipopd runs: it installs the route; otherwise systemctl start ipopd"
        case .nextHopChanged, .removedByAnotherProgram:
            "ipopd restores it; stop the other program from managing these routes: ipop(8), \"Routes that vanish\""
        case .kernelRefused: "see the log of ipopd for the command that failed: journalctl -u ipopd"
        case .heldByAnotherProgram: "remove that route, or set another `routes: {metric: ..}` in ipop.yaml"
        case .betterMetric(_, let metric, _):
            metric > 0
                ? "remove that route, or set `routes: {metric: ..}` in ipop.yaml below \(metric)"
                : "remove that route: no metric of ours is better than 0"
        }
    }

    private static func through(_ interface: String?) -> String {
        interface.map { " through \($0)" } ?? ""
    }
}
