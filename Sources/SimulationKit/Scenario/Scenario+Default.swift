extension Scenario {
    /// What the simulator plays unless it is given a file: all join and ask for a lease each, a tenth churns, the grid
    /// is parted and merges, and ten pairs a member are routed. The same text is `Scenarios/default.scenario`.
    package static let defaultText = """
        # The simulator's own scenario, built in.
        network delay 5..95ms tail 10

        join all within 60s
        expect converged within 60s
        leases 100%
        # Let what follows a start settle.
        run 30s
        expect leases 100%
        idle 30s

        churn 10% within 30s
        expect converged within 60s

        partition half
        run 40s
        heal
        expect converged within 120s
        run 30s
        expect leases 100%
        expect no conflicts

        route 1000%
        expect reachable 100%
        expect hops bounded

        """

    /// `defaultText`, read.
    package static var standard: Scenario {
        do {
            return try Scenario(reading: defaultText, file: "default.scenario")
        } catch {
            preconditionFailure("the built-in scenario is read by a test: \(error)")
        }
    }
}
