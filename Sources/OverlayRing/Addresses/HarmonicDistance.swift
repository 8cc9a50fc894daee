package import NetworkTypes

/// The arithmetic of ring sizes and of Symphony's far links (Manku, Bawa, Raghavan: Symphony, USITS 2003), in integers.
package enum HarmonicDistance {
    /// The base-2 logarithm of `size` in 1/65,536, by linear interpolation between powers of two: at most 0.087 too
    /// low.
    package static func logarithm(of size: UInt64) -> UInt64 {
        guard size > 1 else { return 0 }
        let whole = UInt64(63 - size.leadingZeroBitCount)
        let mantissa = size << (63 - whole) & (UInt64.max >> 1)
        return whole << 16 | mantissa >> 47
    }

    /// ceil(0.5 log2 size): the least k with 4^k >= size.
    package static func farLinkCount(for size: UInt64) -> Int {
        guard size > 1 else { return 0 }
        return (64 - (size - 1).leadingZeroBitCount + 1) / 2
    }

    /// A distance d with density proportional to 1/d, from about 1/size of the ring to the whole of it.
    ///
    /// d = 2^160 * size^(x - 1) with x uniform in [0, 1): the exponent -log2(size) * (1 - x) is drawn in 1/65,536, and
    /// 2^-f for its fraction f is taken as 1 - f / 2, which is at most 6 % too high.
    package static func draw(size: UInt64, random: inout SeededRandom) -> RingDistance {
        let exponent = (logarithm(of: size) * random.below(65_536)) >> 16
        let whole = Int(exponent >> 16)
        let fraction = exponent & 0xffff
        // (1 - f / 2) * 2^64, less one so that it fits.
        let mantissa = UInt64.max - (fraction << 47)
        return RingDistance(high: mantissa >> UInt64(min(whole, 63)), middle: random.nextWord(), low: 0)
    }

    /// Members of a ring of which `count` lie in an arc of `span` (the upper 64 bits of a distance).
    static func size(count: Int, in span: UInt64) -> UInt64 {
        guard span > 0 else { return RingLimits.sizeLimit }
        let members = (UInt128(count) << 64) / UInt128(span)
        return members > UInt128(RingLimits.sizeLimit) ? RingLimits.sizeLimit : UInt64(members)
    }
}
