package import NetworkTypes
import OrderedCollections

/// Blocks of addresses that this gateway leases ahead, so that it can serve its hosts also while it is cut off.
///
/// A block is a 256th of the bridged subnet, 16 addresses at most and one at least: so that many gateways share a
/// small subnet, and few leases serve a large one.
struct BlockTable {
    /// How many are wanted.
    var wanted = 0
    /// Blocks that are held, in the order in which they came.
    var held: [IPPrefix] = []
    /// Blocks that are tried for.
    var tried: [IPPrefix] = []
    /// Blocks that others hold, as far as was seen since the last pause.
    var taken: Set<IPPrefix> = []
    var refusals = 0
    /// No more are tried for before then.
    var pausedUntil: Instant?

    /// Length of the blocks' prefixes in `subnet`.
    static func length(in subnet: IPPrefix) -> Int {
        let bits = subnet.family.bitCount
        return max(min(subnet.length + HostLimits.blockShare, bits), bits - HostLimits.blockBits)
    }

    /// A block of `subnet` that is neither ours nor known to be another's, from a random place on; `nil` when there is
    /// none within reach.
    func candidate(in subnet: IPPrefix, random: inout SeededRandom) -> IPPrefix? {
        let length = Self.length(in: subnet)
        let count: UInt64 = 1 << UInt64(min(length - subnet.length, 32))
        let size: UInt64 = 1 << UInt64(subnet.family.bitCount - length)
        let first = random.below(count)
        for step in 0..<min(count, UInt64(HostLimits.blockRefusals + HostLimits.blocks)) {
            let place = (first + step) % count
            let block = IPPrefix(containing: subnet.address.advanced(by: place * size), length: length)
            // The subnet's own address, its service address and its last address are no host's.
            let isUsable = size > 1 || !Self.isReserved(block.address, in: subnet)
            if isUsable, !held.contains(block), !tried.contains(block), !taken.contains(block) { return block }
        }
        return nil
    }

    /// Whether no host may have an address: the subnet's own, its first, which serves, and its last.
    static func isReserved(_ address: IPAddress, in subnet: IPPrefix) -> Bool {
        address == subnet.address || address == subnet.serviceAddress || address == subnet.lastAddress
    }
}

extension IPPrefix {
    /// The address at which every gateway of a bridged subnet answers its own hosts: the first behind the subnet's own.
    package var serviceAddress: IPAddress { address.advanced(by: 1) }
}
