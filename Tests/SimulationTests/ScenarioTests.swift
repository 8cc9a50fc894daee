import NetworkTypes
import SimulationKit
import Testing

/// Whole scenarios through the full core.
@Suite struct ScenarioTests {
    static let sizes: [(Int, UInt64)] = [(3, 1), (3, 2), (3, 3), (8, 1)]

    @Test(arguments: sizes) func `a grid lives through churn, a partition and its merge`(count: Int, seed: UInt64) {
        let report = ScenarioRun(.standard, members: count, seed: seed).play()
        #expect(report.violation == nil, "\(report)")
        #expect(report.converged == true && report.routes.arrivedPerMille == 1_000)
        #expect(report.routes.routeCount == 10 * count)
        #expect(report.conflicts == 0)
        #expect(report.joinTimeMedian != nil && report.repairTime != nil && report.idleBitsPerSecond != nil)
    }

    @Test func `the built-in scenario is the one in the folder`() throws {
        #expect(try ScenarioFiles.text("default.scenario") == Scenario.defaultText)
    }

    @Test(arguments: try ScenarioFiles.names()) func `each example plays to its end`(name: String) throws {
        let scenario = try Scenario(reading: ScenarioFiles.text(name), file: name)
        let report = ScenarioRun(scenario, members: 6, seed: 1).play()
        #expect(report.violation == nil, "\(report)")
    }

    @Test(arguments: [(4, 1), (9, 2)] as [(Int, UInt64)]) func `hosts have addresses, none of them nobody's for long`(
        count: Int, seed: UInt64
    ) throws {
        let scenario = try Scenario(reading: ScenarioFiles.text("hosts.scenario"), file: "hosts.scenario")
        let report = ScenarioRun(scenario, members: count, seed: seed).play()
        #expect(report.violation == nil, "\(report)")
        let hosts = try #require(report.hosts)
        #expect(hosts.held == hosts.wanted && hosts.wanted >= 3 * count)
        let gap = try #require(report.hostGap)
        #expect(report.hostConflicts == 0 && gap > .zero && gap <= .seconds(240))
    }

    @Test func `an address that nobody holds for two lease times is told`() throws {
        // Who is cut off alone has no majority to lease an address for a host that comes over.
        let text = """
            members 6
            bridged 10.128.0.0/16
            join all within 9s
            expect converged within 60s
            hosts 3 lease 60s
            run 30s
            expect hosts 100%
            partition 3
            kill 2
            move hosts of killed
            run 5m
            """
        let report = ScenarioRun(try Scenario(reading: text, file: "a.scenario"), seed: 1).play()
        #expect(report.violation?.invariant == .addressesFindOwners)
        #expect(report.line == 11)
    }

    @Test func `hosts need a bridged subnet`() throws {
        let scenario = try Scenario(reading: "members 2\njoin all within 1s\nhosts 3", file: "a.scenario")
        let report = ScenarioRun(scenario, seed: 1).play()
        #expect(report.violation?.invariant == .expectation && report.line == 3)
        #expect(report.hosts == nil && report.hostGap == nil)
    }

    @Test(arguments: [(12, 1), (20, 2)] as [(Int, UInt64)]) func `a grid with a third of it dead stays quiet`(
        count: Int, seed: UInt64
    ) throws {
        let scenario = try Scenario(reading: ScenarioFiles.text("dead-third.scenario"), file: "dead-third.scenario")
        let report = ScenarioRun(scenario, members: count, seed: seed).play()
        #expect(report.violation == nil, "\(report)")
    }

    /// Slow members whose answers come later than anybody waits at first: their links must not flap.
    @Test(arguments: [(30, 1), (40, 2)] as [(Int, UInt64)]) func `slow members keep their links in a bad network`(
        count: Int, seed: UInt64
    ) throws {
        let text = """
            network delay 5..95ms jitter 30 tail 50 loss 50 duplicate 20 reorder 100
            join all within 30s
            slow 10% by 500ms
            expect converged within 60s
            run 60s
            expect converged within 10s
            """
        let report = ScenarioRun(try Scenario(reading: text, file: "slow.scenario"), members: count, seed: seed).play()
        #expect(report.violation == nil, "\(report)")
    }

    @Test func `one seed gives one digest, another seed another`() {
        func play(_ seed: UInt64) -> SimulationReport { ScenarioRun(.standard, members: 5, seed: seed).play() }
        let (first, second, third) = (play(5), play(5), play(6))
        #expect(first.digest == second.digest && first.eventCount == second.eventCount)
        #expect(first.digest != third.digest)
    }

    @Test func `what is expected and does not hold is told with its line`() throws {
        let text = "members 4\njoin all within 9s\npartition half\nrun 30s\nexpect reachable 99%"
        let scenario = try Scenario(reading: text, file: "a.scenario")
        let report = ScenarioRun(scenario, seed: 1).play()
        #expect(report.violation?.invariant == .expectation)
        #expect(report.line == 5)
    }

    @Test func `samples count what arrived`() {
        var sample = RouteSample()
        #expect(sample.arrivedPerMille == nil && sample.hops99 == nil)
        for _ in 0..<98 { sample.add(hops: 2) }
        sample.add(hops: 4)
        sample.add(hops: 9)
        sample.add(hops: nil)
        #expect(sample.arrivedPerMille == 990 && sample.hops99 == 4 && sample.meanPerMille == 2_090)
    }
}
