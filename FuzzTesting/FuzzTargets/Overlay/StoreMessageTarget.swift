import NetworkTypes
import OverlayStore

/// What members say to a store node, one message after the other; every signature is believed.
///
/// Steps: `| what | count (2) | count bytes |`. The low two bits of `what` choose the sender, who wraps the bytes as a
/// message of its own; 0: they come as they are. The others are seconds that pass before.
enum StoreMessageTarget {
    private static let stepLimit = 32
    static let members = Members()

    /// Four members with a site each; the first is the one that is looked at.
    struct Members: StoreMembers {
        let nodes = (1...4).map { NodeAddress(high: UInt64($0) << 60, middle: 0, low: UInt32($0)) }

        var count: Int { nodes.count }
        subscript(position: Int) -> NodeAddress { nodes[position] }
        func certificate(of node: NodeAddress) -> [UInt8]? { nodes.contains(node) ? node.bytes : nil }
        /// The first is of the site of `CredulousAuthority`.
        func site(of node: NodeAddress) -> String? {
            nodes.firstIndex(of: node).map { ["ufl", "lsu", "cern", "ornl"][$0] }
        }
    }

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        var now = Instant(nanoseconds: 1_000_000_000)
        var effects = StoreEffects()
        let identity = CredulousAuthority(node: members.nodes[0], prefixes: [])
        var store = StoreNode(identity: identity, seed: 7)
        store.create(
            "prefix:10.1.0.0/16", value: [1], lifetime: .seconds(600), token: 1, now: now, members: members,
            effects: &effects)
        var reader = InputReader(input)
        for _ in 0..<stepLimit where !reader.isAtEnd {
            let what = reader.byte()
            let bytes = reader.block(reader.word())
            now = now + .seconds(Int64(what >> 2))
            effects.removeAll()
            store.handleTimeout(now: now, members: members, effects: &effects)
            let sender = Int(what & 3)
            let message = sender == 0 ? bytes : envelope(from: sender, bytes)
            store.receive(message, now: now, members: members, effects: &effects)
            try check(store, effects)
        }
    }

    /// Version, sender, receiver, the message, and a signature of no length.
    static func envelope(from sender: Int, _ message: [UInt8]) -> [UInt8] {
        [1] + members.nodes[sender].bytes + members.nodes[0].bytes + message + [0]
    }

    private static func check(_ store: StoreNode, _ effects: borrowing StoreEffects) throws(PropertyViolation) {
        try expect(store.ownLeases.count <= 1, "nobody else makes leases of ours")
        try expect(store.replicaKeyCount <= stepLimit + 1, "a message makes one key at most")
        try expect(store.clock <= StoreLimits.counter, "the clock ends where counters do")
        try expect(effects.list.count <= 128, "a message sets off a few")
        for effect in effects.list {
            guard case .send(_, let bytes) = effect else { continue }
            try expect(bytes.count <= StoreLimits.messageByteCount, "messages are bounded")
        }
    }
}
