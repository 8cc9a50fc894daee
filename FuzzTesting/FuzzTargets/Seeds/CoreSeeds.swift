import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit

/// Seeds of the control core.
enum CoreSeeds {
    private static let node = NodeAddress(high: 1, middle: 2, low: 3)

    static var messages: [(name: String, message: ControlMessage)] {
        [
            ("probe", .probe(identifier: 7, directoryDigest: 9, isPath: true)),
            (
                "probe-answer",
                .probeAnswer(identifier: 7, directoryDigest: 9, observed: GatewayTarget.Scene.stranger)
            ),
            (
                "probe-answer-v6",
                .probeAnswer(
                    identifier: 7, directoryDigest: 9,
                    observed: Endpoint(address: IPAddress(v6High: 0x2001_0db8_0000_0000, low: 1), port: 7_867))
            ),
            ("echo", .echo(token: 1)), ("echo-answer", .echoAnswer(token: 1)),
            ("announcement", .announcement(ageSeconds: 5, until: node, encoded: announcement())),
            ("announcement-kept", .announcement(ageSeconds: 5, until: nil, encoded: announcement())),
            ("ring", .ring([2, 0, 0, 0, 1])), ("store", .store([1])), ("release", .release),
            ("digests-request", .digestsRequest),
            ("digests", .digests([UInt64](repeating: 5, count: DirectoryLimits.bucketCount))),
            ("summary-request", .summaryRequest(start: node)),
            ("summary", .summary([.init(node: node, sequence: 4)], isLast: true)),
            ("announcement-request", .announcementRequest([node, GatewayTarget.Scene().far.identity.own.node])),
            ("goodbye", .goodbye),
            (
                "question",
                .question(
                    token: 7,
                    OperatorQuestion(
                        source: IPAddress(10, 0, 0, 1), destination: IPAddress(10, 1, 0, 1), transport: 6, port: 443))
            ),
            (
                "answer",
                .answer(
                    token: 7,
                    OperatorAnswer(steps: [
                        .init(name: "forwarding", isPassed: false, text: "off", code: "forwarding-off", fix: "On.")
                    ]))
            ),
            ("publications", .publications([notice], until: node)),
            ("publications-all", .publications([notice, notice], until: nil)),
            ("publication-request", .publicationRequest(notice, first: 0, count: 8)),
            ("publication-page", .publicationPage(notice, page: 0, publication)),
            ("relay-request", .relay(.request(target: node))),
            (
                "relay-answer",
                .relay(.answer(target: node, RelayAnswer(.open, channel: 77, roundTripMicroseconds: 12_000)))
            ),
            ("relay-offer", .relay(.offer(peer: node, channel: 77))), ("relay-closed", .relay(.closed(channel: 77))),
        ]
    }

    private static let publication = SimulatedAuthority.content(version: 3)
    private static let notice = PublicationNotice(
        Publication(kind: .revocationList, version: 3, content: publication))

    static var controlMessages: [(name: String, bytes: [UInt8])] {
        messages.map { ($0.name, $0.message.encoded) }
            + [("probe-padded", messages[0].message.encoded + [UInt8](repeating: 0, count: 200))]
    }

    static var announcements: [(name: String, bytes: [UInt8])] {
        [
            ("one-export", announcement()), ("withdrawn", announcement { $0.isWithdrawn = true }),
            (
                "nothing",
                announcement {
                    $0.exports = []; $0.endpoints = []
                }
            ),
            (
                "uncovered",
                announcement {
                    let prefix = IPPrefix(containing: IPAddress(10, 3, 0, 0), length: 24)
                    $0.exports.append(.init(subnet: prefix, virtual: prefix))
                }
            ),
            (
                "mapped-v6",
                announcement {
                    let subnet = IPPrefix(containing: IPAddress(v6High: 0x2001_0db8_0000_0000, low: 0), length: 48)
                    $0.exports.append(.init(subnet: subnet, virtual: subnet))
                    $0.endpoints.append(Endpoint(address: subnet.address.advanced(by: 1), port: 1))
                }
            ),
        ]
    }

    static var gateway: [(name: String, bytes: [UInt8])] {
        var list = messages.map { name, message in
            (name, script { step(GatewayTarget.Step.control.rawValue, message.encoded, &$0) })
        }
        let hello = GatewayTarget.Scene()
        let handshake = PlaintextHandshakeProvider(identity: hello.far.identity, seed: 3).makeClient(localIndex: 9)
        var output = HandshakeOutput()
        _ = handshake.start(output: &output)
        for (name, bit) in [("hello-of-member", UInt8(0)), ("hello-of-stranger", 4)] {
            let bytes = script { writer in
                for datagram in output.datagrams {
                    step(GatewayTarget.Step.handshake.rawValue | bit, datagram, &writer)
                }
                wait(1_000, &writer)
            }
            list.append((name, bytes))
        }
        for choice in UInt8(0)..<8 {
            let bytes = script { writer in
                writer.byte(GatewayTarget.Step.news.rawValue | choice << 3)
                writer.word(1_000)
                wait(2_000, &writer)
            }
            list.append(("news-\(choice)", bytes))
        }
        return list
    }

    /// What the far gateway of the scene announces, a little later.
    private static func announcement(_ change: (inout Announcement) -> Void = { _ in }) -> [UInt8] {
        let scene = GatewayTarget.Scene()
        let own = scene.far.identity.own
        var announcement = Announcement(
            node: own.node, sequence: 5_000_000_000, lifetimeSeconds: 86_400, isWithdrawn: false,
            endpoints: [scene.far.endpoint], exports: own.prefixes.map { .init(subnet: $0, virtual: $0) },
            certificate: own.certificate)
        change(&announcement)
        return announcement.signed(by: scene.far.identity)
    }

    private static func script(_ body: (inout InputWriter) -> Void) -> [UInt8] {
        var writer = InputWriter()
        body(&writer)
        return writer.bytes
    }

    private static func step(_ what: UInt8, _ bytes: [UInt8], _ writer: inout InputWriter) {
        writer.byte(what)
        writer.word(bytes.count)
        writer.block(bytes)
    }

    private static func wait(_ milliseconds: Int, _ writer: inout InputWriter) {
        writer.byte(GatewayTarget.Step.time.rawValue)
        writer.word(milliseconds)
    }
}
