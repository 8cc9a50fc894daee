import ControlProtocol
import GatewayConfiguration
import GatewayCore
import NetworkTypes
import OverlayStore
import PacketForwarding
import RoutePlanning

/// A plan that waits for the owners of prefixes.
struct PlanInquiry {
    /// Reads of the store at once: half of those that a member may have, so that others have theirs too.
    static let readLimit = 32

    let files: RunningConfiguration
    let difference: ConfigurationDifference
    /// Prefixes that are still to be asked for, the next one last.
    var waiting: [IPPrefix] = []
    /// Reads of the store under way.
    private var reads: [(number: UInt64, prefix: IPPrefix)] = []
    private var owners: [(prefix: IPPrefix, owner: PrefixOwner)] = []

    init(files: RunningConfiguration, difference: ConfigurationDifference) {
        self.files = files
        self.difference = difference
    }

    /// All has been answered.
    var isComplete: Bool { waiting.isEmpty && reads.isEmpty }

    /// The next prefix to ask for, which the read of that number is about; `nil` when there is none, or no room.
    mutating func next(number: UInt64) -> IPPrefix? {
        guard reads.count < Self.readLimit, let prefix = waiting.popLast() else { return nil }
        reads.append((number, prefix))
        return prefix
    }

    /// A read has ended; returns whether it was one of these.
    mutating func answered(_ number: UInt64, _ owner: PrefixOwner) -> Bool {
        guard let index = reads.firstIndex(where: { $0.number == number }) else { return false }
        owners.append((reads.remove(at: index).prefix, owner))
        return true
    }

    /// Who has a prefix, by what was answered.
    func owner(of prefix: IPPrefix?) -> PrefixOwner? { owners.first { $0.prefix == prefix }?.owner }
}

// What `ipop plan` asks: the way of a reload, up to where it would change something.
extension Daemon {
    /// Reads the files and asks the store who has the prefixes that they export and this site does not hold.
    func plan(token: UInt64) throws(ControlFailure) {
        let (new, difference) = try readChanges()
        var inquiry = PlanInquiry(files: new, difference: difference)
        if gateway.canAskForOwners {
            let unknown = outlook(new).forecast.exports.filter { $0.owner == .unknown }
            inquiry.waiting = unknown.compactMap(\.virtual).reversed()
        }
        let deadline = now + .milliseconds(Int64(ControlLimits.planMilliseconds))
        pending.append(PendingRequest(token: token, kind: .plan(inquiry), deadline: deadline))
        askForOwners(at: pending.count - 1)
        settle()
        answerWaiters()
    }

    /// Begins as many reads as there is room for. Their answers come as effects.
    private func askForOwners(at index: Int) {
        guard case .plan(var inquiry) = pending[index].kind else { return }
        while let prefix = inquiry.next(number: nextEcho + 1) {
            nextEcho += 1
            guard let key = Gateway.claimKey(prefix) else { continue }
            gateway.readLease(key.name, token: nextEcho, now: now, effects: &effects)
        }
        pending[index].kind = .plan(inquiry)
    }

    /// The store has answered.
    func ownerFound(_ number: UInt64, _ outcome: StoreOutcome) {
        for index in pending.indices {
            guard case .plan(var inquiry) = pending[index].kind,
                inquiry.answered(number, gateway.owner(by: outcome))
            else { continue }
            pending[index].kind = .plan(inquiry)
            askForOwners(at: index)
        }
    }

    /// What the files would come to, with what is known of owners by now.
    func planReport(_ inquiry: PlanInquiry) -> PlanReport {
        let (new, settings) = (inquiry.files, inquiry.files.settings)
        let outlook = outlook(new)
        let exports = inquiry.difference.exports.map { planned($0, inquiry, outlook) }
        let intent = NetworkIntent(
            settings: settings, bridge: outlook.bridge.standing.bridge,
            deviceMTU: wantedDeviceMTU(settings),
            exports: exports.compactMap(\.announced), routes: outlook.forecast.routes,
            bridged: bridgedRoutes(new, own: outlook.bridgedSubnet))
        let plan = HostNetworkPlanner.plan(
            wanted: wanted(intent, found: outlook.bridge.found), found: outlook.bridge.found)
        let (routes, others) = sorted(plan)
        var problems: [Problem] = []
        if case .refused(let refusal) = outlook.bridge.standing {
            problems.append(.lanNotBridged(reason: refusal.text, fix: refusal.fix))
        }
        problems += sharedPrefixes(exports.compactMap(\.announced)) + newRefusals(plan)
        return PlanReport(
            isRunning: true, grid: settings.grid, site: settings.site, changes: inquiry.difference.changes,
            restarts: inquiry.difference.restarts, warnings: new.warnings.map(\.description), exports: exports,
            routes: routes, commands: (outlook.bridge.steps + others).map(\.description), otherProblems: problems)
    }

    /// What a reload of `files` would find and decide, short of other members' answers.
    private func outlook(_ files: RunningConfiguration) -> ReloadOutlook {
        let outlook = bridge.foresee(BridgeWish(files.settings.lan), found: keeper.found)
        let bridged = bridgedSubnet(files, bridge: outlook.standing.bridge)
        let name = files.settings.lan.interface
        let lanInterface = keeper.found.lanLink(of: name)?.name ?? name
        let judged = judgedExports(files, lanInterface: lanInterface)
        let settings = coreSettings(
            files, standing: judged.standing, bridged: bridged, addresses: ownAddresses, names: ownNames)
        return ReloadOutlook(
            bridge: outlook, bridgedSubnet: bridged, verdicts: judged.verdicts, forecast: gateway.forecast(settings))
    }

