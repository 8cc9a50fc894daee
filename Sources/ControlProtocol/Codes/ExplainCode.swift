/// Why a step of `ipop explain` fails: `code` of `firstFailure`. A closed list; codes are only ever added.
package enum ExplainCode: String, Sendable, CaseIterable {
    // The daemon here.
    case daemonNotRunning = "daemon-not-running"
    case daemonNotReadable = "daemon-not-readable"
    case notInGrid = "not-in-grid"

    // Where the packet comes from and where it goes.
    case sourceNotExported = "source-not-exported"
    case exportRefused = "export-refused"
    case destinationLocal = "destination-local"
    case destinationUnknown = "destination-unknown"
    case destinationNotAccepted = "destination-not-accepted"
    case destinationNotExported = "destination-not-exported"
    case sourceNotAccepted = "source-not-accepted"
    case hostNotRegistered = "host-not-registered"

    // What the kernel of a gateway does with it.
    case lanInterfaceMissing = "lan-interface-missing"
    case lanInterfaceDown = "lan-interface-down"
    case hostNotOnLAN = "host-not-on-lan"
    case hostAbsent = "host-absent"
    case deviceMissing = "device-missing"
    case deviceDown = "device-down"
    case forwardingOff = "forwarding-off"
    case reversePathFilter = "reverse-path-filter"
    case firewallDrops = "firewall-drops"
    case sourceRewritten = "source-rewritten"
    case routeMissing = "route-missing"
    case routeShadowed = "route-shadowed"

    // Between the gateways.
    case peerDown = "peer-down"
    case farGatewaySilent = "far-gateway-silent"

    /// Phrase, cause and fix.
    package var explanation: CodeExplanation {
        gridExplanation ?? kernelExplanation ?? CodeExplanation("unexplained", cause: "", fix: "")
    }

    private var gridExplanation: CodeExplanation? {
        switch self {
        case .daemonNotRunning:
            CodeExplanation(
                "the daemon does not run", cause: "Nothing answers on the control socket.",
                fix: "Start it: `systemctl start ipopd`; see why it stopped: `journalctl -u ipopd`.")
        case .daemonNotReadable:
            CodeExplanation(
                "no permission to ask the daemon",
                cause: "The control socket is open to root and the group ipop-admin only.",
                fix: "Use sudo, or join the group: `adduser USER ipop-admin`.")
        case .notInGrid:
            CodeExplanation(
                "not in the grid yet", cause: "No member of the grid has been reached since the daemon's start.",
                fix: "See the problems in `ipop status`.")
        case .sourceNotExported:
            CodeExplanation(
                "source not exported",
                cause: "The source is in no subnet that this site exports, so far gateways drop its packets.",
                fix: "Export its subnet in subnets.map, or run the command at the source's own site.")
        case .exportRefused:
            CodeExplanation(
                "export refused", cause: "The address is in an exported subnet that is not announced.",
                fix: "As the export reason says, above.")
        case .destinationLocal:
            CodeExplanation(
                "destination is local", cause: "The destination is in a subnet of this site.",
                fix: "Name an address behind another site; hosts of one site reach each other without the gateway.")
        case .destinationUnknown:
            CodeExplanation(
                "no site has the destination", cause: "No site announces a prefix that the destination is in.",
                fix: "See `ipop routes`; let the destination's site export its subnet.")
        case .destinationNotAccepted:
            CodeExplanation(
                "prefix not accepted here",
                cause: "A site announces the destination's prefix, and this gateway does not take it.",
                fix: "As the route reason says, above.")
        case .destinationNotExported:
            CodeExplanation(
                "not exported there", cause: "The far gateway does not export a subnet that the destination is in.",
                fix: "Export the subnet at that site: subnets.map, then `ipop reload`.")
        case .hostNotRegistered:
            CodeExplanation(
                "host not registered",
                cause: "The address is in a bridged subnet, and the grid does not hold it for a host of that site.",
                fix: "Let the host say something to its LAN; `ipop leases` at its gateway lists those that are held.")
        case .sourceNotAccepted:
            CodeExplanation(
                "source not accepted there",
                cause: "The far gateway has no accepted route to the source, so it drops the packets.",
                fix: "See `ipop routes` at that site; correct its subnets.map.")
        case .peerDown:
            CodeExplanation(
                "no path to the site", cause: "No path to the site's gateway is up.",
                fix: "As the path reason says, above.")
        case .farGatewaySilent:
            CodeExplanation(
                "far gateway gives no answer",
                cause: "A path is up, and the far gateway does not answer the question: of another version, or busy.",
                fix: "Run `ipop explain` at that site; upgrade the older gateway.")
        default: nil
        }
    }

    private var kernelExplanation: CodeExplanation? {
        switch self {
        case .lanInterfaceMissing:
            CodeExplanation(
                "LAN interface missing", cause: "No interface has the name that lan.interface says.",
                fix: "Correct `lan.interface` in ipop.yaml; `ip link` lists the interfaces.")
        case .lanInterfaceDown:
            CodeExplanation(
                "LAN interface down", cause: "The LAN interface is down, or its cable is out.",
                fix: "Set it up: `ip link set dev NAME up`; see the cable.")
        case .hostNotOnLAN:
            CodeExplanation(
                "host not behind the LAN interface",
                cause: "The gateway's kernel sends packets to the host through another interface than the LAN's.",
                fix: "Give the LAN interface an address of the subnet, or add a route to it there.")
        case .hostAbsent:
            CodeExplanation(
                "host does not answer on its LAN",
                cause: "The gateway has asked for the host's hardware address (ARP, ND), and nobody answered.",
                fix: "See that the host is up, has that address, and is on the gateway's LAN.")
        case .deviceMissing:
            CodeExplanation(
                "overlay device missing", cause: "The overlay's device does not exist.",
                fix: "Start the daemon, which makes it: `systemctl start ipopd`.")
        case .deviceDown:
            CodeExplanation(
                "overlay device down", cause: "Another program or a person set the overlay's device down.",
                fix: "Set it up: `ip link set ipop0 up`.")
        case .forwardingOff:
            CodeExplanation(
                "forwarding off", cause: "The gateway's kernel does not forward packets between interfaces.",
                fix: "Switch it on: `sysctl -w net.ipv4.ip_forward=1`; for good: ipop's example for /etc/sysctl.d.")
        case .reversePathFilter:
            CodeExplanation(
                "reverse path filter drops it",
                cause: "rp_filter is strict, and the way back to the packet's source is another interface.",
                fix: "Loosen it: `sysctl -w net.ipv4.conf.NAME.rp_filter=2`, or correct the route back.")
        case .firewallDrops:
            CodeExplanation(
                "firewall drops it", cause: "A rule or the policy of the forward hook drops the packet.",
                fix: "Accept what goes between the LAN interface and ipop0, both ways: OPERATIONS.md, Firewalls.")
        case .sourceRewritten:
            CodeExplanation(
                "source rewritten",
                cause: "A rule of source NAT rewrites what goes into the overlay; the far gateway drops it.",
                fix: "Restrict the rule to the uplink: OPERATIONS.md, Firewalls.")
        case .routeMissing:
            CodeExplanation(
                "route missing", cause: "The gateway's kernel has no route into the overlay for the address.",
                fix: "See that the daemon runs: it installs the route; ipop(8), \"Routes that vanish\".")
        case .routeShadowed:
            CodeExplanation(
                "route shadowed", cause: "Another route or policy rule of the gateway wins for the address.",
                fix: "Remove that route or rule, or give `routes.metric` another value.")
        default: nil
        }
    }
}
