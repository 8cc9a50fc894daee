/// Why a route or an export is not as its owner wants it: `reason` of routes and exports in `ipop status --json`. A closed
/// list; codes are only ever added.
package enum RouteReason: String, Sendable, CaseIterable {
    // Routes.
    case insideConnected = "inside-connected"
    case coversUnderlay = "covers-underlay"
    case ownedByOther = "owned-by-other"
    case deniedByPolicy = "denied-by-policy"
    case notMapped = "not-mapped"
    case removed
    case foreignRoute = "foreign-route"
    case shadowed
    case kernelError = "kernel-error"
    case unclaimed

    // Exports.
    case notInCertificate = "not-in-certificate"
    case otherInterface = "other-interface"
    case ownedByOtherSite = "owned-by-other-site"

    /// Phrase, cause and fix.
    package var explanation: CodeExplanation {
        switch self {
        case .insideConnected:
            CodeExplanation(
                "inside a connected network",
                cause: "The prefix equals or lies inside a network that this gateway is connected to.",
                fix: "Let the other site export a prefix that is not in use here.")
        case .coversUnderlay:
            CodeExplanation(
                "covers the way to a peer",
                cause: "The route would lead the overlay's own datagrams into the overlay.",
                fix: "Let the other site export a smaller prefix.")
        case .ownedByOther:
            CodeExplanation(
                "owned by another site", cause: "Two sites announce the prefix, and the other one owns it.",
                fix: "Let one of the two sites export another prefix.")
        case .deniedByPolicy:
            CodeExplanation(
                "denied by subnets.map", cause: "A line of this site's subnets.map denies the prefix.",
                fix: "Change the line and run `ipop reload`, if the prefix should be reachable.")
        case .notMapped:
            CodeExplanation(
                "no line in subnets.map",
                cause: "The gateway accepts mapped prefixes only (routes.accept), and no line names this one.",
                fix: "Add a line for it to subnets.map and run `ipop reload`.")
        case .removed:
            CodeExplanation(
                "removed by another program", cause: "Another program or a person removed the route.",
                fix: "Tell that program to leave routes of protocol `ipop` alone: ipop(8), \"Routes that vanish\".")
        case .foreignRoute:
            CodeExplanation(
                "another program has this route",
                cause: "A route of another program to the same prefix and metric stands in the table.",
                fix: "Remove that route, or give `routes.metric` another value.")
        case .shadowed:
            CodeExplanation(
                "another route comes first", cause: "A route of another program to the same prefix has a lower metric.",
                fix: "Remove that route, or lower `routes.metric` under its metric.")
        case .kernelError:
            CodeExplanation(
                "refused by the kernel", cause: "The kernel answered the request for this route with an error.",
                fix: "See the error in the log: `journalctl -u ipopd`.")
        case .unclaimed:
            CodeExplanation(
                "left from an earlier run", cause: "The route has our protocol number, and no daemon claims it now.",
                fix: "Start the daemon, which adopts or removes it: `systemctl start ipopd`.")
        case .notInCertificate:
            CodeExplanation(
                "not in the certificate", cause: "The site's certificate does not cover the exported subnet.",
                fix: "Issue a certificate that covers it: `ipop cert issue SITE --subnet CIDR`.")
        case .otherInterface:
            CodeExplanation(
                "covers another interface",
                cause: "The exported subnet equals or covers a network connected to an interface other than the LAN's.",
                fix: "Export the LAN's own network, or correct `lan.interface`.")
        case .ownedByOtherSite:
            CodeExplanation(
                "owned by another site", cause: "Another site announced the same prefix before.",
                fix: "Export another prefix, or let the other site withdraw its export.")
        }
    }
}
