import NetworkTypes
import OverlayRing
import RingSimulation
import Testing

/// What a member makes of what others say, when that is stale, repeated, late or wrong.
@Suite struct RingTrustTests {
    private let now = Instant(nanoseconds: 0)

    @Test(arguments: [3, 6, 12, 40])
    func `no packet goes in circles, whatever the members believe of each other`(count: Int) {
        for seed in 1...12 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            let addresses = (0..<count).map { _ in NodeAddress(high: random.nextWord(), middle: 0, low: 0) }
            let nodes = addresses.map { believer($0, among: addresses, random: &random) }
            for _ in 0..<100 {
                let from = Int(random.below(UInt64(count)))
                let mode = DeliveryMode(rawValue: UInt8(random.below(4))) ?? .exact
                let target =
                    random.chance(1, in: 4)
                    ? NodeAddress(high: random.nextWord(), middle: 0, low: 0)
                    : addresses[Int(random.below(UInt64(count)))]
                var packet = RoutedPacket(
                    kind: 20, mode: mode, source: addresses[from], destination: target, payload: [])
                // Without the limit, so that nothing else can end a circle.
                packet.hopLimit = .max
                let falls = walk(packet, from: from, nodes: nodes, addresses: addresses)
                let most = falls.flatMap(\.self).max() ?? 0
                #expect(most <= 1, "seed \(seed): \(mode) from \(from), \(falls)")
            }
        }
    }

    @Test func `nobody routes through a member that has not found its place, save to itself`() {
        var effects = RingEffects()
        var node = RingNode(own: Samples.contact(10), seed: 1, now: now)
        for (other, isRoutable) in [(20, true), (30, false)] as [(UInt64, Bool)] {
            node.linkUp(Samples.contact(other), now: now, effects: &effects)
            tell(&node, from: other, version: 1, isRoutable: isRoutable)
        }
        for mode in [DeliveryMode.exact, .nearest, .predecessor] {
            let decision = node.routeDecision(for: Samples.node(35), mode: mode)
            #expect(decision == .forward(Samples.node(20), isUphill: false), "\(mode)")
        }
        #expect(
            node.routeDecision(for: Samples.node(30), mode: .exact) == .forward(Samples.node(30), isUphill: false))

        tell(&node, from: 30, version: 2, isRoutable: true)
        #expect(
            node.routeDecision(for: Samples.node(35), mode: .exact) == .forward(Samples.node(30), isUphill: false))
    }

    @Test func `for a neighbour that cannot be talked to one more is linked`() {
        var effects = RingEffects()
        var node = RingNode(own: Samples.contact(100), seed: 1, now: now)
        // Nothing is missing on the left.
        for other in [98, 99, 101] as [UInt64] {
            node.linkUp(Samples.contact(other), now: now, effects: &effects)
            tell(&node, from: other, version: 1, isRoutable: true)
        }
        tell(&node, from: 101, version: 2, isRoutable: true, right: [102, 103, 104, 105])
        #expect(node.isConnecting(to: Samples.node(102)))
        #expect(!node.isConnecting(to: Samples.node(103)))

        node.connectFailed(Samples.node(102), now: now, effects: &effects)

        // One in its place, and one more.
        #expect(node.isConnecting(to: Samples.node(103)))
        #expect(node.isConnecting(to: Samples.node(104)))
        #expect(!node.isConnecting(to: Samples.node(105)))
    }

    @Test func `a neighbour that cannot be talked to is still known, and the ring consistent`() {
        var effects = RingEffects()
        var node = RingNode(own: Samples.contact(100), seed: 1, now: now)
        for (other, left, right) in [(102, [100], [103]), (99, [], [100])] as [(UInt64, [UInt64], [UInt64])] {
            node.linkUp(Samples.contact(other), now: now, effects: &effects)
            tell(&node, from: other, version: 1, isRoutable: true, left: left, right: right)
        }
        #expect(node.knownRight == Samples.node(102) && node.knownLeft == Samples.node(99))
        #expect(node.isConsistent)

        tell(&node, from: 102, version: 2, isRoutable: true, left: [101, 100], right: [103])
        #expect(node.knownRight == Samples.node(101))
        #expect(node.right.first == Samples.node(102))
        #expect(!node.isConsistent, "the link is still being made")

        node.connectFailed(Samples.node(101), now: now, effects: &effects)
        #expect(node.knownRight == Samples.node(101))
        #expect(node.right.first == Samples.node(102))
        #expect(node.isConsistent)
    }

    @Test func `a neighbour that has just broken away is not held for living because others still list it`() {
        var effects = RingEffects()
        var node = RingNode(own: Samples.contact(100), seed: 1, now: now)
        for other in [101, 102] as [UInt64] {
            node.linkUp(Samples.contact(other), now: now, effects: &effects)
            tell(&node, from: other, version: 1, isRoutable: true, left: [other - 1], right: [other + 1])
        }
        tell(&node, from: 102, version: 2, isRoutable: true, left: [101, 100])
        node.linkDown(Samples.node(101), now: now, effects: &effects)
        #expect(node.knownRight == Samples.node(102))
    }

    @Test func `a message that comes twice changes nothing the second time`() throws {
        var effects = RingEffects()
        let own = Samples.contact(10)
        var node = RingNode(own: own, seed: 1, now: now)
        let peer = Samples.contact(11)
        node.linkUp(peer, now: now, effects: &effects)
        let token = try #require(Self.requestToken(effects.list))
        let status = RingMessage.status(
            LinkStatus(
                version: 1, purposes: .near, isRoutable: true,
                neighbours: NeighbourLists(
                    left: [], right: [ListedNeighbour(contact: Samples.contact(13), isRoutable: true)])))
        let request = RoutedPacket(
            kind: 0, mode: .exact, source: Samples.node(30), destination: own.node,
            payload: ConnectRequest(token: 5, purposes: .near, contact: Samples.contact(30), via: nil).encoded)
        let response = RoutedPacket(
            kind: 1, mode: .exact, source: peer.node, destination: own.node,
            payload: ConnectResponse(
                token: token, purposes: .near, contact: peer, neighbours: [Samples.contact(12)]
            ).encoded)
        for message in [status, .packet(request), .packet(response)] {
            effects.removeAll()
            node.receive(message.encoded.span.bytes, from: peer.node, now: now, effects: &effects)
            let first = effects.list.filter(Self.isConnect).count
            #expect(first == 1, "\(message)")
            let links = node.links.map(\.neighbours)
            effects.removeAll()
            node.receive(message.encoded.span.bytes, from: peer.node, now: now, effects: &effects)
            #expect(!effects.list.contains(where: Self.isConnect), "\(message)")
            #expect(node.links.map(\.neighbours) == links)
            #expect(node.left == [peer.node] && node.right == [peer.node])
        }

        let leaving = RingMessage.leaving([Samples.contact(14)]).encoded
        node.receive(leaving.span.bytes, from: peer.node, now: now, effects: &effects)
        effects.removeAll()
        node.receive(leaving.span.bytes, from: peer.node, now: now, effects: &effects)
        #expect(effects.list.isEmpty)
    }

    @Test func `statuses in any order end in the newest`() {
        let orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] as [[UInt32]]
        for order in orders {
            var effects = RingEffects()
            var node = RingNode(own: Samples.contact(10), seed: 1, now: now)
            node.linkUp(Samples.contact(11), now: now, effects: &effects)
            for version in order {
                tell(&node, from: 11, version: version, isRoutable: version == 3, right: [20 + UInt64(version)])
            }
            let link = node.link(with: Samples.node(11))
            #expect(link?.isRoutable == true, "\(order)")
            #expect(link?.neighbours?.right.map(\.contact.node) == [Samples.node(23)], "\(order)")
        }
    }

    @Test func `a ring forms and repairs itself although messages come twice, late and in another order`() {
        var network = VirtualNetwork()
        network.duplicationPerMille = 300
        network.reorderingPerMille = 300
        network.lossPerMille = 50
        var ring = VirtualRing(seed: 41, network: network)
        ring.grow(by: 50, spacing: .milliseconds(100))
        #expect(ring.run(until: { $0.isConsistent }, within: .seconds(60)) != nil)
        ring.kill(count: 12, seed: 3)
        #expect(ring.run(until: { $0.isConsistent }, within: .seconds(60)) != nil)
        ring.input(ring.living[0]) { node, now, effects in node.leave(now: now, effects: &effects) }
        let sample = ring.sampleRoutes(nil)
        #expect(sample.arrivedCount * 100 > sample.routeCount * 90)
    }

    /// How often each member got the packet on its way down, before it turned and after; hops uphill, which are
    /// counted by the packet, left out.
    private func walk(
        _ packet: RoutedPacket, from: Int, nodes: [RingNode], addresses: [NodeAddress]
    ) -> [[Int]] {
        var packet = packet
        var falls = [[Int]](repeating: [Int](repeating: 0, count: nodes.count), count: 2)
        var current = from
        var previous: NodeAddress?
        falls[0][from] = 1
        while case .forward(let next, let isUphill) = nodes[current].step(&packet, cameFrom: previous) {
            guard packet.hopCount < .max, let index = addresses.firstIndex(of: next) else { break }
            #expect(packet.uphillCount <= UInt8(RingLimits.uphillHops))
            packet.hopCount += 1
            previous = addresses[current]
            current = index
            if !isUphill { falls[packet.turn == nil ? 0 : 1][current] += 1 }
        }
        return falls
    }

    /// A member with some links, and lists drawn by chance: some stale, some invented.
    private func believer(
        _ address: NodeAddress, among addresses: [NodeAddress], random: inout SeededRandom
    ) -> RingNode {
        var effects = RingEffects()
        var node = RingNode(own: RingContact(node: address, endpoints: []), seed: 1, now: now)
        for other in addresses where other != address && random.chance(1, in: 2) {
            node.linkUp(RingContact(node: other, endpoints: []), now: now, effects: &effects)
            func list() -> [ListedNeighbour] {
                (0..<random.below(6)).map { _ in
                    let told =
                        random.chance(1, in: 5)
                        ? NodeAddress(high: random.nextWord(), middle: 0, low: 0)
                        : addresses[Int(random.below(UInt64(addresses.count)))]
                    return ListedNeighbour(
                        contact: RingContact(node: told, endpoints: []), isRoutable: random.chance(3, in: 4))
                }
            }
            let status = LinkStatus(
                version: 1, purposes: .near, isRoutable: random.chance(4, in: 5),
                neighbours: NeighbourLists(left: list(), right: list()))
            let bytes = RingMessage.status(status).encoded
            node.receive(bytes.span.bytes, from: other, now: now, effects: &effects)
        }
        for link in node.links where random.chance(1, in: 8) { node.linkSuspected(link.node) }
        return node
    }

    private func tell(
        _ node: inout RingNode, from other: UInt64, version: UInt32, isRoutable: Bool, left: [UInt64] = [],
        right: [UInt64] = []
    ) {
        var effects = RingEffects()
        func listed(_ side: [UInt64]) -> [ListedNeighbour] {
            side.map { ListedNeighbour(contact: Samples.contact($0), isRoutable: true) }
        }
        let status = LinkStatus(
            version: version, purposes: .near, isRoutable: isRoutable,
            neighbours: NeighbourLists(left: listed(left), right: listed(right)))
        node.receive(
            RingMessage.status(status).encoded.span.bytes, from: Samples.node(other), now: now, effects: &effects)
    }

    private static func isConnect(_ effect: RingEffects.Effect) -> Bool {
        if case .connect = effect { return true }
        return false
    }

    private static func requestToken(_ effects: [RingEffects.Effect]) -> UInt32? {
        for case .send(_, let bytes) in effects {
            guard case .packet(let packet)? = try? RingMessage(reading: bytes.span.bytes),
                let request = try? ConnectRequest(reading: packet.payload.span.bytes)
            else { continue }
            return request.token
        }
        return nil
    }
}
