package import ControlProtocol
import NetworkTypes

/// The steps at the gateway of the destination's site, which answers for them.
package struct FarSide {
    /// What this gateway takes from whom.
    package struct Grid: Sendable {
        package var site: String
        package var exports: [ExportReport]
        /// The route that the source falls under, if one is known.
        package var sourceRoute: RouteReport?
        /// That route is wanted, and the kernel does not have it.
        package var isSourceRouteMissing: Bool
        /// The site that asks.
        package var asker: String

        package init(
            site: String, exports: [ExportReport], sourceRoute: RouteReport?, isSourceRouteMissing: Bool = false,
            asker: String
        ) {
            self.site = site
            self.exports = exports
            self.sourceRoute = sourceRoute
            self.isSourceRouteMissing = isSourceRouteMissing
            self.asker = asker
        }
    }

    private let grid: Grid
    private let packet: ExplainedPacket
    private let side: SideSteps

    /// `packet` has the addresses that the grid knows, `facts` those of this LAN.
    package init(grid: Grid, facts: SideFacts, packet: ExplainedPacket) {
        self.grid = grid
        self.packet = packet
        var local = packet
        local.destination = grid.exports.local(packet.destination)
        side = SideSteps(site: grid.site, facts: facts, packet: local, isSource: false)
    }

    /// The steps in the order in which the packet and then its answer take them.
    package var steps: [ExplainStep] {
        var steps = [
            export, Self.sourceCheck(grid, packet), side.device, side.reversePath, side.forwarding, side.lanInterface,
            side.lanHost(),
            side.firewall, side.route(missing: missingRoute),
        ]
        if let router = side.defaultRouter { steps.append(router) }
        return steps
    }

    private var export: ExplainStep {
        let found = grid.exports.filter { ($0.virtual ?? $0.subnet).contains(packet.destination) }
        guard let export = found.max(by: { $0.subnet.length < $1.subnet.length }) else {
            return ExplainStep(
                grid.site, .export, fails: .destinationNotExported,
                "\(packet.destination) is in no subnet that site \(grid.site) exports")
        }
        switch export.state {
        case .announced:
            let local = grid.exports.local(packet.destination)
            let name = local == packet.destination ? "\(local)" : "\(packet.destination) is \(local) on this LAN and"
            return ExplainStep(grid.site, .export, true, "\(name) is in \(export.subnet), exported here")
        case .leasing:
            return ExplainStep(grid.site, .export, nil, "\(export.subnet) is being leased")
        case .refused:
            return ExplainStep(
                grid.site, .export, fails: .exportRefused,
                "export \(export.subnet) is refused\(export.issue.map { ": \($0.text)" } ?? "")", fix: export.issue?.fix
            )
        }
    }

    /// Whether packets with this source are taken from the site that asks.
    static func sourceCheck(_ grid: Grid, _ packet: ExplainedPacket) -> ExplainStep {
        guard let route = grid.sourceRoute else {
            return ExplainStep(
                grid.site, .sourceCheck, fails: .sourceNotAccepted,
                "no site is known here to announce a prefix that has \(packet.source)")
        }
        if !route.wanted {
            return ExplainStep(
                grid.site, .sourceCheck, fails: .sourceNotAccepted,
                "\(route.prefix) of site \(route.site) is not taken here\(route.issue.map { ": \($0.text)" } ?? "")",
                fix: route.issue?.fix)
        }
        guard route.site == grid.asker else {
            return ExplainStep(
                grid.site, .sourceCheck, fails: .sourceNotAccepted,
                "\(packet.source) is in \(route.prefix) of site \(route.site) here, not of site \(grid.asker)")
        }
        return ExplainStep(
            grid.site, .sourceCheck, true, "\(packet.source) is taken from site \(route.site), \(route.prefix)")
    }

    private var missingRoute: (text: String, fix: String)? {
        guard grid.isSourceRouteMissing, let route = grid.sourceRoute else { return nil }
        return (
            "the kernel has no route back to \(route.prefix)\(route.issue.map { ": \($0.text)" } ?? "")",
            route.issue?.fix ?? ExplainCode.routeMissing.explanation.fix
        )
    }
}
