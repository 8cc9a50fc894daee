import NetworkTypes
import OverlayRing
import RingSimulation
import Testing

/// How links come and go.
@Suite struct RingLinkTests {
    @Test func `a member alone calls the bootstrap members for ever, ever more slowly`() throws {
        var effects = RingEffects()
        var node = RingNode(own: Samples.contact(1), seed: 1, now: Instant(nanoseconds: 0))
        var calls: [Instant] = []
        while calls.count < 12 {
            let wakeup = try #require(node.nextWakeup)
            node.handleTimeout(now: wakeup.deadline, effects: &effects)
            if effects.list.contains(.connectBootstrap(count: RingLimits.bootstrapCount)) {
                calls.append(wakeup.deadline)
            }
            effects.removeAll()
        }
        #expect(calls[1] - calls[0] < .seconds(2))
        #expect(calls[11] - calls[10] >= RingLimits.bootstrapIntervalLimit / 2)
        #expect(calls[11] - calls[10] <= RingLimits.bootstrapIntervalLimit * 3 / 2)
    }

    @Test func `a link lives while either end has a purpose for it, and goes 30 seconds after`() throws {
        var ring = VirtualRing(seed: 30)
        ring.grow(by: 40, spacing: .milliseconds(100))
        ring.run(for: .seconds(60))
        // Far apart, so that nothing else makes a link.
        let order = ring.ringOrder
        let pair = try #require(
            order.indices.lazy.map { (order[$0], order[($0 + 20) % 40]) }.first { pair in
                ring.node(pair.0).link(with: ring.node(pair.1).own.node) == nil
            })
        let target = ring.node(pair.1).own.node
        ring.input(pair.0) { node, now, effects in
            node.trafficObserved(target, byteCount: RingLimits.shortcutByteCount - 1, now: now, effects: &effects)
        }
        ring.run(for: .seconds(3))
        #expect(ring.node(pair.0).link(with: target) == nil, "too little traffic")

        ring.input(pair.0) { node, now, effects in
            node.trafficObserved(target, byteCount: 1, now: now, effects: &effects)
        }
        ring.run(for: .seconds(3))
        #expect(ring.node(pair.0).link(with: target)?.purposes == .shortcut)
        #expect(ring.node(pair.1).link(with: ring.node(pair.0).own.node)?.theirPurposes == .shortcut)

