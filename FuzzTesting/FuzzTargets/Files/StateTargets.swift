import GatewayCore
import NetworkTypes
import OverlayStore
import WireFormat

/// The file of own leases. Its sum is put behind the input: what is behind the sum is what may go wrong.
enum StoreMemoryTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        _ = try? StoreMemory(reading: input)
        let bytes = StateFile.summed(input)
        guard let memory = try? StoreMemory(reading: bytes) else { return }
        try expect(memory.encoded == bytes, "what is read is what was written")
        try expect(bytes.count <= StoreMemory.byteCount, "the file is bounded")

        let now = Instant(nanoseconds: 1_000_000_000)
        let members = StoreMessageTarget.members
        var effects = StoreEffects()
        var store = StoreNode(identity: CredulousAuthority(node: memory.node, prefixes: []), seed: 7)
        store.restore(memory, now: now, unixSeconds: 1_800_000_000, members: members, effects: &effects)
        try expect(store.clock >= memory.clock, "no clock goes back")
        for lease in store.ownLeases {
            let left = (lease.expires ?? now) - now
            try expect(left <= .seconds(Int64(lease.lifetimeSeconds)), "a lease lives no longer than its lifetime")
        }
        store.handleTimeout(now: now + .seconds(86_400), members: members, effects: &effects)
    }
}

/// The file of publications, its sum put behind the input.
enum PublicationMemoryTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        _ = try? PublicationMemory(reading: input)
        let bytes = StateFile.summed(input)
        guard let memory = try? PublicationMemory(reading: bytes) else { return }
        try expect(memory.encoded == bytes, "what is read is what was written")
        try expect(bytes.count <= PublicationMemory.byteCount, "the file is bounded")
    }
}

/// What both files end with.
enum StateFile {
    static func summed(_ input: [UInt8]) -> [UInt8] {
        var writer = WireWriter(capacity: input.count + 8)
        writer.write(raw: input)
        writer.write(Checksum.fnv1a(input))
        return writer.bytes
    }
}
