import NetworkTypes
import OverlayRing
import RingSimulation
import Testing

/// Ways round links that may be dead, and round gaps that no link spans.
@Suite struct RingDetourTests {
    private let now = Instant(nanoseconds: 0)

    @Test func `a suspected link is left alone while another leads on, and used when none does`() {
        var node = member(10, linkedWith: [20, 30])
        let target = Samples.node(35)
        #expect(node.routeDecision(for: target, mode: .exact) == .forward(Samples.node(30), isUphill: false))

        node.linkSuspected(Samples.node(30))
        #expect(node.routeDecision(for: target, mode: .exact) == .forward(Samples.node(20), isUphill: false))
        #expect(node.routeDecision(for: target, mode: .nearest) == .forward(Samples.node(20), isUphill: false))

        node.linkSuspected(Samples.node(20))
        #expect(node.routeDecision(for: target, mode: .exact) == .forward(Samples.node(30), isUphill: false))

        node.linkTrusted(Samples.node(20))
        node.linkTrusted(Samples.node(30))
        #expect(node.routeDecision(for: target, mode: .exact) == .forward(Samples.node(30), isUphill: false))
    }

    @Test func `a message from a suspected member, a new session and the link's end clear it`() {
        var effects = RingEffects()
        for way in 0..<3 {
            var node = member(10, linkedWith: [20, 30])
            node.linkSuspected(Samples.node(30))
            let answer = RingMessage.statusAnswer(version: 1).encoded
            switch way {
            case 0: node.receive(answer.span.bytes, from: Samples.node(30), now: now, effects: &effects)
            case 1: node.linkUp(Samples.contact(30), now: now, effects: &effects)
            default: node.linkDown(Samples.node(30), now: now, effects: &effects)
            }
            #expect(node.link(with: Samples.node(30))?.isSuspected != true)
            #expect(node.links.allSatisfy { !$0.isSuspected })
        }
    }

    @Test(arguments: [1, 2, 3])
    func `once the links with a dead member are suspected, all others reach each other`(seed: UInt64) {
        var ring = VirtualRing(seed: seed)
        ring.grow(by: 40, spacing: .milliseconds(100))
        ring.run(for: .seconds(60))
        let dead = Int(seed) * 7
        let address = ring.node(dead).own.node
        ring.kill(dead)
        let before = ring.sampleRoutes(nil)
        #expect(before.arrivedCount < before.routeCount, "nobody routes through it")

        for member in ring.living { ring.input(member) { node, _, _ in node.linkSuspected(address) } }

        let after = ring.sampleRoutes(nil)
        #expect(after.arrivedCount == after.routeCount)
    }

    @Test func `where neighbours across a gap cannot talk, packets go the other way round`() throws {
        var ring = line(count: 20, seed: 1)
        let order = ring.ringOrder
        ring.kill(order[7])
        ring.kill(order[8])
        ring.run(for: .seconds(30))

        let sample = ring.sampleRoutes(nil)
        #expect(sample.arrivedCount == sample.routeCount)
        // From one edge of the gap to the other past all the others, two at a step, and not much more.
        let destination = ring.node(order[9]).own.node
        let route = ring.walk(from: order[6], to: destination, mode: .exact)
        #expect(route.deliveredAt == order[9])
        #expect((8...17).contains(route.hopCount), "\(route.hopCount)")

        // The same with messages, not only by each member's decision.
        ring.input(order[6]) { node, now, effects in
            node.route([1], kind: 20, to: destination, mode: .exact, isTraced: true, now: now, effects: &effects)
        }
        ring.input(order[6]) { node, now, effects in
            node.route([2], kind: 20, to: destination, mode: .exact, now: now, effects: &effects)
        }
        ring.run(for: .seconds(10))
        #expect(Set(ring.deliveries.map(\.packet.payload)) == [[1], [2]])
        #expect(ring.deliveries.allSatisfy { $0.member == order[9] && Int($0.packet.hopCount) == route.hopCount })
        #expect(ring.deliveries.first { $0.packet.payload == [1] }?.packet.trace?.count == route.hopCount)
    }

    @Test func `of members that can talk to two neighbours a side, five dead leave every pair that is connected`() {
        for seed in 1...15 as ClosedRange<UInt64> {
            var ring = line(count: 20, seed: seed)
            ring.kill(count: 5, seed: seed + 1_000)
            ring.run(for: .seconds(30))
            let sample = ring.sampleRoutes(nil)
            #expect(sample.arrivedCount == connectedPairs(in: ring), "seed \(seed)")
        }
    }

    /// A ring in which only members at most two places apart can talk.
    private func line(count: Int, seed: UInt64) -> VirtualRing {
        var ring = VirtualRing(seed: seed)
        ring.grow(by: count, spacing: .milliseconds(100))
        ring.run(for: .seconds(30))
        let order = ring.ringOrder
        var pairs: Set<UInt64> = []
        for place in order.indices {
            for step in 1...2 { pairs.insert(VirtualNetwork.pairKey(order[place], order[(place + step) % count])) }
        }
        ring.restrict(to: pairs)
        ring.run(for: .seconds(20))
        return ring
    }

    /// Ordered pairs of living members between which a chain of members that can talk leads.
    private func connectedPairs(in ring: borrowing VirtualRing) -> Int {
        var rest = ring.living
        var pairs = 0
        while let first = rest.popLast() {
            var reached = [first]
            var next = 0
            while next < reached.count {
                let from = reached[next]
                next += 1
                for other in rest where ring.network.onlyPairs?.contains(VirtualNetwork.pairKey(from, other)) ?? true {
                    reached.append(other)
                }
                rest.removeAll { reached.contains($0) }
            }
            pairs += reached.count * (reached.count - 1)
        }
        return pairs
    }

    /// A member with routable links.
    private func member(_ number: UInt64, linkedWith others: [UInt64]) -> RingNode {
        var effects = RingEffects()
        var node = RingNode(own: Samples.contact(number), seed: 1, now: now)
        for other in others {
            node.linkUp(Samples.contact(other), now: now, effects: &effects)
            let status = LinkStatus(version: 1, purposes: .far, isRoutable: true, neighbours: nil)
            node.receive(
                RingMessage.status(status).encoded.span.bytes, from: Samples.node(other), now: now, effects: &effects)
        }
        return node
    }
}
