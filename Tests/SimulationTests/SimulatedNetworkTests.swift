import GatewayCore
import NetworkTypes
import SimulationKit
import Testing

/// Events, delays, and what the network does to datagrams.
@Suite struct SimulatedNetworkTests {
    private static let first = Endpoint("198.51.100.1:7867")!

    @Test func `events come in the order of time, and of their making within one instant`() {
        var random = SeededRandom(seed: 1)
        var queue = EventQueue()
        var expected: [(time: UInt64, number: Int)] = []
        for number in 0..<5_000 {
            let time = random.below(500)
            queue.add(SimulationEvent(.arrival, number), at: Instant(nanoseconds: time))
            expected.append((time, number))
        }
        expected.sort { $0.time != $1.time ? $0.time < $1.time : $0.number < $1.number }
        for (time, number) in expected {
            #expect(queue.nextTime == Instant(nanoseconds: time))
            #expect(queue.removeFirst() == SimulationEvent(.arrival, number))
        }
        #expect(queue.count == 0 && queue.nextTime == nil)
    }

    @Test func `delays span what was asked for, keep the triangle's inequality, and have a heavy tail`() {
        let model = LatencyModel(
            least: .milliseconds(5), most: .milliseconds(95), jitterPercent: 0, tailPerMille: 100)
        let places = (0..<60).map { NetworkPlace(number: $0, seed: 3) }
        for a in places {
            for b in places {
                let delay = model.base(a, b)
                #expect(delay >= 5_000_000 && delay <= 95_000_000 && delay == model.base(b, a))
                for c in places { #expect(delay <= model.base(a, c) + model.base(c, b)) }
            }
        }
        var random = SeededRandom(seed: 2)
        let extra = (0..<100_000).map { _ in model.delay(base: 50_000_000, random: &random) - 50_000_000 }
        func share(above milliseconds: Int64) -> Int { extra.count { $0 > milliseconds * 1_000_000 } }
        #expect((9_500...10_500).contains(share(above: 0)))
        // Twice the delay is half as frequent.
        #expect((4_000...6_000).contains(share(above: 40)))
        #expect((2_000...3_000).contains(share(above: 80)))
        #expect(share(above: 2_000) == 0 && extra.contains(2_000_000_000))
    }

    @Test func `pairs that cannot talk are so both ways, and as many as asked for`() {
        let matrix = PairConnectivity(perMille: 700)
        var talking = 0
        for a in 0..<300 {
            #expect(matrix.canTalk(a, a, seed: 9))
            for b in 0..<a {
                #expect(matrix.canTalk(a, b, seed: 9) == matrix.canTalk(b, a, seed: 9))
                if matrix.canTalk(a, b, seed: 9) { talking += 1 }
            }
        }
        #expect((680...720).contains(talking * 1_000 / (300 * 299 / 2)))
    }

    @Test func `sides of a partition do not hear each other until it heals`() {
        let (simulator, a, b) = pair()
        let both = { a.gateway.liveCount == 1 && b.gateway.liveCount == 1 }
        #expect(simulator.run(until: both, within: .seconds(5)) != nil)
        simulator.changePlace(of: b) { $0.side = 1 }
        simulator.run(for: .seconds(60))
        #expect(a.gateway.liveCount == 0 && b.gateway.liveCount == 0)
        simulator.healPartition()
        #expect(simulator.run(until: both, within: .seconds(90)) != nil)
    }

    @Test func `duplicates and datagrams that overtake do no harm`() {
        let (simulator, a, b) = pair()
        simulator.network.duplicationPerMille = 300
        simulator.network.reorderingPerMille = 500
        #expect(
            simulator.run(until: { a.gateway.liveCount == 1 && b.gateway.liveCount == 1 }, within: .seconds(5)) != nil)
        simulator.run(for: .seconds(600))
        #expect(!a.notices.contains { if case .memberDown = $0 { true } else { false } })
    }

    @Test func `a slow host's round trips are long`() throws {
        let (simulator, a, b) = pair()
        simulator.changePlace(of: b) { $0.slowness = 400_000_000 }
        simulator.run(for: .seconds(120))
        let roundTrip = try #require(a.gateway.memberStatus.first?.roundTrip)
        #expect(roundTrip > .milliseconds(400) && roundTrip < .milliseconds(450))
    }

    @Test func `a host that ended hears nothing and wakes no more`() {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(5))
        simulator.kill(a)
        simulator.kill(b)
        let events = simulator.eventCount
        simulator.run(for: .seconds(3_600))
        #expect(simulator.eventCount - events < 16, "what was on its way")
        #expect(simulator.hosts.isEmpty)
    }

    @Test func `the digest is a function of the seed`() {
        func digest(_ seed: UInt64) -> HistoryDigest {
            let simulator = Simulator(seed: seed)
            simulator.network.lossPerMille = 50
            for index in 0..<4 {
                simulator.addSite("site\(index)", prefix: "10.\(index).0.0/16", bootstrap: [Self.first])
            }
            simulator.run(for: .seconds(30))
            return simulator.digest
        }
        #expect(digest(1) == digest(1))
        #expect(digest(1) != digest(2))
    }

    private func pair() -> (Simulator, SimulatedHost, SimulatedHost) {
        let simulator = Simulator(seed: 3)
        let a = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        return (simulator, a, simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [Self.first]))
    }
}
