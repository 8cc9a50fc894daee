package import NetworkTypes

/// How many answers a stranger gets, and all strangers together.
///
/// A token bucket for each of `slotCount` groups of sources and one for all, kept as the instant at which a bucket
/// would be full again. Sources fall into groups by their network and a secret, so that nobody can pick a neighbour to
/// starve; the memory is the same however many ask.
package struct AnswerPace: Sendable {
    private var groups: [Instant]
    private var all = Instant(nanoseconds: 0)
    private let secret: UInt64

    /// `seed` is secret.
    package init(seed: UInt64) {
        secret = seed
        groups = Array(repeating: Instant(nanoseconds: 0), count: STUNLimits.groupCount)
    }

    /// Whether `source` may have an answer now; if so it is counted.
    package mutating func allows(_ source: IPAddress, now: Instant) -> Bool {
        let group = group(of: source)
        guard groups[group] - now <= STUNLimits.groupInterval * (STUNLimits.groupBurst - 1),
            all - now <= STUNLimits.totalInterval * (STUNLimits.totalBurst - 1)
        else { return false }
        groups[group] = max(groups[group], now) + STUNLimits.groupInterval
        all = max(all, now) + STUNLimits.totalInterval
        return true
    }

    /// The number of the group that the network of `source` falls into.
    private func group(of source: IPAddress) -> Int {
        // The finisher of SplitMix64: who does not know the secret cannot say which networks share a group.
        var mix = (source.family == .v4 ? source.low >> 8 : source.high >> 16) &+ secret
        mix = (mix ^ (mix >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mix = (mix ^ (mix >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mix ^ (mix >> 31)) % UInt64(STUNLimits.groupCount))
    }
}
