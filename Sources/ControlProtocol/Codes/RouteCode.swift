/// Why a route or an export is not as its owner wants it: `reason` of routes and exports in `ipop status --json`. A
/// closed list; codes are only ever added.
package enum RouteCode: String, Sendable, CaseIterable {
    // What another site announces.
    case ownedByAnotherSite = "owned-by-another-site"
    case ownedByThisSite = "owned-by-this-site"
    case refusedByPolicy = "refused-by-policy"
    case notCoveredByCertificate = "not-covered-by-certificate"
    case outsidePool = "outside-pool"
    case notLeased = "not-leased"

    // What this host forbids.
    case equalsConnectedPrefix = "equals-connected-prefix"
    case insideConnectedPrefix = "inside-connected-prefix"
    case reservedRange = "reserved-range"
    case isUnderlayAddress = "is-underlay-address"
    case claimedByAnotherSite = "claimed-by-another-site"
    case mtuBelowIPv6Minimum = "mtu-below-ipv6-minimum"

    // What happened in the kernel.
    case deviceMissing = "device-missing"
    case notInstalledYet = "not-installed-yet"
    case nextHopChanged = "next-hop-changed"
    case removedByAnotherProgram = "removed-by-another-program"
    case kernelRefused = "kernel-refused"
    case heldByAnotherProgram = "held-by-another-program"
    case betterMetric = "better-metric"
    case unclaimed

    // Exports.
    case interfaceMissing = "interface-missing"
    case interfaceIsOverlay = "interface-is-overlay"
    case coversOtherInterface = "covers-other-interface"
    case interfaceDown = "interface-down"
    case notReachableThroughLAN = "not-reachable-through-lan"
    case leasePending = "lease-pending"
    case poolExhausted = "pool-exhausted"

    /// Phrase, cause and fix.
    package var explanation: CodeExplanation {
        announcementExplanation ?? hostExplanation ?? kernelExplanation ?? exportExplanation
            ?? CodeExplanation("unexplained", cause: "", fix: "")
    }

    private var announcementExplanation: CodeExplanation? {
        switch self {
        case .ownedByAnotherSite:
            CodeExplanation(
                "another site owns it", cause: "Two sites announce the prefix, and the other one owns it.",
                fix: "Let one of the two sites map it: `auto` in place of `same` in its subnets.map.")
        case .ownedByThisSite:
            CodeExplanation(
                "this site owns it", cause: "Another site announces a prefix that this site exports and owns.",
                fix: "Let the other site map it: `auto` in place of `same` in its subnets.map.")
        case .refusedByPolicy:
            CodeExplanation(
                "refused by subnets.map",
                cause: "A line of subnets.map denies it, or routes.accept is mapped and no line names it.",
                fix: "Add or change the site's line in subnets.map and run `ipop reload`, if it should be reachable.")
        case .notCoveredByCertificate:
            CodeExplanation(
                "not covered by the certificate", cause: "The site's certificate does not list the prefix.",
                fix: "Issue one that does: `ipop cert issue SITE --subnet CIDR`.")
        case .outsidePool:
            CodeExplanation(
                "outside the grid's pools", cause: "A virtual prefix other than `same` must lie in the grid's pools.",
                fix: "Take a prefix of the pools, which grid.yaml lists, or write `auto`.")
        case .notLeased:
            CodeExplanation(
                "not leased by the site",
                cause: "The site announces a virtual prefix, and the grid's store does not have its lease of it.",
                fix: "Wait a minute: it is asked for again; see `ipop leases` at that site.")
        default: nil
        }
    }

    private var hostExplanation: CodeExplanation? {
        switch self {
        case .equalsConnectedPrefix:
            CodeExplanation(
                "equals a connected network", cause: "The prefix is that of a network this gateway is connected to.",
                fix: "Let the other site map it: `auto` in its subnets.map; a `deny` line silences this.")
        case .insideConnectedPrefix:
            CodeExplanation(
                "inside a connected network",
                cause: "The prefix lies inside a network that this gateway is connected to.",
                fix: "Let the other site map it: `auto` in its subnets.map; a `deny` line silences this.")
        case .reservedRange:
            CodeExplanation(
                "reserved range", cause: "Loopback, link-local and multicast ranges are never routed between sites.",
                fix: "Remove the line from subnets.map of the exporting site.")
        case .isUnderlayAddress:
            CodeExplanation(
                "a peer's outer address", cause: "The route would lead the overlay's own datagrams into the overlay.",
                fix: "Let the site export a prefix that is not a peer's public address.")
        case .claimedByAnotherSite:
            CodeExplanation(
                "another site has it", cause: "Two sites announce the prefix, and it is routed to the other one.",
                fix: "Let one of the two sites export another prefix.")
        case .mtuBelowIPv6Minimum:
            CodeExplanation(
                "MTU too small for IPv6", cause: "IPv6 needs an MTU of 1280, and the device's is smaller.",
                fix: "Set `mtu` in ipop.yaml to at least 1280, or to auto.")
        default: nil
        }
    }

    private var kernelExplanation: CodeExplanation? {
        switch self {
        case .deviceMissing:
            CodeExplanation(
                "device missing", cause: "The overlay's device is not there.",
                fix: "Start the daemon, which makes it: `systemctl start ipopd`.")
        case .notInstalledYet:
            CodeExplanation(
                "not installed yet", cause: "The daemon has not put the route into the kernel yet.",
                fix: "Nothing while the daemon runs: it installs the route within a second.")
        case .nextHopChanged:
            CodeExplanation(
                "next hop changed", cause: "Another program or a person changed where the route leads.",
                fix: "Stop that program from managing routes of protocol ipop: ipop(8), \"Routes that vanish\".")
        case .removedByAnotherProgram:
            CodeExplanation(
                "removed by another program", cause: "Another program or a person removed the route.",
                fix: "Stop that program from managing routes of protocol ipop: ipop(8), \"Routes that vanish\".")
        case .kernelRefused:
            CodeExplanation(
                "refused by the kernel", cause: "The kernel answered the request for the route with an error.",
                fix: "See the error in the log: `journalctl -u ipopd`.")
        case .heldByAnotherProgram:
            CodeExplanation(
                "another program has the route",
                cause: "A route of another program to the same prefix and metric stands in the table.",
                fix: "Remove that route, or give `routes.metric` another value.")
        case .betterMetric:
            CodeExplanation(
                "another route comes first", cause: "A route of another program to the same prefix has a lower metric.",
                fix: "Remove that route, or set `routes.metric` below its metric.")
        case .unclaimed:
            CodeExplanation(
                "not wanted", cause: "A route with our protocol number stands, and the daemon does not want it.",
                fix: "Nothing while the daemon runs: it removes the route within a second.")
        default: nil
        }
    }

    private var exportExplanation: CodeExplanation? {
        switch self {
        case .interfaceMissing:
            CodeExplanation(
                "LAN interface missing", cause: "No interface has the name that lan.interface says.",
                fix: "Correct `lan.interface` in ipop.yaml; `ip link` lists the interfaces.")
        case .interfaceIsOverlay:
            CodeExplanation(
                "LAN interface is the overlay", cause: "lan.interface names the overlay's own device.",
                fix: "Correct `lan.interface` in ipop.yaml.")
        case .coversOtherInterface:
            CodeExplanation(
                "covers another interface",
                cause: "The subnet equals or covers a network connected to an interface other than the LAN's.",
                fix: "Export a smaller prefix, or correct `lan.interface`.")
        case .interfaceDown:
            CodeExplanation(
                "LAN interface down", cause: "The LAN interface is down.", fix: "Set it up: `ip link set dev NAME up`.")
        case .notReachableThroughLAN:
            CodeExplanation(
                "not reachable through the LAN",
                cause: "No address and no route of this host leads into the subnet through the LAN interface.",
                fix: "Give the interface an address of the subnet, or add a route to it.")
        case .leasePending:
            CodeExplanation(
                "its lease waits",
                cause: "The virtual prefix is announced once the grid's store has granted its lease.",
                fix: "Wait a few seconds: `ipop leases` shows what it waits for.")
        case .poolExhausted:
            CodeExplanation(
                "no free prefix of its size",
                cause: "The grid's pools have no free block that is as large as the subnet.",
                fix: "Export a smaller subnet, or let the authority publish a profile with a larger pool.")
        default: nil
        }
    }
}