        ring.run(for: RingLimits.shortcutIdle)
        #expect(ring.node(pair.0).link(with: target)?.purposes == [], "idle")
        ring.run(for: RingLimits.trimInterval + .seconds(5))
        #expect(ring.node(pair.0).link(with: target) == nil)
        #expect(ring.node(pair.1).link(with: ring.node(pair.0).own.node) == nil)
    }

    @Test func `small rings have no far links, larger ones half the logarithm`() {
        var small = VirtualRing(seed: 31)
        small.grow(by: 8, spacing: .milliseconds(100))
        small.run(for: .seconds(90))
        #expect(small.living.allSatisfy { small.node($0).members(for: .far).isEmpty })
        #expect(small.living.allSatisfy { small.node($0).estimatedSize == 8 })

        var large = VirtualRing(seed: 31)
        large.grow(by: 64, spacing: .milliseconds(100))
        large.run(for: .seconds(90))
        let counts = large.living.map { large.node($0).members(for: .far).count }
        // ceil(0.5 log2 64) = 3; the reckoned size scatters.
        #expect(counts.allSatisfy { (2...5).contains($0) }, "\(counts)")
    }

    @Test func `of two far candidates the quicker one stays`() {
        var near = VirtualRing(seed: 32)
        near.grow(by: 60, spacing: .milliseconds(100))
        near.run(for: .seconds(90))
        var chosen: Int64 = 0
        var chosenCount: Int64 = 0
        var all: Int64 = 0
        var allCount: Int64 = 0
        for member in near.living {
            for link in near.node(member).links where link.purposes.contains(.far) {
                chosen += link.roundTrip?.wholeMicroseconds ?? 0
                chosenCount += 1
            }
            for link in near.node(member).links where link.purposes.contains(.near) {
                all += link.roundTrip?.wholeMicroseconds ?? 0
                allCount += 1
            }
        }
        // The better of two against any: three quarters by expectation on this plane.
        #expect(chosen / chosenCount < all / allCount * 9 / 10)
    }

    @Test func `a member that goes in good order leaves its neighbours linked`() {
        var ring = VirtualRing(seed: 33)
        ring.grow(by: 30, spacing: .milliseconds(100))
        ring.run(for: .seconds(60))
        for member in [3, 4, 5, 6, 7] { ring.leave(member) }
        // No failure has to be noticed: that alone would take one to six seconds.
        #expect(ring.run(until: { $0.isConsistent }, every: .milliseconds(100), within: .seconds(2)) != nil)
    }

    @Test func `a slow member keeps its links`() throws {
        var ring = VirtualRing(seed: 34)
        ring.grow(by: 30, spacing: .milliseconds(100))
        ring.run(for: .seconds(60))
        let neighbours = ring.node(9).left + ring.node(9).right
        let order = ring.ringOrder
        let place = try #require(order.firstIndex(of: 9))
        // Every message reaches it a minute late, while others, far from it, go.
        ring.slowDown(9, by: .seconds(60))
        for step in 0..<4 {
            ring.kill(order[(place + 10 + 2 * step) % order.count])
            ring.run(for: .seconds(60))
        }

        let stillThere = neighbours.filter { node in
            guard let member = ring.handle(of: node) else { return false }
            return ring.node(member).link(with: ring.node(9).own.node) != nil
        }
        #expect(stillThere == neighbours)
        #expect(ring.inconsistentMembers().isEmpty)
    }

    @Test func `a member asks for its place on the ring again, for ever, more and more rarely`() throws {
        var effects = RingEffects()
        let peer = Samples.contact(2)
        let own = Samples.contact(1)
        var node = RingNode(own: own, seed: 1, now: Instant(nanoseconds: 0))
        node.linkUp(peer, now: Instant(nanoseconds: 0), effects: &effects)
        let status = LinkStatus(
            version: 1, purposes: .near, isRoutable: true, neighbours: NeighbourLists(left: [], right: []))
        node.receive(
            RingMessage.status(status).encoded.span.bytes, from: peer.node, now: Instant(nanoseconds: 0),
            effects: &effects)
        effects.removeAll()

        var asked: [Instant] = []
        var modes: Set<DeliveryMode> = []
        while let wakeup = node.nextWakeup, wakeup.deadline < Instant(nanoseconds: 0) + .seconds(3_600) {
            node.handleTimeout(now: wakeup.deadline, effects: &effects)
            for case .send(_, let bytes) in effects.list {
                guard case .packet(let packet) = try RingMessage(reading: bytes.span.bytes),
                    packet.destination == own.node
                else { continue }
                modes.insert(packet.mode)
                if asked.last != wakeup.deadline { asked.append(wakeup.deadline) }
            }
            effects.removeAll()
        }

        let intervals = zip(asked.dropFirst(), asked).map { $0 - $1 }
        let first = try #require(intervals.first)
        let last = try #require(intervals.last)
        #expect(first < .seconds(30))
        #expect(last >= RingLimits.stabiliseIntervalLimit / 2)
        #expect(intervals.allSatisfy { $0 <= RingLimits.stabiliseIntervalLimit * 3 / 2 })
        #expect(asked.count > 10)
        #expect(modes == [.successor, .predecessor], "one side is never asked about")
    }

    @Test func `what a timeout makes known is told in the same call`() throws {
        var effects = RingEffects()
        let begin = Instant(nanoseconds: 0)
        let peer = Samples.contact(2)
        var node = RingNode(own: Samples.contact(1), seed: 1, now: begin)
        node.linkUp(peer, now: begin, effects: &effects)
        // It is told of a neighbour that never comes, and takes part again when its patience is at an end.
        let farewell = RingMessage.leaving([Samples.contact(3)]).encoded
        node.receive(farewell.span.bytes, from: peer.node, now: begin, effects: &effects)
        node.linkUp(Samples.contact(4), now: begin, effects: &effects)
        let isWaiting = !node.isRoutable
        try #require(isWaiting)

        while !node.isRoutable {
            let wakeup = try #require(node.nextWakeup)
            node.handleTimeout(now: wakeup.deadline, effects: &effects)
            let next = try #require(node.nextWakeup?.deadline)
            #expect(next > wakeup.deadline)
        }
    }

    @Test func `a member that has restarted is heard again`() {
        var effects = RingEffects()
        let now = Instant(nanoseconds: 0)
        let peer = Samples.contact(2)
        var node = RingNode(own: Samples.contact(1), seed: 1, now: now)
        func tell(_ version: UInt32, _ purposes: RingPurposes) {
            let status = LinkStatus(version: version, purposes: purposes, isRoutable: true, neighbours: nil)
            let bytes = RingMessage.status(status).encoded
            node.receive(bytes.span.bytes, from: peer.node, now: now, effects: &effects)
        }

        node.linkUp(peer, now: now, effects: &effects)
        tell(9, .near)
        tell(8, .far)
        #expect(node.link(with: peer.node)?.theirPurposes == .near, "an older status came late")

        node.linkUp(peer, now: now, effects: &effects)
        tell(1, .shortcut)
        #expect(node.link(with: peer.node)?.theirPurposes == .shortcut)
    }

    @Test func `requests of others do not keep a member from its own links`() throws {
        var effects = RingEffects()
        let now = Instant(nanoseconds: 0)
        let peer = Samples.contact(2)
        let own = Samples.contact(1)
        var node = RingNode(own: own, seed: 1, now: now)
        node.linkUp(peer, now: now, effects: &effects)
        for number in 10..<200 as Range<UInt64> {
            let caller = Samples.contact(number)
            let request = ConnectRequest(token: 0, purposes: .near, contact: caller, via: nil)
            let packet = RoutedPacket(
                kind: 0, mode: .exact, source: caller.node, destination: own.node, payload: request.encoded)
            let bytes = RingMessage.packet(packet).encoded
            node.receive(bytes.span.bytes, from: peer.node, now: now, effects: &effects)
        }
        let dialled = effects.list.filter { if case .connect(_, []) = $0 { true } else { false } }
        #expect(dialled.count == RingLimits.foreignAttempts)

        effects.removeAll()
        let neighbour = Samples.contact(3)
        let bytes = RingMessage.status(
            LinkStatus(
                version: 1, purposes: .near, isRoutable: true,
                neighbours: NeighbourLists(left: [], right: [ListedNeighbour(contact: neighbour, isRoutable: true)]))
        ).encoded
        node.receive(bytes.span.bytes, from: peer.node, now: now, effects: &effects)
        #expect(effects.list.contains(.connect(neighbour, purposes: .near)))
    }

    @Test func `tables keep to their limits when everybody calls one member`() {
        var effects = RingEffects()
        var now = Instant(nanoseconds: 0)
        var random = SeededRandom(seed: 36)
        var node = RingNode(own: Samples.contact(1), seed: 1, now: now)
        for number in 2..<2_000 {
            let contact = Samples.contact(random.nextWord() >> 32)
            node.linkUp(contact, now: now, effects: &effects)
            node.trafficObserved(Samples.node(UInt64(number)), byteCount: 100, now: now, effects: &effects)
            if number.isMultiple(of: 3) { node.linkDown(contact.node, now: now, effects: &effects) }
            now = now + .milliseconds(50)
            node.handleTimeout(now: now, effects: &effects)
            effects.removeAll()
            #expect(node.links.count <= RingLimits.links)
        }
        #expect(node.links.count > RingLimits.links / 2)
    }
}
