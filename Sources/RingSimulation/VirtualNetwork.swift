import NetworkTypes

/// How the virtual network treats members and messages. All of it follows from the seed.
package struct VirtualNetwork: Sendable {
    /// Pairs in a thousand that can have a session.
    package var connectivityPerMille: UInt64 = 1_000
    /// The only pairs that can have a session, by `pairKey`; `nil`: chance decides.
    package var onlyPairs: Set<UInt64>?
    /// Messages in a thousand that are lost.
    package var lossPerMille: UInt64 = 0
    /// Messages in a thousand that come twice.
    package var duplicationPerMille: UInt64 = 0
    /// Messages in a thousand that wait for up to `reorderingDelay` and are overtaken.
    package var reorderingPerMille: UInt64 = 0
    package var reorderingDelay: Duration = .milliseconds(400)
    /// The least delay one way, and what the far side of the plane adds to it.
    package var nearDelay: Duration = .milliseconds(5)
    package var farDelay: Duration = .milliseconds(90)
    /// Until an attempt is known to have failed.
    package var failedAttempt: Duration = .seconds(5)
    /// Until the end of a session without a word is noticed: at least, and at most so much more. Four probes of 250 ms
    /// follow a probe interval of 5 s.
    package var liveness: Duration = .seconds(1)
    package var livenessSpread: Duration = .seconds(5)
    /// What UDP, IPv4 and sealing add to a message.
    package var overheadByteCount = 60

    package init() {}

    /// The delay one way between two members: both live on a plane of 1,024 by 1,024 that wraps round; the sum of the
    /// coordinate distances counts, so that the triangle inequality holds.
    func delay(_ first: Int, _ second: Int, seed: UInt64) -> Duration {
        let one = mix(UInt64(first), seed)
        let two = mix(UInt64(second), seed)
        let across = wrapped(Int(one & 1_023) - Int(two & 1_023))
        let along = wrapped(Int(one >> 10 & 1_023) - Int(two >> 10 & 1_023))
        return nearDelay + .nanoseconds(farDelay.wholeNanoseconds * Int64(across + along) / 1_024)
    }

    /// Whether two members can have a session at all.
    func canTalk(_ first: Int, _ second: Int, seed: UInt64) -> Bool {
        if let onlyPairs { return onlyPairs.contains(Self.pairKey(first, second)) }
        guard connectivityPerMille < 1_000 else { return true }
        return mix(Self.pairKey(first, second), seed ^ 0x5bd1_e995) % 1_000 < connectivityPerMille
    }

    /// One word for two members, in either order.
    package static func pairKey(_ first: Int, _ second: Int) -> UInt64 {
        UInt64(min(first, second)) << 32 | UInt64(max(first, second))
    }

    private func wrapped(_ difference: Int) -> Int {
        let distance = abs(difference)
        return min(distance, 1_024 - distance)
    }

    /// One word from two (SplitMix64's finaliser).
    private func mix(_ value: UInt64, _ seed: UInt64) -> UInt64 {
        var word = value &+ seed &* 0x9e37_79b9_7f4a_7c15
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
