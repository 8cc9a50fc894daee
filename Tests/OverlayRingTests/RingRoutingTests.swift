import NetworkTypes
import OverlayRing
import RingSimulation
import Testing

/// Where packets go.
@Suite struct RingRoutingTests {
    @Test func `an exact packet is delivered to its destination, with the hops it took`() throws {
        var ring = settled(count: 40)
        let (from, to) = (5, 30)
        let (source, destination) = (ring.node(from).own.node, ring.node(to).own.node)

        ring.input(from) { node, now, effects in
            node.route([1, 2], kind: 20, to: destination, mode: .exact, isTraced: true, now: now, effects: &effects)
        }
        ring.run(for: .seconds(5))

        let delivery = try #require(ring.deliveries.first)
        #expect(ring.deliveries.count == 1)
        #expect(delivery.member == to)
        #expect(delivery.packet.payload == [1, 2])
        #expect(delivery.packet.source == source)
        let trace = try #require(delivery.packet.trace)
        #expect(trace.first == source)
        #expect(trace.count == Int(delivery.packet.hopCount))
        #expect(trace.count == ring.walk(from: from, to: destination, mode: .exact).hopCount)
    }

    @Test func `nearest, successor and predecessor are who they should be`() {
        let ring = settled(count: 40)
        var random = SeededRandom(seed: 5)
        let nodes = ring.living.map { ring.node($0).own.node }
        for _ in 0..<200 {
            let key = NodeAddress(high: random.nextWord(), middle: random.nextWord(), low: 0)
            let from = Int(random.below(40))
            let nearest = nodes.min { $0.ringDistance(to: key) < $1.ringDistance(to: key) }
            let successor = nodes.min { key.clockwiseDistance(to: $0) < key.clockwiseDistance(to: $1) }
            let predecessor = nodes.min { $0.clockwiseDistance(to: key) < $1.clockwiseDistance(to: key) }
            #expect(delivered(ring, from, key, .nearest) == nearest)
            #expect(delivered(ring, from, key, .successor) == successor)
            #expect(delivered(ring, from, key, .predecessor) == predecessor)
            #expect(delivered(ring, from, key, .exact) == nil)
        }
    }

    @Test func `a packet to nobody ends, and says so where it ends`() {
        var ring = settled(count: 20)
        ring.input(3) { node, now, effects in
            node.route(
                [], kind: 20, to: NodeAddress(high: 1, middle: 2, low: 3), mode: .exact, now: now, effects: &effects)
        }
        ring.run(for: .seconds(5))
        #expect(ring.deliveries.isEmpty)
        #expect(ring.failures.map(\.reason) == [.noRoute])
    }

    @Test func `a packet that has used up its hops ends`() {
        let ring = settled(count: 20)
        var packet = RoutedPacket(
            kind: 20, mode: .exact, source: ring.node(1).own.node, destination: ring.node(2).own.node, payload: [])
        packet.hopCount = packet.hopLimit
        #expect(ring.node(3).decide(packet, cameFrom: nil) == .undeliverable(.hopLimit))
        #expect(ring.node(2).decide(packet, cameFrom: nil) == .deliver)
    }

    @Test func `a payload over the limit is not sent`() {
        var ring = settled(count: 3)
        let destination = ring.node(2).own.node
        ring.input(1) { node, now, effects in
            let payload = [UInt8](repeating: 0, count: RingLimits.payloadByteCount + 1)
            node.route(payload, kind: 20, to: destination, mode: .exact, now: now, effects: &effects)
        }
        #expect(ring.failures.map(\.reason) == [.payloadTooLong])
    }

    @Test func `no route visits a member twice on its way down`() {
        var network = VirtualNetwork()
        network.connectivityPerMille = 600
        var ring = VirtualRing(seed: 21, network: network)
        ring.grow(by: 25, spacing: .milliseconds(200))
        // In the middle of its forming, when tables are at their worst.
        for _ in 0..<10 {
            ring.run(for: .milliseconds(700))
            for from in ring.living {
                for to in ring.living where to != from {
                    let route = ring.walk(from: from, to: ring.node(to).own.node, mode: .exact)
                    #expect(route.hopCount < 30)
                }
            }
        }
    }

    @Test func `a joining member does not disturb the others' routes`() {
        var ring = settled(count: 40)
        let old = ring.living
        var random = SeededRandom(seed: 6)
        for _ in 0..<60 {
            ring.add()
            for _ in 0..<3 {
                ring.run(for: .milliseconds(60))
                for _ in 0..<20 {
                    let (from, to) = (old[Int(random.below(40))], old[Int(random.below(40))])
                    guard from != to else { continue }
                    #expect(ring.walk(from: from, to: ring.node(to).own.node, mode: .exact).deliveredAt == to)
                }
            }
        }
    }

    private func delivered(
        _ ring: borrowing VirtualRing, _ from: Int, _ key: NodeAddress, _ mode: DeliveryMode
    ) -> NodeAddress? {
        ring.walk(from: from, to: key, mode: mode).deliveredAt.map { ring.node($0).own.node }
    }

    private func settled(count: Int) -> VirtualRing {
        var ring = VirtualRing(seed: 20)
        ring.grow(by: count, spacing: .milliseconds(100))
        let took = ring.run(until: { $0.isConsistent }, within: .seconds(60))
        #expect(took != nil)
        return ring
    }
}