    // MARK: Exports

    private func planned(_ change: ExportChange, _ inquiry: PlanInquiry, _ outlook: ReloadOutlook) -> PlannedExport {
        let now = gateway.ownExports(now: now).first { $0.subnet == change.subnet }?.virtual
        var planned = PlannedExport(
            subnet: change.subnet, change: PlannedExportChange(change.kind), virtual: change.new?.virtual,
            former: change.former?.virtual ?? (change.former == nil ? nil : now))
        guard let export = change.new else { return planned }
        planned.issue = refusal(of: export, by: inquiry.files, outlook.verdicts)
        guard planned.issue == nil,
            let forecast = outlook.forecast.exports.first(where: { $0.subnet == export.subnet })
        else { return planned }
        planned.virtual = forecast.virtual
        let known = forecast.owner
        let owner = known == .unknown ? inquiry.owner(of: forecast.virtual) ?? .unknown : known
        planned.setOwner(owner, site: inquiry.files.settings.site, free: forecast.freePrefix)
        return planned
    }

    // MARK: The kernel

    /// Routes that are refused then and are not now.
    private func newRefusals(_ plan: HostNetworkPlan) -> [Problem] {
        var refused = PrefixTable<Void>()
        for verdict in keeper.plan.verdicts where verdict.state == .refused { refused[verdict.wanted.prefix] = () }
        return plan.verdicts.compactMap { verdict in
            guard verdict.state == .refused, refused[verdict.wanted.prefix] == nil, let reason = verdict.reason,
                let issue = RouteIssue(code: reason.code, text: reason.text, fix: reason.fix)
            else { return nil }
            return .routeRefused(verdict.wanted.prefix, site: verdict.wanted.site, issue: issue)
        }
    }

    /// The routes that come and go, and the other steps.
    private func sorted(_ plan: HostNetworkPlan) -> (routes: [PlannedRoute], others: [HostNetworkStep]) {
        var sites = PrefixTable<String>()
        for verdict in keeper.plan.verdicts + plan.verdicts where verdict.state != .refused {
            sites[verdict.wanted.prefix] = verdict.wanted.site
        }
        var routes: [PlannedRoute] = []
        var others: [HostNetworkStep] = []
        func add(_ change: PlannedRouteChange, _ route: HostRoute, _ link: LinkIdentity?, _ purpose: RoutePurpose) {
            routes.append(
                PlannedRoute(
                    change: change, prefix: route.prefix, site: purpose == .underlayPin ? nil : sites[route.prefix],
                    device: link?.name, metric: route.metric, table: route.table.rawValue,
                    isDeadEnd: purpose == .deadEnd))
        }
        for step in plan.steps {
            switch step {
            case .addRoute(let route, let link, let purpose): add(.added, route, link, purpose)
            case .replaceRoute(let route, let link, let purpose): add(.replaced, route, link, purpose)
            case .removeRoute(let route, let link, let purpose): add(.removed, route, link, purpose)
            case .makeDevice, .setMTU, .setUp, .addAddress, .removeAddress, .setNeighbour, .removeNeighbour,
                .makeBridge, .removeBridge, .setMaster:
                others.append(step)
            }
        }
        return (routes, others)
    }
}

/// What a reload would find and decide.
private struct ReloadOutlook {
    let bridge: BridgeOutlook
    let bridgedSubnet: IPPrefix?
    let verdicts: [ExportVerdict]
    let forecast: ReloadForecast
}

extension PlannedExport {
    /// What will be reachable for others, as far as is known.
    fileprivate var announced: ForwardedExport? {
        guard change != .removed, issue == nil, let virtual else { return nil }
        guard owner == .ours || owner == .free || virtual == subnet else { return nil }
        return ForwardedExport(subnet: subnet, virtual: virtual)
    }

    /// Takes in who has the virtual prefix; `free` is one that could be had in its place.
    fileprivate mutating func setOwner(_ owner: PrefixOwner, site: String, free: IPPrefix?) {
        switch owner {
        case .ours: self.owner = .ours
        case .free: self.owner = .free
        case .unknown:
            self.owner = virtual == nil ? nil : .unknown
            if virtual == nil, free == nil { issue = RouteIssue(.poolExhausted) }
        case .outsidePool:
            issue = .outsidePool(virtual)
            suggest(site: site, free: free)
        case .site(let name):
            self.owner = .otherSite
            holder = name
            issue = .owned(by: name)
            suggest(site: site, free: free)
        }
    }

    private mutating func suggest(site: String, free: IPPrefix?) {
        guard let free else { return }
        suggestion = "\(site) \(subnet) auto    # or \(free), which is free, in place of auto"
    }
}

extension PlannedExportChange {
    fileprivate init(_ kind: ExportChange.Kind) {
        switch kind {
        case .added: self = .added
        case .removed: self = .removed
        case .mapped: self = .mapped
        case .kept: self = .kept
        }
    }
}
