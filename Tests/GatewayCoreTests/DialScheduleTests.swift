import GatewayCore
import NetworkTypes
import SimulationKit
import Testing

/// When it is tried again to reach somebody.
@Suite struct DialScheduleTests {
    private static let start = Instant(nanoseconds: 0)

    /// Plays attempts that all fail; returns when they were.
    private func attempts(
        _ schedule: inout DialSchedule, pace: DialSchedule.Pace, from begin: Instant, for duration: Duration,
        seed: UInt64
    ) -> [Instant] {
        var random = SeededRandom(seed: seed)
        var times: [Instant] = []
        while let next = schedule.next, next < begin + duration {
            times.append(next)
            schedule.attempted(pace: pace, now: next, random: &random)
        }
        return times
    }

    @Test(arguments: UInt64(1)...20) func `the first attempts come soon, the later ones more and more rarely, for ever`(
        seed: UInt64
    ) {
        var schedule = DialSchedule(first: Self.start)
        let times = attempts(&schedule, pace: .served, from: Self.start, for: .seconds(36_000), seed: seed)
        let pauses = zip(times, times.dropFirst()).map { $1 - $0 }
        for (index, pause) in pauses.enumerated() {
            let usual = min(DialLimits.firstInterval * (1 << min(index, 20)), DialLimits.rareInterval)
            #expect(pause >= usual / 2 && pause <= usual * 3 / 2, "seed \(seed), pause \(index)")
        }
        // What an attempt costs is in DialLimits; the budget of an idle link is 1 kbit/s.
        #expect(Double(times.count) * 3_400 * 8 / 36_000 < 200)
    }

    @Test(arguments: [
        (DialSchedule.Pace.steady, DialLimits.interval), (.served, DialLimits.rareInterval),
        (.unreached, DialLimits.rareInterval),
    ]) func `no pause is longer than half as much again as its pace allows`(
        pace: DialSchedule.Pace, limit: Duration
    ) {
        var schedule = DialSchedule(first: Self.start)
        let times = attempts(&schedule, pace: pace, from: Self.start, for: .seconds(36_000), seed: 1)
        let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
        #expect(longest > limit && longest <= limit * 3 / 2)
    }

    @Test func `news makes the intervals begin anew once they are long, and leaves short ones alone`() throws {
        var schedule = DialSchedule(first: Self.start)
        var random = SeededRandom(seed: 1)
        for _ in 0..<DialLimits.eagerAttempts {
            schedule.attempted(pace: .served, now: Self.start, random: &random)
            let planned = schedule
            schedule.refresh(at: Self.start)
            #expect(schedule == planned)
        }
        for _ in 0..<6 { schedule.attempted(pace: .served, now: Self.start, random: &random) }
        #expect(schedule.isSparing)
        schedule.refresh(at: Self.start + .seconds(1))
        #expect(schedule == DialSchedule(first: Self.start + .seconds(1)))
    }

    @Test func `news plans nothing for those that are not wanted`() {
        var schedule = DialSchedule(first: Self.start)
        var random = SeededRandom(seed: 1)
        for _ in 0..<9 { schedule.attempted(pace: .unreached, now: Self.start, random: &random) }
        schedule.suspend()
        schedule.refresh(at: Self.start)
        schedule.postpone(to: Self.start)
        #expect(schedule.next == nil)
        schedule.begin(at: Self.start + .seconds(2))
        schedule.begin(at: Self.start + .seconds(1))
        #expect(schedule.next == Self.start + .seconds(2))
        schedule.hasten(to: Self.start + .seconds(1))
        #expect(schedule.next == Self.start + .seconds(1))
    }

    @Test(arguments: UInt64(1)...5) func `once one pair of many that were kept apart has met, all have within seconds`(
        seed: UInt64
    ) throws {
        let simulator = Simulator(seed: seed)
        for index in 0..<8 {
            simulator.addSite(
                "site\(index)", prefix: "10.\(index).0.0/16",
                bootstrap: index == 0 ? [] : [Endpoint("198.51.100.1:7867")!])
        }
        let apart = simulator.hosts.dropFirst()
        let pairs = apart.flatMap { one in apart.map { (one, $0) } }.filter { $0.0.node < $0.1.node }
        simulator.network.pairs = pairs.map { PairConditions($0.0.place, $0.1.place, lossPerMille: 1_000) }
        // Long enough for every interval to be at its longest.
        simulator.run(for: .seconds(1_200))
        let count = { pairs.count { $0.0.path(to: $0.1.node)?.endpoint.medium == .udp } }
        #expect(count() == 0)

        simulator.network.pairs = []
        _ = try #require(simulator.run(until: { count() > 0 }, within: .seconds(300)))
        let took = try #require(simulator.run(until: { count() == pairs.count }, within: .seconds(60)))
        #expect(took < .seconds(10), "seed \(seed)")
    }
}
