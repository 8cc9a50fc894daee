import NetworkTypes

/// The prefixes of one size that the pools have, in an order of the seed's own: whoever looks for a free one starts
/// somewhere else, so two sites seldom want the same.
struct PrefixCandidates {
    private struct Span {
        let pool: IPPrefix
        let count: UInt64
    }

    private let spans: [Span]
    private let length: Int
    private let start: UInt64
    /// How many there are.
    let count: UInt64

    /// All blocks of `size`'s family and length in `pools`, which do not overlap.
    init(for size: IPPrefix, pools: [IPPrefix], seed: UInt64) {
        length = size.length
        spans = pools.filter { $0.family == size.family && $0.length <= size.length }.map { pool in
            Span(pool: pool, count: 1 << UInt64(min(size.length - pool.length, LeaseLimits.poolBits)))
        }
        count = spans.reduce(0) { $0 + $1.count }
        start = count > 0 ? seed % count : 0
    }

    /// The candidate at a place in the order, which goes on from the beginning behind the end. There must be one.
    subscript(_ place: UInt64) -> IPPrefix {
        var index = (start + place % count) % count
        for span in spans {
            if index < span.count { return Self.block(index, of: span.pool, length: length) }
            index -= span.count
        }
        preconditionFailure("the spans' counts add up to the count")
    }

    /// Where a site's search for its subnet begins: the same after every restart, and at every gateway of the site.
    static func seed(site: String, subnet: IPPrefix) -> UInt64 {
        // FNV-1a, finished as in SplitMix64.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(site) \(subnet)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return hash ^ (hash >> 31)
    }

    private static func block(_ index: UInt64, of pool: IPPrefix, length: Int) -> IPPrefix {
        let shift = pool.family.bitCount - length
        let base = UInt128(pool.address.high) << 64 | UInt128(pool.address.low)
        let address = shift < 128 ? base | UInt128(index) << UInt128(shift) : base
        let low = UInt64(truncatingIfNeeded: address)
        let found =
            pool.family == .v4
            ? IPAddress(v4: UInt32(truncatingIfNeeded: low))
            : IPAddress(v6High: UInt64(truncatingIfNeeded: address >> 64), low: low)
        return IPPrefix(containing: found, length: length)
    }
}
