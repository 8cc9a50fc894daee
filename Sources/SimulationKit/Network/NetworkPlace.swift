/// Where a host, or the address translator before it, is attached to the network, and what the network does to it.
/// Places outlive hosts: who restarts is where it was.
package struct NetworkPlace: Sendable {
    /// On the plane of delays, 0 to 1,023 each.
    package let across: UInt16
    package let along: UInt16
    /// The side of a partition: datagrams do not cross between sides.
    package var side: UInt8 = 0
    /// What every datagram to it waits for in addition, in nanoseconds: it is slow.
    package var slowness: Int64 = 0
    /// A firewall there lets no UDP through, in either direction; TLS over TCP passes.
    package var blocksUDP = false

    /// The place of this number in the world of this seed.
    package init(number: Int, seed: UInt64) {
        let word = SeededMix.word(UInt64(number), seed)
        across = UInt16(word & 1_023)
        along = UInt16(word >> 10 & 1_023)
    }
}

/// Chance without state: what it says of a subject is the same whenever it is asked.
enum SeededMix {
    /// One word from two (SplitMix64's finaliser).
    static func word(_ value: UInt64, _ seed: UInt64) -> UInt64 {
        var word = value &+ seed &* 0x9e37_79b9_7f4a_7c15
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}

/// Which pairs of places can exchange datagrams at all: a matrix of chance, the same both ways and for ever.
package struct PairConnectivity: Equatable, Sendable {
    /// Pairs in a thousand that can talk.
    package var perMille: UInt64

    package init(perMille: UInt64 = 1_000) { self.perMille = perMille }

    /// Whether datagrams between two places arrive, in the world of this seed.
    package func canTalk(_ first: Int, _ second: Int, seed: UInt64) -> Bool {
        guard perMille < 1_000, first != second else { return true }
        let pair = UInt64(min(first, second)) << 32 | UInt64(max(first, second))
        return SeededMix.word(pair, seed ^ 0x5bd1_e995) % 1_000 < perMille
    }
}
