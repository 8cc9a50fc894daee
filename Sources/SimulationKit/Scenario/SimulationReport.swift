/// What a run of a scenario has found. What was not measured is `nil`.
package struct SimulationReport: Sendable {
    /// Members that the scenario was played with.
    package var members: Int
    package var announcers: Int
    package var seed: UInt64
    package var scenario: String
    /// Whether every expectation of convergence held; `nil` when there was none.
    package var converged: Bool?
    package var routes = RouteSample()
    /// From a member's start until it took part in routing, the median over all members.
    package var joinTimeMedian: Duration?
    /// The longest that the grid took to converge after a fault had ended.
    package var repairTime: Duration?
    /// Keys with two live owners at the end.
    package var conflicts: Int?
    /// Leases that somebody holds at the end, of those whose askers all still run; `nil` when none was asked for.
    package var leases: (held: Int, wanted: Int)?
    /// Hosts of living members at the end, and those of them whose address is held; `nil` when there are none.
    package var hosts: (held: Int, wanted: Int)?
    /// Addresses that hosts of two living members use at the end.
    package var hostConflicts: Int?
    /// The longest that an address was wanted by a living host and held by none.
    package var hostGap: Duration?
    /// Sessions of a member at the end: of all together, and of the one that has the most.
    package var sessions: (total: Int, most: Int) = (0, 0)
    /// Members that run at the end.
    package var livingCount = 0
    /// What idle members sent, for each member.
    package var idleBitsPerSecond: Double?
    /// The same for each link.
    package var idleBitsPerSecondAndLink: Double?
    package var digest: UInt64 = 0
    package var eventCount: UInt64 = 0
    package var datagramCount: UInt64 = 0
    package var virtualTime: Duration = .zero
    /// What was broken, and the line of the scenario that was being played.
    package var violation: InvariantViolation?
    package var line: Int?

    package init(members: Int, announcers: Int, seed: UInt64, scenario: String) {
        self.members = members
        self.announcers = announcers
        self.seed = seed
        self.scenario = scenario
    }

    /// The digest as text: 16 hexadecimal digits.
    package var digestText: String {
        let digits = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// Hops and success over many routes.
package struct RouteSample: Equatable, Sendable {
    package private(set) var routeCount = 0
    package private(set) var arrivedCount = 0
    private var hopSum = 0
    private var histogram: [Int] = []

    package init() {}

    /// A route of so many hops arrived; `nil`: it did not.
    package mutating func add(hops: Int?) {
        routeCount += 1
        guard let hops else { return }
        arrivedCount += 1
        hopSum += hops
        while histogram.count <= hops { histogram.append(0) }
        histogram[hops] += 1
    }

    /// Routes that arrived, in thousandths, rounded down; `nil` before the first.
    package var arrivedPerMille: Int? { routeCount == 0 ? nil : arrivedCount * 1_000 / routeCount }
    /// Mean hops in thousandths.
    package var meanPerMille: Int? { arrivedCount == 0 ? nil : hopSum * 1_000 / arrivedCount }

    /// The number of hops that 99 % of the arrived routes stay within.
    package var hops99: Int? {
        guard arrivedCount > 0 else { return nil }
        var seen = 0
        return histogram.firstIndex { count in
            seen += count
            return seen * 100 >= arrivedCount * 99
        }
    }
}
