import NetworkTypes
import OverlayRing
import Testing
import WireFormat

/// The ring's messages on the wire.
@Suite struct RingMessageTests {
    @Test(arguments: Samples.messages)
    func `a message survives the wire`(message: RingMessage) throws {
        #expect(try RingMessage(reading: message.encoded.span.bytes) == message)
    }

    @Test(arguments: Samples.messages)
    func `a message cut short at any length is refused`(message: RingMessage) {
        let bytes = message.encoded
        for length in 0..<bytes.count {
            let part = Array(bytes[..<length])
            #expect(throws: WireError.self) { try RingMessage(reading: part.span.bytes) }
        }
    }

    @Test(arguments: Samples.messages)
    func `a message with something behind it is refused`(message: RingMessage) {
        let bytes = message.encoded + [0]
        #expect(throws: WireError.trailingBytes(1)) { try RingMessage(reading: bytes.span.bytes) }
    }

    @Test func `requests and answers survive the wire and are refused when cut short`() throws {
        let request = ConnectRequest(token: 7, purposes: .far, contact: Samples.contact(1), via: Samples.node(2))
        let response = ConnectResponse(
            token: 8, purposes: .near, contact: Samples.contact(3),
            neighbours: [Samples.contact(4), Samples.contact(5)])
        #expect(try ConnectRequest(reading: request.encoded.span.bytes) == request)
        #expect(try ConnectResponse(reading: response.encoded.span.bytes) == response)
        for length in request.encoded.indices {
            let part = Array(request.encoded[..<length])
            #expect(throws: WireError.self) { try ConnectRequest(reading: part.span.bytes) }
        }
        for length in response.encoded.indices {
            let part = Array(response.encoded[..<length])
            #expect(throws: WireError.self) { try ConnectResponse(reading: part.span.bytes) }
        }
    }

    @Test func `the fields stand where the drawing says`() {
        var packet = RoutedPacket(
            kind: 0x20, mode: .nearest, source: NodeAddress(high: 0x0102_0304_0506_0708, middle: 0, low: 9),
            destination: NodeAddress(high: 0x1112_1314_1516_1718, middle: 0, low: 0x19), payload: [0xaa])
        packet.hopCount = 3
        let bytes = RingMessage.packet(packet).encoded
        #expect(
            bytes == [3, 0x20, 1, 0, 3, 64, 0] + [1, 2, 3, 4, 5, 6, 7, 8] + [UInt8](repeating: 0, count: 11) + [9]
                + [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18] + [UInt8](repeating: 0, count: 11) + [0x19]
                + [0, 1, 0xaa])
    }

    @Test func `chance bytes never trap, neither the readers nor a member`() {
        var random = SeededRandom(seed: 3)
        var effects = RingEffects()
        let now = Instant(nanoseconds: 0)
        var node = RingNode(own: Samples.contact(1), seed: 1, now: now)
        let peer = Samples.contact(2)
        node.linkUp(peer, now: now, effects: &effects)
        let templates = Samples.messages.map(\.encoded)
        for round in 0..<5_000 {
            var bytes = templates[Int(random.below(UInt64(templates.count)))]
            for _ in 0...random.below(6) where !bytes.isEmpty {
                bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(truncatingIfNeeded: random.nextWord())
            }
            if round.isMultiple(of: 3) { bytes = bytes.map { _ in UInt8(truncatingIfNeeded: random.nextWord()) } }
            node.receive(bytes.span.bytes, from: peer.node, now: now, effects: &effects)
            effects.removeAll()
            if node.link(with: peer.node) == nil { node.linkUp(peer, now: now, effects: &effects) }
        }
        #expect(node.malformedCount > 1_000)
        #expect(node.links.count == 1)
    }

    @Test func `a list longer than its limit is refused`() {
        let contacts = (1...11).map { Samples.contact(UInt64($0)) }
        var bytes = RingMessage.leaving(Array(contacts.prefix(10))).encoded
        bytes[1] = 11
        #expect(throws: WireError.tooLong(field: "contacts", count: 11, limit: 10)) {
            try RingMessage(reading: bytes.span.bytes)
        }
    }
}

/// Messages and contacts to try things with.
enum Samples {
    static func node(_ high: UInt64) -> NodeAddress { NodeAddress(high: high << 32, middle: high, low: 1) }

    static func contact(_ number: UInt64) -> RingContact {
        RingContact(
            node: node(number),
            endpoints: [
                Endpoint(address: IPAddress(v4: UInt32(number)), port: 7_867),
                Endpoint(address: IPAddress(v6High: number, low: 1), port: 1),
            ])
    }

    static var messages: [RingMessage] {
        let lists = NeighbourLists(
            left: [ListedNeighbour(contact: contact(1), isRoutable: true)],
            right: [
                ListedNeighbour(contact: contact(2), isRoutable: false),
                ListedNeighbour(contact: RingContact(node: node(3), endpoints: []), isRoutable: true),
            ])
        var full = RoutedPacket(
            kind: 16, mode: .predecessor, source: node(1), destination: node(2), payload: [1, 2, 3])
        full.via = node(3)
        full.floor = node(4)
        full.trace = [node(5), node(6)]
        full.uphillCount = 1
        let plain = RoutedPacket(kind: 255, mode: .exact, source: node(1), destination: node(2), payload: [])
        return [
            .status(LinkStatus(version: 1, purposes: [.near, .far], isRoutable: true, neighbours: lists)),
            .status(LinkStatus(version: 2, purposes: [], isRoutable: false, neighbours: nil)),
            .statusAnswer(version: 9), .packet(full), .packet(plain), .leaving([contact(1), contact(2)]), .leaving([]),
        ]
    }
}
