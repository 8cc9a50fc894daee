package import NetworkTypes

/// One thing that is wrong, in words for the operator.
package struct Problem: Equatable, Sendable {
    package let code: ProblemCode
    /// What is wrong, one clause without a full stop.
    package let text: String
    /// What to do, one sentence.
    package let fix: String

    /// A problem with words of its own.
    init(code: ProblemCode, text: String, fix: String) {
        self.code = code
        self.text = text
        self.fix = fix
    }

    /// Fills the placeholders of `code`'s templates.
    private init(_ code: ProblemCode, _ values: KeyValuePairs<String, String> = [:], fix: String? = nil) {
        let explanation = code.explanation
        self.init(
            code: code, text: Self.fill(explanation.phrase, values), fix: fix ?? Self.fill(explanation.fix, values))
    }

    static func fill(_ template: String, _ values: KeyValuePairs<String, String>) -> String {
        var result = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = rest[rest.index(after: open)..<close]
            result += rest[..<open]
            result += values.first { $0.key == name }?.value ?? "{\(name)}"
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    var json: JSONValue { ["code": .string(code.rawValue), "text": .string(text), "fix": .string(fix)] }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "problem")
        self.init(code: try shape.code("code"), text: try shape.text("text"), fix: try shape.text("fix"))
    }
}

/// The daemon and its files.
extension Problem {
    /// Nothing answers on the control socket.
    package static func daemonNotRunning() -> Problem { Problem(.daemonNotRunning) }

    /// Something is at the control socket and gives no whole answer.
    package static func daemonNotAnswering() -> Problem { Problem(.daemonNotAnswering) }

    /// This user may not use the control socket.
    package static func daemonNotReadable() -> Problem { Problem(.daemonNotReadable) }

    /// Under `CertificateReport.degradedDays` are left.
    package static func certificateExpiresSoon(daysLeft: Int) -> Problem {
        Problem(.certificateExpiresSoon, ["days": HumanUnits.count(daysLeft, "day")])
    }

    /// `notAfter` in seconds since 1970-01-01T00:00:00Z.
    package static func certificateExpired(notAfter: Int64) -> Problem {
        Problem(.certificateExpired, ["time": UTCTime(unixSeconds: notAfter).description])
    }

    /// `notBefore` in seconds since 1970-01-01T00:00:00Z.
    package static func certificateNotYetValid(notBefore: Int64) -> Problem {
        Problem(.certificateNotYetValid, ["time": UTCTime(unixSeconds: notBefore).description])
    }

    /// `error` is the first error of the files, `file:line:column: error: …`.
    package static func configurationNotReloaded(error: String) -> Problem {
        Problem(.configurationNotReloaded, ["error": error])
    }

    /// `error` is the system's word.
    package static func stateNotSaved(directory: String, error: String) -> Problem {
        Problem(.stateNotSaved, ["directory": directory, "error": error])
    }

    /// `address` is that of `metrics.listen`, `error` is the system's word.
    package static func metricsNotServed(_ address: Endpoint, error: String) -> Problem {
        Problem(.metricsNotServed, ["address": address.description, "error": error])
    }
}

/// Sites, routes and exports.
extension Problem {
    /// The fix is the reason's.
    package static func siteDown(site: String, reason: PathReason) -> Problem {
        Problem(.siteDown, ["site": site, "reason": reason.explanation.phrase], fix: reason.explanation.fix)
    }

    /// The daemon wants the route and the kernel has none; the fix is the issue's.
    package static func routeMissing(_ prefix: IPPrefix, issue: RouteIssue) -> Problem {
        Problem(.routeMissing, ["prefix": prefix.description, "reason": issue.text], fix: issue.fix)
    }

    /// `remover` names the program, if the kernel told; `restored` is whether the route is back.
    package static func routeVanished(_ prefix: IPPrefix, remover: String? = nil, restored: Bool) -> Problem {
        Problem(
            .routeVanished,
            [
                "prefix": prefix.description, "remover": remover ?? "another program",
                "outcome": restored ? "restored" : "will be restored",
            ])
    }

    /// The route is never installed; the fix is the issue's.
    package static func routeRefused(_ prefix: IPPrefix, site: String, issue: RouteIssue) -> Problem {
        Problem(
            .routeRefused, ["prefix": prefix.description, "site": site, "reason": issue.text], fix: issue.fix)
    }

