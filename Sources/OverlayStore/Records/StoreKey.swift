package import NetworkTypes
import WireFormat

/// What the store files records under.
///
/// Exclusive and shared keys are apart, even with the same name: a put can never stand beside a lease.
package struct StoreKey: Hashable, Sendable {
    /// How many sites may hold records under the key.
    package enum Kind: UInt8, Sendable {
        /// One site at a time: a lease.
        case exclusive = 0
        /// Several owners' values side by side.
        case shared = 1
    }

    package let kind: Kind
    /// 1 to `StoreLimits.nameByteCount` bytes of printable ASCII without blanks.
    package let name: String

    /// `nil` when the name breaks the rule.
    package init?(_ kind: Kind, _ name: String) {
        guard Self.isValid(name) else { return nil }
        self.kind = kind
        self.name = name
    }

    /// Whether `name` may name a key.
    package static func isValid(_ name: String) -> Bool {
        // ASCII, because Swift compares other text by canonical equivalence, and the place is made from bytes.
        (1...StoreLimits.nameByteCount).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// Where on the ring the key's replicas are.
    ///
    /// Three FNV-1a sums over the kind's byte and the name, each finished as in SplitMix64. It spreads keys and is no
    /// protection: whoever likes can find names that lie anywhere.
    package var place: NodeAddress {
        func lane(_ number: UInt64) -> UInt64 {
            var sum: UInt64 = 0xcbf2_9ce4_8422_2325 &+ number &* 0x9e37_79b9_7f4a_7c15
            func take(_ byte: UInt8) { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            take(kind.rawValue)
            for byte in name.utf8 { take(byte) }
            sum = (sum ^ (sum >> 30)) &* 0xbf58_476d_1ce4_e5b9
            sum = (sum ^ (sum >> 27)) &* 0x94d0_49bb_1331_11eb
            return sum ^ (sum >> 31)
        }
        return NodeAddress(high: lane(0), middle: lane(1), low: UInt32(truncatingIfNeeded: lane(2) >> 32))
    }
}

extension WireWriter {
    /// The kind, and the name behind a byte with its length.
    mutating func write(_ key: StoreKey) {
        write(key.kind.rawValue)
        write(short: Array(key.name.utf8))
    }

    /// At most 255 bytes behind a byte with their number.
    mutating func write(short block: [UInt8]) {
        precondition(block.count <= 255, "a short block's length has 8 bits")
        write(UInt8(block.count))
        write(raw: block)
    }
}

extension WireReader {
    mutating func readStoreKey() throws(WireError) -> StoreKey {
        let tag = try readUInt8()
        guard let kind = StoreKey.Kind(rawValue: tag) else {
            throw .unknownValue(field: "key kind", value: UInt64(tag))
        }
        let bytes = try readShort("key", limit: StoreLimits.nameByteCount)
        guard let key = StoreKey(kind, String(decoding: bytes, as: UTF8.self)) else { throw .invalid(field: "key") }
        return key
    }

    mutating func readShort(_ field: String, limit: Int) throws(WireError) -> [UInt8] {
        let count = Int(try readUInt8())
        guard count <= limit else { throw .tooLong(field: field, count: count, limit: limit) }
        return try readBytes(count)
    }
}