/// Why one route or export is not as wanted, in words for the case at hand.
package struct RouteIssue: Equatable, Sendable {
    package var code: RouteCode
    /// What is the matter, one clause without a full stop.
    package var text: String
    /// What to do, one sentence.
    package var fix: String

    /// The code's own words.
    package init(_ code: RouteCode) {
        self.init(code, text: code.explanation.phrase, fix: code.explanation.fix)
    }

    /// Words for the case at hand. `fix` becomes a sentence: a full stop at its end, a capital at its start unless that
    /// is the name of a program.
    package init(_ code: RouteCode, text: String, fix: String) {
        self.code = code
        self.text = text
        let ended = fix.last == "." ? fix : fix + "."
        let isProgram = Self.programs.contains { ended.hasPrefix($0 + " ") }
        self.fix = isProgram ? ended : ended.prefix(1).uppercased() + ended.dropFirst()
    }

    /// Programs that a fix may start with.
    private static let programs = ["ip", "ipop", "ipopd", "systemctl", "sysctl"]

    /// The same, for a code in its machine-readable form; `nil` when it is not in the list.
    package init?(code: String, text: String, fix: String) {
        guard let code = RouteCode(rawValue: code) else { return nil }
        self.init(code, text: text, fix: fix)
    }

    var json: JSONValue { ["code": .string(code.rawValue), "text": .string(text), "fix": .string(fix)] }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "issue")
        self.init(try shape.code("code"), text: try shape.text("text"), fix: try shape.text("fix"))
    }
}
