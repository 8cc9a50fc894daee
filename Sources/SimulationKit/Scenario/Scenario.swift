package import NetworkTypes

/// What happens to a grid of simulated gateways, in order. The language is described in docs/simulation.md.
package struct Scenario: Equatable, Sendable {
    /// A directive and where it stands.
    package struct Step: Equatable, Sendable {
        package let directive: Directive
        /// As it was written.
        package let text: String
        package let line: Int
    }

    /// As it is called in reports.
    package let name: String
    package let steps: [Step]

    /// Members unless the command line says otherwise.
    package var memberCount: Int {
        for step in steps { if case .members(let count) = step.directive { return count } }
        return ScenarioLimits.defaultMembers
    }
}

/// Limits and defaults of scenarios.
package enum ScenarioLimits {
    package static let defaultMembers = 100
    /// Members at most: a place in the plan of addresses for each.
    package static let members = 1_000_000
    /// Bootstrap members whose endpoints each member is given.
    package static let bootstrapGiven = 8
    /// Members that may be given to others, and which stand behind no translator: a fiftieth, so that each of them has
    /// some hundreds of newcomers at any size.
    package static func bootstrap(for members: Int) -> Int { max(bootstrapGiven, members / 50) }
    /// How long simulated leases live without renewal, and which part of them two members ask for at once.
    package static let leaseLifetime: Duration = .seconds(3_600)
    package static let rivalryPeriod = 10
    /// Hosts of one member, and how long the leases of their addresses live unless a scenario says otherwise.
    package static let hosts = 100
    package static let hostLifetime: Duration = .seconds(3_600)
    package static let hostLifetimes: ClosedRange<Duration> = .seconds(60)...(.seconds(86_400))
    /// Which part of the hosts remembers an address that another host remembers, too.
    package static let hostRivalryPeriod = 10
    /// Members that announce themselves and hold leases. Every announcement goes to every member and stays there, so
    /// that they all do in a grid of up to 1,000, and in a larger one so many that the grid holds a million copies.
    package static func announcers(for members: Int) -> Int {
        members <= 1_000 ? members : max(100, 1_000_000 / members)
    }
    /// Virtual time of one directive.
    package static let duration: Duration = .seconds(30 * 86_400)
    /// How often expectations look at the whole grid.
    package static let lookInterval: Duration = .milliseconds(500)
    /// Routed pairs of which reachability is judged when a scenario has routed none.
    package static let sampledPairs = 10_000
}

/// A part of the members.
package enum MemberShare: Equatable, Sendable {
    case count(Int)
    /// Of those that there are, in thousandths; above 1,000 for things that a member may have several of.
    case perMille(Int)

    /// How many of `total` that is; at least one of a part that is not nothing.
    package func of(_ total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .perMille(let perMille): perMille == 0 || total == 0 ? 0 : max(1, total * perMille / 1_000)
        }
    }
}

/// Who is killed.
package enum Victims: Equatable, Sendable {
    case drawn(MemberShare)
    case bestConnected(MemberShare)
    case bootstrap
}

/// Which hosts appear behind other gateways, with their addresses.
package enum MovedHosts: Equatable, Sendable {
    /// So many of those that there are.
    case drawn(MemberShare)
    /// All of gateways that were killed and have not been restarted.
    case ofKilled
}

/// What must hold, or the scenario fails.
package enum Expectation: Equatable, Sendable {
    case converged(within: Duration)
    /// Routed pairs that arrive, in thousandths.
    case reachable(perMille: Int)
    /// No key with two live owners.
    case noConflicts
    /// Live leases, in thousandths of those that were asked for.
    case leases(perMille: Int)
    /// Mean hops in thousandths; `nil`: half the binary logarithm of the members, plus two.
    case hops(atMost: Int?)
    /// Hosts of living members whose address is held, in thousandths.
    case hosts(perMille: Int)
    /// No address that hosts of two living members use, and none leased twice while the grid was one.
    case noHostConflicts
    /// Bits in a second and link while nothing happens.
    case idle(bitsPerSecondAndLink: Int)
}

/// One line of a scenario.
package enum Directive: Equatable, Sendable {
    // Before anybody joins.
    case members(Int)
    case announcers(Int)
    case bootstrap(Int)
    case translators(MemberShare, TranslatorBehaviour)
    case connectivity(perMille: Int)
    /// All members bridge their LANs into the subnet.
    case bridged(IPPrefix)
    // At any time.
    case network([NetworkChange])
    case join(MemberShare, within: Duration)
    /// Each time one member goes, every other time in good order, and a new one comes.
    case churn(MemberShare, within: Duration)
    case kill(Victims)
    case leave(MemberShare)
    case restartKilled(within: Duration)
    case slow(MemberShare, by: Duration)
    case partition(MemberShare)
    case heal
    case leases(MemberShare)
    /// Every member has so many hosts on its bridged LAN, those that come later too.
    case hosts(Int, lifetime: Duration)
    case moveHosts(MovedHosts)
    case route(MemberShare)
    /// Lets time go by and measures what idle members send.
    case idle(Duration)
    case run(Duration)
    case expect(Expectation)

    /// Whether it only makes sense before the first member starts.
    var isPreparation: Bool {
        switch self {
        case .members, .announcers, .bootstrap, .translators, .connectivity, .bridged: true
        case .network, .join, .churn, .kill, .leave, .restartKilled, .slow, .partition, .heal, .leases, .hosts,
            .moveHosts, .route, .idle, .run, .expect:
            false
        }
    }
}

/// A change of the network's conditions.
package enum NetworkChange: Equatable, Sendable {
    case delay(least: Duration, most: Duration)
    case jitter(percent: Int)
    case tail(perMille: Int)
    case loss(perMille: Int)
    case duplicate(perMille: Int)
    case reorder(perMille: Int)
    case mtu(Int)

    /// Makes it so.
    package func apply(to network: inout NetworkConditions) {
        switch self {
        case .delay(let least, let most):
            network.latency.least = least
            network.latency.most = most
        case .jitter(let percent): network.latency.jitterPercent = UInt64(percent)
        case .tail(let perMille): network.latency.tailPerMille = UInt64(perMille)
        case .loss(let perMille): network.lossPerMille = UInt64(perMille)
        case .duplicate(let perMille): network.duplicationPerMille = UInt64(perMille)
        case .reorder(let perMille): network.reorderingPerMille = UInt64(perMille)
        case .mtu(let mtu): network.mtu = mtu
        }
    }
}
