package import NetworkTypes

/// How long datagrams take one way: a base that depends on the pair, and jitter with a heavy tail.
///
/// Hosts live on a plane of 1,024 by 1,024 that wraps round, at places drawn by the seed. The sum of the coordinate
/// distances counts, so that the triangle inequality holds and the base delays of random pairs have a hump in the
/// middle between `least` and `most`. To this each datagram adds a share of up to `jitterPercent` of the base, and in
/// `tailPerMille` of the cases a heavy tail: `tailUnit` times two to the power of a geometric number, so that twice the
/// extra delay is half as frequent, up to `tailLimit`. All of it is integer arithmetic.
package struct LatencyModel: Equatable, Sendable {
    /// The delay of the nearest pair.
    package var least: Duration { didSet { leastNanoseconds = least.wholeNanoseconds } }
    /// The delay of the two places farthest from each other.
    package var most: Duration { didSet { mostNanoseconds = most.wholeNanoseconds } }
    package var jitterPercent: UInt64
    package var tailPerMille: UInt64
    /// The least that a late datagram is late.
    package var tailUnit: Duration { didSet { tailNanoseconds = tailUnit.wholeNanoseconds } }
    /// The most that a late datagram is late.
    package var tailLimit: Duration { didSet { tailLimitNanoseconds = tailLimit.wholeNanoseconds } }

    private var leastNanoseconds: Int64
    private var mostNanoseconds: Int64
    private var tailNanoseconds: Int64
    private var tailLimitNanoseconds: Int64

    package init(
        least: Duration, most: Duration, jitterPercent: UInt64 = 10, tailPerMille: UInt64 = 0,
        tailUnit: Duration = .milliseconds(20), tailLimit: Duration = .seconds(2)
    ) {
        self.least = least
        self.most = most
        self.jitterPercent = jitterPercent
        self.tailPerMille = tailPerMille
        self.tailUnit = tailUnit
        self.tailLimit = tailLimit
        leastNanoseconds = least.wholeNanoseconds
        mostNanoseconds = most.wholeNanoseconds
        tailNanoseconds = tailUnit.wholeNanoseconds
        tailLimitNanoseconds = tailLimit.wholeNanoseconds
    }

    /// Ten milliseconds, give or take a half: what a test needs that is not about delay.
    package static let even = LatencyModel(least: .milliseconds(5), most: .milliseconds(5), jitterPercent: 200)
    /// The internet: 5 to 95 ms, one datagram in a hundred 20 ms late or worse.
    package static let internet = LatencyModel(least: .milliseconds(5), most: .milliseconds(95), tailPerMille: 10)

    /// The base delay between two places, in nanoseconds.
    package func base(_ first: NetworkPlace, _ second: NetworkPlace) -> Int64 {
        let distance = wrapped(first.across, second.across) + wrapped(first.along, second.along)
        return leastNanoseconds + (mostNanoseconds - leastNanoseconds) * distance / 1_024
    }

    /// The delay of one datagram whose base is `base`, in nanoseconds.
    package func delay(base: Int64, random: inout SeededRandom) -> Int64 {
        var delay = base
        if jitterPercent > 0 {
            delay += Int64(random.below(UInt64(base) * jitterPercent / 100 + 1))
        }
        if tailPerMille > 0, random.chance(tailPerMille, in: 1_000) {
            let word = random.nextWord()
            let doubled = tailNanoseconds << Int64(min(word.trailingZeroBitCount, 20))
            delay += min(doubled + Int64(word >> 44) * (doubled >> 20), tailLimitNanoseconds)
        }
        return delay
    }

    private func wrapped(_ first: UInt16, _ second: UInt16) -> Int64 {
        let distance = abs(Int64(first) - Int64(second))
        return min(distance, 1_024 - distance)
    }
}