    /// Another program's route holds the place; the fix is the issue's.
    package static func routeForeign(_ prefix: IPPrefix, issue: RouteIssue) -> Problem {
        Problem(.routeForeign, ["prefix": prefix.description, "reason": issue.text], fix: issue.fix)
    }

    /// Another program's route comes first; the fix is the issue's.
    package static func routeShadowed(_ prefix: IPPrefix, issue: RouteIssue) -> Problem {
        Problem(.routeShadowed, ["prefix": prefix.description, "reason": issue.text], fix: issue.fix)
    }

    /// A route of ours that the daemon does not want.
    package static func routeUnclaimed(_ prefix: IPPrefix) -> Problem {
        Problem(.routeUnclaimed, ["prefix": prefix.description])
    }

    /// `change` says what was tried: `route 10.1.0.0/16`, `device ipop0 up`.
    package static func kernelChangeFailed(change: String, error: String) -> Problem {
        Problem(.kernelChangeFailed, ["change": change, "error": error])
    }

    /// Two sites announce the prefix.
    package static func prefixConflict(_ prefix: IPPrefix, owner: String, loser: String) -> Problem {
        Problem(.prefixConflict, ["prefix": prefix.description, "owner": owner, "loser": loser])
    }

    /// The code depends on the issue's; the fix is the issue's.
    package static func exportRefused(_ subnet: IPPrefix, issue: RouteIssue) -> Problem {
        let code: ProblemCode =
            switch issue.code {
            case .notCoveredByCertificate: .exportNotInCertificate
            case .ownedByAnotherSite, .claimedByAnotherSite: .exportOwned
            case .coversOtherInterface: .exportOtherInterface
            case .outsidePool: .virtualPrefixOutsidePool
            case .poolExhausted: .poolExhausted
            default: .exportRefused
            }
        return Problem(code, ["prefix": subnet.description, "reason": issue.text], fix: issue.fix)
    }

    /// A subnet waits for its virtual prefix; the fix is the issue's.
    package static func prefixLeasePending(_ subnet: IPPrefix, issue: RouteIssue) -> Problem {
        Problem(.prefixLeasePending, ["prefix": subnet.description, "reason": issue.text], fix: issue.fix)
    }

    /// A virtual prefix of this site has addresses of a network of this host.
    package static func virtualPrefixShared(
        _ virtual: IPPrefix, subnet: IPPrefix, network: IPPrefix, interface: String
    ) -> Problem {
        Problem(
            .virtualPrefixShared,
            [
                "virtual": virtual.description, "prefix": subnet.description, "network": network.description,
                "interface": interface,
            ])
    }

    /// A leased virtual prefix is another site's, or no longer of the pools (no `holder`).
    package static func prefixLost(
        _ lost: IPPrefix, subnet: IPPrefix, holder: String?, replacement: IPPrefix?
    ) -> Problem {
        Problem(
            .prefixLost,
            [
                "lost": lost.description, "prefix": subnet.description,
                "holder": holder.map { "site \($0)" } ?? "no pool",
                "outcome": replacement.map { "it has \($0) now" } ?? "another one is looked for",
            ])
    }
}

/// This host and the network.
extension Problem {
    /// The overlay's device does not exist.
    package static func deviceMissing(_ device: String) -> Problem { Problem(.deviceMissing, ["device": device]) }

    /// The overlay's device is set down.
    package static func deviceDown(_ device: String) -> Problem { Problem(.deviceDown, ["device": device]) }

    /// In bytes.
    package static func deviceWrongMTU(_ device: String, found: Int, wanted: Int) -> Problem {
        Problem(.deviceWrongMTU, ["device": device, "found": String(found), "wanted": String(wanted)])
    }

    /// The kernel does not forward packets of the family.
    package static func forwardingOff(_ family: AddressFamily) -> Problem {
        switch family {
        case .v4: Problem(.forwardingOff, ["family": "IPv4", "sysctl": "net.ipv4.ip_forward"])
        case .v6: Problem(.forwardingOff, ["family": "IPv6", "sysctl": "net.ipv6.conf.all.forwarding"])
        }
    }

