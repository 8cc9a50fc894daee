/// The problems that `ipop status` lists. A closed list; numbers stay with their meaning for ever, codes are only
/// added.
package enum ProblemCode: String, Sendable, CaseIterable, Comparable {
    // The daemon and its files.
    case daemonNotRunning = "E001"
    case daemonNotReadable = "E002"
    case certificateExpiresSoon = "E003"
    case certificateExpired = "E004"
    case certificateNotYetValid = "E005"
    case configurationNotReloaded = "E006"
    case stateNotSaved = "E007"
    case daemonNotAnswering = "E008"
    case metricsNotServed = "E009"

    // Sites and routes.
    case siteDown = "E010"
    case routeMissing = "E011"
    case routeVanished = "E012"
    case routeRefused = "E013"
    case routeForeign = "E014"
    case routeShadowed = "E015"
    case routeUnclaimed = "E016"
    case kernelChangeFailed = "E017"
    case prefixConflict = "E018"

    // Exports.
    case exportNotInCertificate = "E020"
    case exportOtherInterface = "E021"
    case exportOwned = "E022"
    case exportRefused = "E023"

    // This host.
    case deviceMissing = "E030"
    case deviceDown = "E031"
    case deviceWrongMTU = "E032"
    case forwardingOff = "E033"
    case reversePathFilter = "E034"
    case lanInterfaceMissing = "E035"

    // The network.
    case bootstrapUnreachable = "E040"
    case nameNotResolved = "E041"
    case linkRefused = "E042"
    case sourceCheckDrops = "E043"
    case pathMTULow = "E044"
    case forwardingDropped = "E045"
    case sourceRewritten = "E046"
    case proxyUnusable = "E055"
    case streamsNotAccepted = "E056"

    // What the authority has published.
    case certificateRevoked = "E060"

    // Virtual prefixes and their leases.
    case virtualPrefixOutsidePool = "E070"
    case poolExhausted = "E071"
    case prefixLeasePending = "E072"
    case prefixLost = "E073"
    case virtualPrefixShared = "E074"
    // The bridge of a bridged LAN.
    case lanNotBridged = "E080"
    case portTakenOut = "E081"
    case bridgeLeft = "E082"

    // Hosts of a bridged LAN.
    case hostAddressTaken = "E090"
    case hostAddressTwice = "E091"
    case noHostAddresses = "E092"

    // The resolver of a routed LAN.
    case namesNotServed = "E093"

    package static func < (lhs: ProblemCode, rhs: ProblemCode) -> Bool { lhs.rawValue < rhs.rawValue }

    /// Whether a gateway with this problem counts as degraded; the others are told and change no exit code.
    package var degrades: Bool {
        switch self {
        case .reversePathFilter, .sourceCheckDrops, .pathMTULow, .linkRefused, .stateNotSaved, .routeUnclaimed,
            .metricsNotServed, .proxyUnusable, .streamsNotAccepted, .prefixLost, .bridgeLeft,
            .virtualPrefixShared, .namesNotServed:
            false
        default: true
        }
    }

    /// Text with placeholders in braces, cause, and fix: the page docs/codes.md.
    package var explanation: CodeExplanation {
        hostExplanation ?? routeExplanation ?? networkExplanation ?? leaseExplanation ?? bridgeExplanation
            ?? CodeExplanation("unexplained", cause: "", fix: "")
    }

    private var bridgeExplanation: CodeExplanation? {
        switch self {
        case .lanNotBridged:
            CodeExplanation(
                "the LAN is not bridged: {reason}",
                cause: "lan.mode is bridged, and the LAN's interface cannot be a port of a bridge with the device.",
                fix: "As the text says; then `ipop reload`.")
        case .portTakenOut:
            CodeExplanation(
                "device {device} was taken out of the bridge {bridge} by {remover}; {outcome}",
                cause: "Another program or a person made the overlay's device a port of no bridge, or of another.",
                fix: "Stop that program from managing {device}: OPERATIONS.md, NetworkManager.")
        case .hostAddressTaken:
            CodeExplanation(
                "{address} of host {mac} is site {holder}'s",
                cause: "A host here has an address of the bridged subnet that another site's host has.",
                fix: "Give the host another address, by DHCP or by hand; `ipop leases` shows both holders.")
        case .hostAddressTwice:
            CodeExplanation(
                "{address} is used by {mac} and by {rival}",
                cause: "Two hosts of this LAN have one address of the bridged subnet.",
                fix: "Give one of the two another address.")
        case .noHostAddresses:
            CodeExplanation(
                "no address of {subnet} is left for DHCP clients",
                cause: "Every block of the bridged subnet is held by a gateway, and this one's are full.",
                fix: "Bridge into a larger subnet, or shorten `dhcp.lease`.")
        case .namesNotServed:
            CodeExplanation(
                "names are not answered at {address}: {error}",
                cause: "Another name server has port 53 of the address, or the daemon may not take it.",
                fix: "See who listens: `ss -lunp`; set `names.listen` in ipop.yaml to another address of this host, or "
                    + "to off, and run `ipop reload`.")
        case .bridgeLeft:
            CodeExplanation(
                "the bridge {bridge} is left from bridged mode",
                cause: "lan.mode is routed again, and the bridge that the gateway made has the LAN's addresses.",
                fix: "Stop ipopd, run `ipop lan release`, and start it again.")
        default: nil
        }
    }

    private var hostExplanation: CodeExplanation? {
        switch self {
        case .daemonNotRunning:
            CodeExplanation(
                "the daemon is not running", cause: "Nothing answers on the control socket.",
                fix: "Start it: `systemctl start ipopd`; see why it stopped: `journalctl -u ipopd`.")
        case .daemonNotAnswering:
            CodeExplanation(
                "the daemon does not answer", cause: "The control socket is there, and no whole answer came in time.",
                fix: "See what it does: `journalctl -u ipopd`; as a last resort `systemctl restart ipopd`.")
        case .daemonNotReadable:
            CodeExplanation(
                "no permission to ask the daemon",
                cause: "The control socket is open to root and the group ipop-admin only.",
                fix: "Use sudo, or join the group: `adduser USER ipop-admin`.")
        case .certificateExpiresSoon:
            CodeExplanation(
                "certificate expires in {days}", cause: "Under 14 days of the certificate's validity are left.",
                fix: "Renew it: `ipop cert renew`.")
        case .certificateExpired:
            CodeExplanation(
                "certificate expired at {time}", cause: "The certificate is past its end, so no peer accepts it.",
                fix: "Renew it: `ipop cert renew`; see that the clock is right.")
        case .certificateNotYetValid:
            CodeExplanation(
                "certificate is not valid before {time}", cause: "The certificate begins later than this clock's now.",
                fix: "Set the clock: `timedatectl`.")
        case .configurationNotReloaded:
            CodeExplanation(
                "configuration not reloaded: {error}",
                cause: "The files have errors, so the configuration of before goes on.",
                fix: "Run `ipop check`, correct the file, then `ipop reload`.")
        case .stateNotSaved:
            CodeExplanation(
                "state not saved in {directory}: {error}",
                cause: "The state directory cannot be written; a restart will join more slowly.",
                fix: "See `df {directory}` and the directory's owner.")
        case .metricsNotServed:
            CodeExplanation(
                "metrics are not served at {address}: {error}",
                cause: "The address of `metrics.listen` is not this host's, or a program holds address and port.",
                fix: "See who listens: `ss -ltnp`; correct `metrics.listen` in ipop.yaml and run `ipop reload`.")
        case .deviceMissing:
            CodeExplanation(
                "device {device} is missing",
                cause: "The overlay's device does not exist, so nothing can be forwarded.",
                fix: "See `journalctl -u ipopd`; the daemon makes it again while it runs.")
        case .deviceDown:
            CodeExplanation(
                "device {device} is down", cause: "Another program or a person set the overlay's device down.",
                fix: "Set it up: `ip link set {device} up`.")
        case .deviceWrongMTU:
            CodeExplanation(
                "device {device} has MTU {found}, wanted {wanted}",
                cause: "Another program or a person changed the device's MTU.",
                fix: "Set it back: `ip link set {device} mtu {wanted}`.")
        case .forwardingOff:
            CodeExplanation(
                "{family} forwarding is off", cause: "This host's kernel does not forward packets between interfaces.",
                fix: "Switch it on: `sysctl -w {sysctl}=1`; for good: copy ipop's example to /etc/sysctl.d.")
        case .reversePathFilter:
            CodeExplanation(
                "strict rp_filter on {interface}",
                cause: "The kernel drops packets whose way back would be another interface.",
                fix: "Loosen it, if traffic is missing: `sysctl -w net.ipv4.conf.{interface}.rp_filter=2`.")
        case .lanInterfaceMissing:
            CodeExplanation(
                "LAN interface {interface} is missing", cause: "No interface has the name that lan.interface says.",
                fix: "Correct lan.interface in ipop.yaml and run `ipop reload`.")
        case .forwardingDropped:
            CodeExplanation(
                "the firewall drops: {finding}",
                cause:
                    "A rule or the policy of the forward hook drops packets between the LAN and the overlay's device.",
                fix: "Let them pass, both ways: OPERATIONS.md, Firewalls.")
        case .sourceRewritten:
            CodeExplanation(
                "the firewall rewrites: {finding}",
                cause: "A rule of source NAT rewrites what goes into the overlay, so the far gateways drop it.",
                fix: "Restrict the rule to the uplink: OPERATIONS.md, Firewalls.")
        default: nil
        }
    }

    private var routeExplanation: CodeExplanation? {
        switch self {
        case .siteDown:
            CodeExplanation(
                "site {site} is down: {reason}", cause: "No path to the site's gateway is up.",
                fix: "As the path reason says, below.")
        case .routeMissing:
            CodeExplanation(
                "route {prefix} is missing: {reason}", cause: "The daemon wants the route and the kernel has none.",
                fix: "As the route reason says, below.")
        case .routeVanished:
            CodeExplanation(
                "route {prefix} was removed by {remover}; {outcome}",
                cause: "Another program or a person removed a route of ours.",
                fix: "See ipop(8), \"Routes that vanish\".")
        case .routeRefused:
            CodeExplanation(
                "route {prefix} of site {site} is not installed: {reason}",
                cause: "Installing the route would take local hosts or the way to a peer away.",
                fix: "As the route reason says, below.")
        case .routeForeign:
            CodeExplanation(
                "route {prefix} is not ours: {reason}",
                cause: "A route of another program to the same prefix and metric stands in the table.",
                fix: "As the route reason says, below.")
        case .routeShadowed:
            CodeExplanation(
                "route {prefix} is shadowed: {reason}",
                cause: "A route of another program to the same prefix has a lower metric.",
                fix: "As the route reason says, below.")
        case .routeUnclaimed:
            CodeExplanation(
                "route {prefix} is in the kernel and not wanted",
                cause: "A route with our protocol number stayed behind.",
                fix: "The daemon removes it within a minute; by hand: `ip route del {prefix} proto ipop`.")
        case .kernelChangeFailed:
            CodeExplanation(
                "the kernel refused {change}: {error}", cause: "A request over netlink failed.",
                fix: "See `journalctl -u ipopd`; the daemon needs CAP_NET_ADMIN.")
        case .prefixConflict:
            CodeExplanation(
                "{prefix} is announced by {loser} too; {owner} owns it",
                cause: "Two sites announce one prefix; it is routed to its owner only.",
                fix: "Let site {loser} map it: `auto` in place of `same` in its subnets.map.")
        case .exportNotInCertificate:
            CodeExplanation(
                "export {prefix} refused: {reason}", cause: "A site announces only what its certificate lists.",
                fix: "As the export reason says, below.")
        case .exportOtherInterface:
            CodeExplanation(
                "export {prefix} refused: {reason}",
                cause: "The subnet equals or covers a network connected to an interface other than the LAN's.",
                fix: "As the export reason says, below.")
        case .exportOwned:
            CodeExplanation(
                "export {prefix} refused: {reason}", cause: "Another site announces the prefix and owns it.",
                fix: "As the export reason says, below.")
        case .exportRefused:
            CodeExplanation(
                "export {prefix} refused: {reason}", cause: "The subnet cannot be exported from this host.",
                fix: "As the export reason says, below.")
        default: nil
        }
    }

    private var leaseExplanation: CodeExplanation? {
        switch self {
        case .virtualPrefixOutsidePool:
            CodeExplanation(
                "export {prefix} refused: {reason}",
                cause: "The virtual prefix that subnets.map gives the subnet is not in the grid's pools.",
                fix: "As the export reason says, below.")
        case .poolExhausted:
            CodeExplanation(
                "export {prefix} refused: {reason}", cause: "The grid has no free virtual prefix for an `auto` line.",
                fix: "As the export reason says, below.")
        case .prefixLeasePending:
            CodeExplanation(
                "export {prefix} is not announced yet: {reason}",
                cause: "A virtual prefix is announced once its lease is held.",
                fix: "As the lease reason says, below.")
        case .prefixLost:
            CodeExplanation(
                "{lost} of export {prefix} went to {holder}; {outcome}",
                cause: "Another site has the lease, since two parts of the grid met, or the pools were changed.",
                fix: "Tell those who use addresses of {lost}; write an explicit virtual prefix to keep one for good.")
        case .virtualPrefixShared:
            CodeExplanation(
                "virtual prefix {virtual} of export {prefix} overlaps {network}, a network of {interface}",
                cause: "The grid knows this site's hosts by addresses that a network of this host has, too.",
                fix: "Take another virtual prefix: `auto` in place of {virtual} in subnets.map.")
        default: nil
        }
    }

    private var networkExplanation: CodeExplanation? {
        switch self {
        case .bootstrapUnreachable:
            CodeExplanation(
                "no bootstrap member answers: {members}",
                cause: "No member of the grid has been reached yet; the gateway keeps trying.",
                fix: "See that the member runs and that UDP reaches it; correct `bootstrap` in ipop.yaml.")
        case .nameNotResolved:
            CodeExplanation(
                "name {name} does not resolve: {error}", cause: "The resolver has no address for a bootstrap member.",
                fix: "Test it: `getent ahosts {name}`; correct `bootstrap` or the resolver.")
        case .linkRefused:
            CodeExplanation(
                "link with {peer} refused: {reason}",
                cause: "A gateway that is not a member of this grid tried to link, or was tried.",
                fix: "As the path reason says, below.")
        case .sourceCheckDrops:
            CodeExplanation(
                "{count} from site {site} dropped: source not of that site",
                cause: "The site sent packets whose source address is not in a prefix it announces.",
                fix: "See at site {site} what sends them, or let it export that subnet.")
        case .pathMTULow:
            CodeExplanation(
                "the path to site {site} carries {mtu} bytes only",
                cause: "The path's MTU is under the 1,280 that IPv6 promises; packets travel in slices.",
                fix: "Look for a tunnel or a wrong MTU on the way to the site.")
        case .proxyUnusable:
            CodeExplanation(
                "proxy {proxy} cannot be used: {error}",
                cause: "The proxy that TCP connections to other gateways go through did not make the last one.",
                fix: "Correct `proxy` in ipop.yaml and run `ipop reload`; see that the proxy allows the peers' ports.")
        case .streamsNotAccepted:
            CodeExplanation(
                "TLS is not accepted on TCP port {port}: {error}",
                cause: "A program holds the port, so sites without UDP cannot reach this gateway.",
                fix: "See who listens: `ss -ltnp`; choose another `listen.port`, or set `listen.tcp` to false.")
        case .certificateRevoked:
            CodeExplanation(
                "this site's certificate is revoked", cause: "It is on the revocation list of the grid's authority.",
                fix: "Ask the grid's authority for a new certificate; if you are cut off in error, say so there.")
        default: nil
        }
    }
}
