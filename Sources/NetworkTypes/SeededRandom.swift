/// The only source of chance in pure code: xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64.
///
/// One seed gives one sequence on every machine. Not for secrets: keys come from the library that uses them.
public struct SeededRandom: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    public init(seed: UInt64) {
        var mix = seed
        func next() -> UInt64 {
            mix &+= 0x9e37_79b9_7f4a_7c15
            var word = mix
            word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
            return word ^ (word >> 31)
        }
        state = (next(), next(), next(), next())
    }

    /// The next 64 random bits.
    public mutating func nextWord() -> UInt64 {
        let result = rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, by: 45)
        return result
    }

    /// A number from 0 to `bound - 1`, without bias worth speaking of (the bias is under bound / 2^64).
    public mutating func below(_ bound: UInt64) -> UInt64 {
        precondition(bound > 0, "an empty range has no member to choose")
        return nextWord().multipliedFullWidth(by: bound).high
    }

    /// Whether an event of probability `numerator / denominator` happens.
    public mutating func chance(_ numerator: UInt64, in denominator: UInt64) -> Bool {
        below(denominator) < numerator
    }

    /// A duration from half of `duration` to one and a half of it: keeps many gateways from acting in step.
    public mutating func jitter(around duration: Duration) -> Duration {
        let nanoseconds = UInt64(max(0, duration.wholeNanoseconds))
        return .nanoseconds(Int64(nanoseconds / 2 + below(nanoseconds + 1)))
    }

    private func rotate(_ word: UInt64, by count: UInt64) -> UInt64 {
        word << count | word >> (64 - count)
    }
}
