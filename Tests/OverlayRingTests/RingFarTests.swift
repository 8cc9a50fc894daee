import NetworkTypes
import OverlayRing
import Testing

/// Far links are made with who consents: nobody carries those of all who joined later.
@Suite struct RingFarTests {
    private static let begin = Instant(nanoseconds: 0)

    /// Member 100 between members 97 to 103, so close that the ring must be large.
    private func node(effects: inout RingEffects) -> RingNode {
        var node = RingNode(own: Samples.contact(100), seed: 1, now: Self.begin)
        for number in UInt64(97)...103 where number != 100 {
            node.linkUp(Samples.contact(number), now: Self.begin, effects: &effects)
            tell(.near, from: number, to: &node, effects: &effects)
        }
        effects.removeAll()
        return node
    }

    private func tell(
        _ purposes: RingPurposes, from number: UInt64, to node: inout RingNode, effects: inout RingEffects
    ) {
        let status = LinkStatus(version: 1, purposes: purposes, isRoutable: true, neighbours: nil)
        node.receive(
            RingMessage.status(status).encoded.span.bytes, from: Samples.node(number), now: Self.begin,
            effects: &effects)
    }

    /// The requests for far links among the effects, and where they go.
    private func farRequests(
        in effects: borrowing RingEffects
    ) throws -> [(packet: RoutedPacket, request: ConnectRequest)] {
        try effects.list.compactMap { effect in
            guard case .send(_, let bytes) = effect,
                case .packet(let packet) = try RingMessage(reading: bytes.span.bytes), packet.kind == 0
            else { return nil }
            let request = try ConnectRequest(reading: packet.payload.span.bytes)
            return request.purposes == .far ? (packet, request) : nil
        }
    }

    private func connects(in effects: borrowing RingEffects) -> [NodeAddress] {
        effects.list.compactMap { if case .connect(let contact, _) = $0 { contact.node } else { nil } }
    }

    @Test func `a neighbour of who answers is asked, and dialled only when it has answered`() throws {
        var effects = RingEffects()
        var node = node(effects: &effects)
        while try farRequests(in: effects).isEmpty {
            effects.removeAll()
            let wakeup = try #require(node.nextWakeup)
            node.handleTimeout(now: wakeup.deadline, effects: &effects)
        }
        let search = try #require(try farRequests(in: effects).first)
        #expect(search.packet.mode == .nearest)

        func answer(_ token: UInt32, from number: UInt64, neighbours: [UInt64]) {
            let response = ConnectResponse(
                token: token, purposes: .far, contact: Samples.contact(number),
                neighbours: neighbours.map(Samples.contact))
            let packet = RoutedPacket(
                kind: 1, mode: .exact, source: Samples.node(number), destination: Samples.node(100),
                payload: response.encoded)
            effects.removeAll()
            let bytes = RingMessage.packet(packet).encoded
            node.receive(bytes.span.bytes, from: Samples.node(99), now: Self.begin, effects: &effects)
        }
        answer(search.request.token, from: 50_000, neighbours: [50_001, 99])
        #expect(connects(in: effects) == [Samples.node(50_000)])
        let second = try #require(try farRequests(in: effects).first)
        #expect(second.packet.destination == Samples.node(50_001) && second.packet.mode == .exact)

        answer(second.request.token, from: 50_001, neighbours: [50_000, 50_002])
        #expect(connects(in: effects) == [Samples.node(50_001)])
        #expect(try farRequests(in: effects).isEmpty, "a slot has one rival at a time")
    }

    @Test func `who carries enough far links of others answers no request for one more`() {
        var effects = RingEffects()
        var node = node(effects: &effects)
        func ask(from number: UInt64) -> Bool {
            let request = ConnectRequest(token: 1, purposes: .far, contact: Samples.contact(number), via: nil)
            let packet = RoutedPacket(
                kind: 0, mode: .exact, source: Samples.node(number), destination: Samples.node(100),
                payload: request.encoded)
            effects.removeAll()
            node.receive(
                RingMessage.packet(packet).encoded.span.bytes, from: Samples.node(99), now: Self.begin,
                effects: &effects)
            return connects(in: effects) == [Samples.node(number)]
        }

        var taken: UInt64 = 0
        while taken < 100, ask(from: 60_000 + taken) {
            node.linkUp(Samples.contact(60_000 + taken), now: Self.begin, effects: &effects)
            tell(.far, from: 60_000 + taken, to: &node, effects: &effects)
            taken += 1
        }

        // Twelve far links of its own: half of log2 of the largest ring that is reckoned with.
        #expect(taken == UInt64(RingLimits.incomingFar(own: 12)))
        #expect(effects.list.isEmpty)
    }
}
