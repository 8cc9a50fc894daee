import GatewayCore
import LinkSecurity
import NetworkTypes
import OverlayRing
import OverlayStore
import WireFormat

/// Seeds of what members say to each other's ring and store, and of what a gateway keeps of both.
enum OverlaySeeds {
    static var ringMessages: [(name: String, bytes: [UInt8])] {
        let (left, right) = (RingMessageTarget.members[0], RingMessageTarget.members[1])
        let contact = RingContact(node: right, endpoints: [Endpoint(address: IPAddress(192, 0, 2, 1), port: 7_867)])
        let request = ConnectRequest(token: 7, purposes: .near, contact: contact, via: left)
        let response = ConnectResponse(token: 7, purposes: .near, contact: contact, neighbours: [contact])
        func packet(_ kind: UInt8, _ mode: DeliveryMode, _ payload: [UInt8]) -> RoutedPacket {
            RoutedPacket(kind: kind, mode: mode, source: right, destination: left, payload: payload)
        }
        var traced = packet(19, .exact, [UInt8](repeating: 0, count: 8))
        traced.trace = [right]
        traced.floor = right
        traced.turn = .clockwise
        let packets: [(String, RoutedPacket)] = [
            ("request", packet(0, .nearest, request.encoded)), ("response", packet(1, .exact, response.encoded)),
            ("sealed", packet(16, .exact, [1, 2, 3])), ("traced", traced),
        ]
        let status = LinkStatus(
            version: 1, purposes: [.near, .far], isRoutable: true,
            neighbours: NeighbourLists(left: [], right: []))
        let messages: [(String, RingMessage)] =
            [
                ("status", .status(status)), ("status-answer", .statusAnswer(version: 1)),
                ("leaving", .leaving([contact])),
            ] + packets.map { ($0.0, .packet($0.1)) }
        return messages.map { ($0.0, step(2, $0.1.encoded)) }
            + [("all", messages.flatMap { step(3, $0.1.encoded) })]
    }

    static var storeMessages: [(name: String, bytes: [UInt8])] {
        let name = Array("prefix:10.1.0.0/16".utf8)
        let key = [0, UInt8(name.count)] + name
        let identifier: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 9]
        let epoch: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 3]
        func record(_ state: UInt8, by member: Int, _ site: String) -> [UInt8] {
            [state] + key + StoreMessageTarget.members.nodes[member].bytes + [UInt8(site.utf8.count)]
                + Array(site.utf8) + epoch + epoch + [0, 0, 2, 88] + [0, 1, 7] + [0] + [0, 0, 0, 5]
        }
        let messages: [(String, [UInt8])] = [
            ("propose", [1] + identifier + key + epoch), ("vote", [2] + identifier + key + epoch + [0]),
            ("vote-attached", [2] + identifier + key + epoch + [1] + record(2, by: 2, "cern")),
            ("commit", [3] + identifier + record(0, by: 1, "lsu")), ("withdraw", [4] + identifier + key),
            ("store", [5] + identifier + record(1, by: 1, "lsu")),
            ("release", [5] + identifier + record(2, by: 1, "lsu")), ("stored", [6] + identifier + key + epoch),
            ("refusal", [7] + identifier + key + [3, 0, 1] + record(1, by: 2, "cern")),
            ("read", [8] + identifier + key), ("found", [9] + identifier + key + [0, 1, 1] + record(1, by: 2, "cern")),
        ]
        return messages.map { ($0.0, step(1, $0.1)) }
            + [
                ("all", messages.flatMap { step(5, $0.1) }),
                ("raw", step(0, StoreMessageTarget.envelope(from: 1, messages[0].1))),
            ]
    }

    static var storeMemories: [(name: String, bytes: [UInt8])] {
        let node = StoreMessageTarget.members.nodes[0]
        guard let key = StoreKey(.exclusive, "prefix:10.1.0.0/16"), let shared = StoreKey(.shared, "hosts") else {
            return []
        }
        func lease(_ key: StoreKey, _ value: [UInt8], expires: Int64) -> StoreMemory.Lease {
            StoreMemory.Lease(
                key: key, value: value, epoch: 3, sequence: 4, lifetimeSeconds: 600, expiresUnixSeconds: expires)
        }
        let live = lease(key, [], expires: 1_800_000_300)
        return [
            ("none", StoreMemory(node: node, clock: 5, leases: [])),
            ("one", StoreMemory(node: node, clock: 5, leases: [live])),
            ("two", StoreMemory(node: node, clock: 5, leases: [live, lease(shared, [1, 2], expires: 0)])),
        ].map { ($0.0, Array($0.1.encoded.dropLast(8))) }
    }

    static var publicationMemories: [(name: String, bytes: [UInt8])] {
        [
            ("none", PublicationMemory([])), ("list", PublicationMemory([(.revocationList, [1, 2, 3])])),
            ("both", PublicationMemory([(.revocationList, [1]), (.gridProfile, [2, 3])])),
        ].map { ($0.0, Array($0.1.encoded.dropLast(8))) }
    }

    private static func step(_ what: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var writer = InputWriter()
        writer.byte(what)
        writer.word(bytes.count)
        writer.block(bytes)
        return writer.bytes
    }
}
