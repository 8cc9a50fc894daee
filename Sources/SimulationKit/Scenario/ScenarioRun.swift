import GatewayCore
import NetworkTypes

/// One play of a scenario: the members that ever were, and what was measured on the way.
package final class ScenarioRun {
    /// A site of the grid, running or not.
    struct Member {
        let identity: SimulatedIdentity
        let endpoint: Endpoint
        let translator: Int?
        /// Where it is attached; chosen at its first start.
        var place: Int?
        /// Its gateway while it runs.
        var host: SimulatedHost?
        /// Killed, and not restarted since.
        var isKilled = false
        /// Where members were when it was killed.
        var remembered: [Endpoint] = []
        /// While it is killed, where there are hosts: its last gateway, for what that had written down of its leases.
        var former: SimulatedHost?
        /// Whether its LAN has been given hosts, and those that are on it while it is killed.
        var hadHosts = false
        var stations: [SimulatedStation] = []
        /// From its first start until it took part in routing.
        var joinTime: Duration?
    }

    package let simulator: Simulator
    package private(set) var report: SimulationReport
    let scenario: Scenario
    let memberCount: Int
    var members: [Member] = []
    var bootstrapCount: Int
    var announcerCount: Int
    var translators: [(share: MemberShare, behaviour: TranslatorBehaviour)] = []
    var random: SeededRandom
    /// Who asked for which lease: numbers of members, with the hosts that they were then.
    var leases: [(name: String, askers: [SimulatedHost])] = []
    /// The hosts of bridged LANs; `nil` until a scenario has given some.
    var hosts: ScenarioHosts?
    /// Something has been broken since the grid converged last.
    var isDisturbed = false

    /// A run with `members` members, or as many as the scenario says.
    package init(_ scenario: Scenario, members: Int? = nil, seed: UInt64) {
        self.scenario = scenario
        memberCount = members ?? scenario.memberCount
        bootstrapCount = ScenarioLimits.bootstrap(for: memberCount)
        announcerCount = ScenarioLimits.announcers(for: memberCount)
        random = SeededRandom(seed: seed ^ 0x5ce0_a210)
        simulator = Simulator(seed: seed)
        simulator.network.latency = .internet
        simulator.trapsOnViolation = false
        simulator.keepsNotices = false
        report = SimulationReport(
            members: memberCount, announcers: announcerCount, seed: seed, scenario: scenario.name)
    }

    /// Plays the scenario to its end, or to the first thing that must not be. `progress` is told each line and the
    /// virtual time before it is played.
    package func play(progress: (Scenario.Step, Duration) -> Void = { _, _ in }) -> SimulationReport {
        let begin = simulator.now
        for step in scenario.steps {
            progress(step, simulator.now - begin)
            report.line = step.line
            play(step.directive)
            checkHosts()
            if simulator.violation != nil { break }
        }
        finish(begin: begin)
        return report
    }

    private func play(_ directive: Directive) {
        switch directive {
        case .members: break
        case .announcers(let count): announcerCount = min(memberCount, count)
        case .bootstrap(let count): bootstrapCount = count
        case .translators(let share, let behaviour): translators.append((share, behaviour))
        case .connectivity(let perMille): simulator.network.connectivity = PairConnectivity(perMille: UInt64(perMille))
        case .bridged(let subnet): simulator.bridged = subnet
        case .network(let changes): for change in changes { change.apply(to: &simulator.network) }
        case .join(let share, let duration): join(share.of(memberCount), within: duration)
        case .churn(let share, let duration): churn(share.of(living.count), within: duration)
        case .kill(let victims): kill(victims)
        case .leave(let share): for number in draw(share.of(living.count)) { leave(number) }
        case .restartKilled(let duration): restartKilled(within: duration)
        case .slow(let share, let delay): slow(share.of(living.count), by: delay)
        case .partition(let share): partition(share.of(living.count))
        case .heal: heal()
        case .leases(let share): lease(share.of(living.count))
        case .hosts(let count, let lifetime): giveHosts(count, lifetime: lifetime)
        case .moveHosts(let moved): moveHosts(moved)
        case .route(let share): route(share.of(living.count))
        case .idle(let duration): idle(for: duration)
        case .run(let duration): simulator.run(for: duration)
        case .expect(let expectation): expect(expectation)
        }
    }

    private func finish(begin: Instant) {
        noteJoinTimes()
        let times = members.compactMap(\.joinTime).sorted()
        report.joinTimeMedian = times.isEmpty ? nil : times[times.count / 2]
        report.announcers = announcerCount
        report.conflicts = simulator.conflicts().count
        if !leases.isEmpty { report.leases = heldLeases() }
        if let hosts {
            report.hosts = heldHosts()
            report.hostConflicts = hosts.ledger.shared.count
            report.hostGap = hosts.ledger.longestGap(now: simulator.now)
        }
        let counts = simulator.hosts.map { $0.gateway.liveCount }
        report.sessions = (counts.reduce(0, +), counts.max() ?? 0)
        report.livingCount = counts.count
        report.digest = simulator.digest.value
        report.eventCount = simulator.eventCount
        report.datagramCount = simulator.datagramCount
        report.virtualTime = simulator.now - begin
        report.violation = simulator.violation
        if report.violation == nil { report.line = nil }
    }

    private func idle(for duration: Duration) {
        let bits = simulator.bitsSent
        simulator.run(for: duration)
        let seconds = duration.inSeconds
        let sent = Double(simulator.bitsSent - bits)
        let hosts = simulator.hosts
        let ends = hosts.reduce(0) { $0 + $1.gateway.liveCount }
        guard seconds > 0, !hosts.isEmpty else { return }
        report.idleBitsPerSecond = sent / seconds / Double(hosts.count)
        report.idleBitsPerSecondAndLink = ends == 0 ? nil : sent / seconds / (Double(ends) / 2)
    }

    private func route(_ count: Int) {
        report.routes = simulator.sampleRoutes(count, random: &random)
    }

    private func expect(_ expectation: Expectation) {
        switch expectation {
        case .converged(let limit):
            expectConvergence(within: limit)
        case .reachable(let perMille):
            if report.routes.routeCount == 0 { route(ScenarioLimits.sampledPairs) }
            let routes = report.routes
            guard routes.arrivedCount * 1_000 < routes.routeCount * perMille else { return }
            fail("\(routes.arrivedCount) of \(routes.routeCount) routes arrived")
        case .noConflicts:
            let conflicts = simulator.conflicts()
            if let key = conflicts.first { fail("\(conflicts.count) keys have two live owners, \(key) for one") }
        case .leases(let perMille):
            let (held, wanted) = heldLeases()
            if held * 1_000 < wanted * perMille { fail("\(held) of \(wanted) leases are held") }
        case .hosts(let perMille):
            let (held, wanted) = heldHosts()
            if held * 1_000 < wanted * perMille { fail("\(held) of \(wanted) hosts have an address") }
        case .noHostConflicts: expectNoHostConflicts()
        case .hops(let most):
            guard let mean = report.routes.meanPerMille else { return fail("no routes were measured") }
            let bound = most ?? ScenarioBounds.hopsPerMille(members: simulator.hosts.count)
            guard mean > bound else { return }
            let texts = [mean, bound].map { FixedPoint.text(Int64($0), decimals: 3) }
            fail("\(texts[0]) hops on average are more than \(texts[1])")
        case .idle(let most):
            guard let bits = report.idleBitsPerSecondAndLink else { return fail("no idle time was measured") }
            guard bits > Double(most) else { return }
            fail("\(Int(bits)) bit/s of an idle link are more than \(most)")
        }
    }

    private func expectConvergence(within limit: Duration) {
        let took = simulator.run(
            until: { simulator.divergence == nil }, every: ScenarioLimits.lookInterval, within: limit)
        report.converged = took != nil && report.converged != false
        if isDisturbed, let took { report.repairTime = max(report.repairTime ?? .zero, took) }
        isDisturbed = false
        if took != nil { hosts?.ledger.isWhole = true }
        if took == nil, simulator.violation == nil {
            fail("not converged: \(simulator.divergence ?? "nothing is wrong now")")
        }
    }

    /// Leases that somebody holds, of those whose askers all still run.
    private func heldLeases() -> (held: Int, wanted: Int) {
        var held = 0
        var wanted = 0
        for lease in leases {
            let askers = lease.askers.filter(simulator.isAlive)
            // Who lost a lease does not ask again when the winner is gone.
            guard askers.count == lease.askers.count else { continue }
            wanted += 1
            if askers.contains(where: { $0.holds(lease.name) }) { held += 1 }
        }
        return (held, wanted)
    }

    func fail(_ what: String) { simulator.fail(.expectation, at: nil, what) }
}

/// Bounds that are computed.
package enum ScenarioBounds {
    /// Half the binary logarithm of the members, plus two, in thousandths: what mean hops must not exceed.
    package static func hopsPerMille(members: Int) -> Int {
        // The logarithm in 1/1,024, by squaring: no floating point, so that one seed has one verdict everywhere.
        guard members > 1 else { return 2_000 }
        let whole = members.bitWidth - 1 - members.leadingZeroBitCount
        var mantissa = UInt64(members) << UInt64(31 - whole)
        var fraction = 0
        for _ in 0..<10 {
            mantissa = (mantissa * mantissa) >> 31
            fraction <<= 1
            if mantissa >= 1 << 32 {
                fraction |= 1
                mantissa >>= 1
            }
        }
        return (whole * 1_024 + fraction) * 1_000 / 2_048 + 2_000
    }
}