    /// The interface's rp_filter is strict.
    package static func reversePathFilter(interface: String) -> Problem {
        Problem(.reversePathFilter, ["interface": interface])
    }

    /// No interface has the name of the LAN's.
    package static func lanInterfaceMissing(_ interface: String) -> Problem {
        Problem(.lanInterfaceMissing, ["interface": interface])
    }

    /// None of the bootstrap members answers.
    package static func bootstrapUnreachable(_ members: [HostAndPort]) -> Problem {
        Problem(.bootstrapUnreachable, ["members": members.map(\.description).joined(separator: ", ")])
    }

    /// `error` is the resolver's word.
    package static func nameNotResolved(_ name: String, error: String) -> Problem {
        Problem(.nameNotResolved, ["name": name, "error": error])
    }

    /// `peer` is a site, if the certificate named one, or an endpoint.
    package static func linkRefused(peer: String, reason: PathReason) -> Problem {
        Problem(.linkRefused, ["peer": peer, "reason": reason.explanation.phrase], fix: reason.explanation.fix)
    }

    /// Since the daemon's start.
    package static func sourceCheckDrops(site: String, packets: UInt64) -> Problem {
        Problem(.sourceCheckDrops, ["site": site, "count": HumanUnits.count(packets, "packet")])
    }

    /// The firewall drops what is forwarded; the fix is the finding's.
    package static func forwardingDropped(_ finding: FirewallFinding) -> Problem {
        Problem(.forwardingDropped, ["finding": finding.text], fix: finding.fix)
    }

    /// The firewall rewrites what goes into the overlay; the fix is the finding's.
    package static func sourceRewritten(_ finding: FirewallFinding) -> Problem {
        Problem(.sourceRewritten, ["finding": finding.text], fix: finding.fix)
    }

    /// The largest datagram in bytes.
    package static func pathMTULow(site: String, mtu: Int) -> Problem {
        Problem(.pathMTULow, ["site": site, "mtu": String(mtu)])
    }

    /// `proxy` without its password; `error` in the words of who failed.
    package static func proxyUnusable(_ proxy: String, error: String) -> Problem {
        Problem(.proxyUnusable, ["proxy": proxy, "error": error])
    }

    /// `error` is the kernel's word.
    package static func streamsNotAccepted(port: UInt16, error: String) -> Problem {
        Problem(.streamsNotAccepted, ["port": String(port), "error": error])
    }

    /// `reason` and `fix` are the bridge planner's words.
    package static func lanNotBridged(reason: String, fix: String) -> Problem {
        Problem(.lanNotBridged, ["reason": reason], fix: fix + ".")
    }

    /// `remover` names the program, if the kernel told; `restored` is whether the device is a port again.
    package static func portTakenOut(
        _ device: String, bridge: String, remover: String? = nil, restored: Bool
    ) -> Problem {
        Problem(
            .portTakenOut,
            [
                "device": device, "bridge": bridge, "remover": remover ?? "another program",
                "outcome": restored ? "restored" : "will be restored",
            ])
    }

    /// A bridge that the gateway made, and does not want any more.
    package static func bridgeLeft(_ bridge: String) -> Problem { Problem(.bridgeLeft, ["bridge": bridge]) }

    /// A host here has an address that `holder` has for a host of its own.
    package static func hostAddressTaken(_ address: IPAddress, mac: MACAddress, holder: String) -> Problem {
        Problem(
            .hostAddressTaken, ["address": address.description, "mac": mac.description, "holder": holder])
    }

    /// Two hosts of this LAN have one address.
    package static func hostAddressTwice(_ address: IPAddress, mac: MACAddress, rival: MACAddress) -> Problem {
        Problem(
            .hostAddressTwice,
            ["address": address.description, "mac": mac.description, "rival": rival.description])
    }

    /// DHCP clients ask in vain.
    package static func noHostAddresses(_ subnet: String) -> Problem {
        Problem(.noHostAddresses, ["subnet": subnet])
    }

    /// `error` is the kernel's word.
    package static func namesNotServed(_ address: IPAddress, error: String) -> Problem {
        Problem(.namesNotServed, ["address": address.description, "error": error])
    }

    /// The own certificate is on the grid's revocation list.
    package static func certificateRevoked() -> Problem { Problem(.certificateRevoked) }
}
