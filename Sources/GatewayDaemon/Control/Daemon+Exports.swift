import ControlProtocol
import GatewayConfiguration
import GatewayCore
import NetworkTypes
import OverlayStore
import PacketForwarding
import RoutePlanning

// How the own exports stand, for status.
extension Daemon {
    /// Each line of this site in subnets.map.
    var exportReports: [ExportReport] {
        let own = gateway.ownExports(now: now)
        return files.subnetMap.exports(of: files.settings.site).map { export in
            if let issue = refusal(of: export, by: files, exportVerdicts) {
                return ExportReport(subnet: export.subnet, virtual: export.virtual, state: .refused, issue: issue)
            }
            guard let standing = own.first(where: { $0.subnet == export.subnet }) else {
                return ExportReport(subnet: export.subnet, virtual: export.virtual, state: .leasing)
            }
            let (state, issue) = Self.words(standing)
            return ExportReport(subnet: export.subnet, virtual: standing.virtual, state: state, issue: issue)
        }
    }

    /// Leased prefixes that were lost not long ago.
    var prefixLosses: [Problem] {
        gateway.ownExports(now: now).compactMap { export in
            export.loss.map { loss in
                .prefixLost(loss.prefix, subnet: export.subnet, holder: loss.holder, replacement: export.virtual)
            }
        }
    }

    /// Virtual prefixes that share addresses with a network of this host.
    func sharedPrefixes(_ exports: [ForwardedExport]) -> [Problem] {
        let check = VirtualPrefixCheck(found: keeper.found, device: files.settings.device)
        return exports.filter(\.isMapped).compactMap { export in
            check.network(sharing: export.virtual).map { network in
                .virtualPrefixShared(
                    export.virtual, subnet: export.subnet, network: network.prefix, interface: network.interface)
            }
        }
    }

    /// What certificate and host have against an export of `files`.
    func refusal(
        of export: SubnetExport, by files: RunningConfiguration, _ verdicts: [ExportVerdict]
    ) -> RouteIssue? {
        if files.exports.uncovered.contains(export) {
            let code = RouteCode.notCoveredByCertificate
            let command = "ipop cert issue \(files.settings.site) --subnet \(export.subnet)"
            return RouteIssue(code, text: code.explanation.phrase, fix: "issue one that does: `\(command)`")
        }
        guard let refusal = verdicts.first(where: { $0.prefix == export.subnet })?.refusal else { return nil }
        return RouteIssue(code: refusal.code, text: refusal.text, fix: refusal.fix)
    }

    private static func words(_ export: OwnExport) -> (state: ExportState, issue: RouteIssue?) {
        switch export.state {
        case .announced:
            return (.announced, nil)
        case .leasing(let state):
            let reason = state.flatMap { standing($0).reason } ?? .notReady
            let code = RouteCode.leasePending
            return (
                .leasing,
                RouteIssue(code, text: "its lease waits: \(reason.explanation.phrase)", fix: reason.explanation.fix)
            )
        case .outsidePool:
            return (.refused, .outsidePool(export.virtual))
        case .poolExhausted:
            return (.refused, RouteIssue(.poolExhausted))
        case .owned(let site):
            return (.refused, .owned(by: site))
        }
    }
}

extension RouteIssue {
    /// No pool has the virtual prefix.
    static func outsidePool(_ virtual: IPPrefix?) -> RouteIssue {
        let name = virtual.map { "\($0)" } ?? "its virtual prefix"
        return RouteIssue(
            .outsidePool, text: "\(name) is not in the grid's pools", fix: RouteCode.outsidePool.explanation.fix)
    }

    /// Another site has the prefix.
    static func owned(by site: String) -> RouteIssue {
        RouteIssue(
            .ownedByAnotherSite, text: "site \(site) owns it", fix: RouteCode.ownedByAnotherSite.explanation.fix)
    }
}
