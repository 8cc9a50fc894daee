import GatewayCore
import NetworkTypes
import Testing
import WireFormat

@Suite struct ControlMessageTests {
    private static let node = NodeAddress(high: 1, middle: 2, low: 3)

    private static let host = HostMessage.Host(
        address: IPAddress(10, 128, 16, 9), mac: MACAddress(rawValue: 0x02_00_00_00_00_07))

    static let samples: [ControlMessage] = [
        .probe(identifier: 7, directoryDigest: 9, isPath: true),
        .probeAnswer(identifier: 7, directoryDigest: 9, observed: Endpoint("192.0.2.1:7867")!),
        .probeAnswer(identifier: 7, directoryDigest: 9, observed: Endpoint("[2001:db8::1]:7867")!),
        .echo(token: 1), .echoAnswer(token: 1),
        .announcement(ageSeconds: 5, until: nil, encoded: [1, 2, 3]),
        .announcement(ageSeconds: 5, until: node, encoded: [1, 2, 3]), .release, .ring([1, 2]), .store([3]),
        .digestsRequest, .digests([1, .max]),
        .summaryRequest(start: node), .summary([.init(node: node, sequence: 4)], isLast: true),
        .announcementRequest([node, node]), .goodbye,
        .question(
            token: 3,
            OperatorQuestion(
                source: IPAddress(192, 0, 2, 1), destination: IPAddress(198, 51, 100, 1), transport: 6, port: 443)),
        .answer(
            token: 3,
            OperatorAnswer(steps: [
                .init(name: "device", isPassed: true, text: "up"), .init(name: "lan-host", isPassed: nil, text: ""),
                .init(name: "forwarding", isPassed: false, text: "off", code: "forwarding-off", fix: "On."),
            ])),
        .probe(identifier: 7, directoryDigest: 9, isPath: false),
        .relay(.request(target: node)), .relay(.offer(peer: node, channel: 77)), .relay(.closed(channel: 77)),
        .relay(.answer(target: node, RelayAnswer(.open, channel: 77, roundTripMicroseconds: 12_000))),
        .relay(.answer(target: node, RelayAnswer(.connecting))), .relay(.answer(target: node, RelayAnswer(.refused))),
        .hosts(.here(number: 5, isWhole: true, [host], gone: [])),
        .hosts(.here(number: 6, isWhole: false, [], gone: [host.address, IPAddress("2001:db8::7")!])),
        .names(.question("node7")), .names(.question("")), .names(.answer("node7", nil)),
        .names(.answer("node7", [host.address, IPAddress("2001:db8::7")!])),
        .names(.addressQuestion(host.address)), .names(.addressAnswer(host.address, "node7")),
        .names(.addressAnswer(IPAddress("2001:db8::7")!, nil)), .names(.addressAnswer(host.address, "")),
        .hosts(.heard(number: 6)), .hosts(.moving(host)), .hosts(.moved(host.address)), .hosts(.kept(host.address)),
    ]

    @Test(arguments: samples) func `a message survives the wire, with any padding`(message: ControlMessage) throws {
        for padding in [0, 1, 100] {
            let bytes = message.encoded + [UInt8](repeating: 0, count: padding)
            #expect(try ControlMessage(reading: bytes.span.bytes) == message)
        }
    }

    @Test(arguments: samples) func `a message cut short is refused at every length`(message: ControlMessage) {
        let bytes = message.encoded
        for count in 0..<bytes.count {
            let cut = Array(bytes.prefix(count))
            #expect(throws: WireError.self) { try ControlMessage(reading: cut.span.bytes) }
        }
    }

    @Test func `random bytes never trap`() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<20_000 {
            let count = Int(random.below(80))
            var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
            if !bytes.isEmpty { bytes[0] = UInt8(random.below(30)) }
            _ = try? ControlMessage(reading: bytes.span.bytes)
            _ = try? Announcement.Unverified(reading: bytes)
        }
    }
}
