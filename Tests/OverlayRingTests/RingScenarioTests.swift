import NetworkTypes
import OverlayRing
import RingSimulation
import Testing

/// Whole rings under virtual time. One seed gives one run; a failure is repeated by its seed.
///
/// The largest ring here has 150 members, because these tests run without optimisation; larger ones are measured by
/// hand.
@Suite struct RingScenarioTests {
    @Test(arguments: [3, 50, 150])
    func `members that join one after the other make a consistent ring`(count: Int) throws {
        var ring = VirtualRing(seed: 1)

        ring.grow(by: count, spacing: .milliseconds(100))

        let took = ring.run(until: { $0.isConsistent }, within: .seconds(30))
        try #require(took != nil, "wrong: \(ring.inconsistentMembers())")
        let sample = ring.sampleRoutes(1_000)
        #expect(sample.arrivedCount == sample.routeCount)
        #expect(ring.living.allSatisfy { ring.node($0).isConsistent })
        #expect(ring.living.allSatisfy { ring.joinTime($0) != nil })
        let median = ring.medianJoinMilliseconds
        #expect(try #require(median) < 2_000)
    }

    @Test func `members that start at the same moment make one ring`() throws {
        var ring = VirtualRing(seed: 2)
        ring.grow(by: 60, spacing: .zero)
        let took = ring.run(until: { $0.isConsistent }, within: .seconds(120))
        #expect(took != nil, "wrong: \(ring.inconsistentMembers())")
    }

    @Test func `a ring survives churn, the loss of 30 percent and of its bootstrap members, and a partition`() throws {
        let count = 80
        var ring = VirtualRing(seed: 3)
        ring.grow(by: count, spacing: .milliseconds(100))
        _ = ring.run(until: { $0.isConsistent }, within: .seconds(60))

        ring.churn(count: count / 10, spacing: .milliseconds(500), seed: 4)
        #expect(ring.run(until: { $0.isConsistent }, within: .seconds(60)) != nil, "after churn")

        // A failure is noticed after six seconds at most; what follows takes round trips.
        ring.kill(count: count * 3 / 10, seed: 5)
        #expect(ring.run(until: { $0.isConsistent }, within: .seconds(9)) != nil, "after 30 % failed")

        // From here on nobody can be called but members that were met before.
        for member in ring.bootstrap where ring.isAlive(member) { ring.kill(member) }
        #expect(ring.run(until: { $0.isConsistent }, within: .seconds(30)) != nil, "after the bootstrap members failed")
        ring.partition(seed: 6)
        ring.run(for: .seconds(60))
        let parted = ring.sampleRoutes(500)
        #expect(parted.arrivedCount < parted.routeCount * 6 / 10, "the partition is none")

        ring.heal()
        #expect(ring.run(until: { $0.isConsistent }, within: .seconds(300)) != nil, "after the partition")
        let merged = ring.sampleRoutes(1_000)
        #expect(merged.arrivedCount == merged.routeCount)
    }

    @Test func `two rings that never met become one when a member of one meets a member of the other`() throws {
        var ring = VirtualRing(seed: 8)
        ring.grow(by: 20, spacing: .milliseconds(100))
        let stranger = ring.add()
        ring.bootstrap = [stranger]
        ring.setSides(1, of: [stranger])
        for _ in 0..<20 { ring.setSides(1, of: [ring.add()]) }
        ring.run(for: .seconds(60))
        let parted = ring.sampleRoutes(nil)
        try #require(parted.arrivedCount < 40 * 39)

        ring.heal()

        #expect(ring.run(until: { $0.isConsistent }, within: .seconds(900)) != nil)
    }

    @Test(arguments: [11, 12])
    func `when only 70 percent of the pairs can talk, over 99 percent reach each other`(seed: UInt64) {
        var network = VirtualNetwork()
        network.connectivityPerMille = 700
        var ring = VirtualRing(seed: seed, network: network)
        ring.grow(by: 60, spacing: .milliseconds(200))

        ring.run(for: .seconds(120))

        let sample = ring.sampleRoutes(nil)
        #expect(sample.arrivedCount * 100 > sample.routeCount * 99, "\(sample)")
    }

    @Test func `lost messages delay a ring but do not break it`() {
        var network = VirtualNetwork()
        network.lossPerMille = 250
        var ring = VirtualRing(seed: 13, network: network)
        ring.grow(by: 30, spacing: .milliseconds(200))
        #expect(ring.run(until: { $0.isConsistent }, within: .seconds(300)) != nil)
    }

    @Test func `routes stay short without shortcuts, the size is known, and an idle link stays under its budget`()
        throws
    {
        let count = 120
        var ring = VirtualRing(seed: 14)
        ring.grow(by: count, spacing: .milliseconds(100))
        ring.run(for: .seconds(120))

        // 0.5 log2(120) + 2 = 5.45.
        let sample = ring.sampleRoutes(4_000)
        #expect(sample.meanPerMille <= 5_450, "\(sample)")

        let sizes = ring.living.map { ring.node($0).estimatedSize }.sorted()
        #expect((80...180).contains(sizes[60]), "\(sizes)")
        #expect(sizes[12] > 40 && sizes[107] < 360, "a tenth is wrong by more than a factor of three: \(sizes)")

        let before = ring.bitCount
        ring.run(for: .seconds(300))
        // A session's own probes take 550 bit/s of the 1,000 that a link may cost.
        let bitsPerSecond = Int(ring.bitCount - before) / 300 / ring.linkCount
        #expect(bitsPerSecond < 450, "\(bitsPerSecond) bit/s")
    }

    @Test func `one seed gives one digest, and another seed another`() {
        func digest(_ seed: UInt64) -> UInt64 {
            var ring = VirtualRing(seed: seed)
            ring.grow(by: 30, spacing: .milliseconds(100))
            ring.kill(count: 5, seed: seed)
            ring.run(for: .seconds(30))
            return ring.digest
        }
        #expect(digest(1) == digest(1))
        #expect(digest(1) != digest(2))
    }
}
