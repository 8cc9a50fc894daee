package import NetworkTypes

/// The own subnets that the grid is to lease a virtual prefix for, and which prefix each has or asks for.
///
///     none -- a free one is found --> chosen -- the store grants it --> announced
///      ^                                |                                   |
///      +---- another site has it -------+----- another site won it, --------+
///                                              the pool has lost it
struct PrefixLeases {
    /// One subnet.
    struct Wish {
        let subnet: IPPrefix
        /// What is asked for or held.
        var choice: IPPrefix?
        /// Others have been told of it.
        var isAnnounced = false
        /// Where the next search goes on in the order of the candidates.
        var place: UInt64 = 0
        /// The last search found nothing free.
        var isExhausted = false
        var loss: PrefixLoss?
    }

    private(set) var wishes: [Wish] = []
    /// When all of them were looked at last.
    var reviewed: Instant?

    /// Replaces the subnets; those that stay keep what they have.
    mutating func setSubnets(_ subnets: [IPPrefix]) {
        wishes = subnets.map { subnet in wishes.first { $0.subnet == subnet } ?? Wish(subnet: subnet) }
    }

    /// What is chosen for a subnet.
    func choice(for subnet: IPPrefix) -> IPPrefix? { wishes.first { $0.subnet == subnet }?.choice }

    /// The prefixes that are chosen.
    var choices: [IPPrefix] { wishes.compactMap(\.choice) }

    mutating func choose(_ prefix: IPPrefix, at index: Int) {
        wishes[index].choice = prefix
        wishes[index].isExhausted = false
    }

    /// The prefix is not ours any more, or never was; the search goes on behind it.
    mutating func drop(at index: Int) {
        wishes[index].choice = nil
        wishes[index].isAnnounced = false
    }

    mutating func lost(_ loss: PrefixLoss, at index: Int) {
        wishes[index].loss = loss
    }

    /// Others are told of these prefixes.
    mutating func announced(_ prefixes: [IPPrefix]) {
        for index in wishes.indices where wishes[index].choice.map(prefixes.contains) ?? false {
            wishes[index].isAnnounced = true
        }
    }

    /// Looks for the next candidate that is free. What it has looked at it leaves behind.
    mutating func search(at index: Int, among candidates: PrefixCandidates, occupied: OccupiedSpace) -> IPPrefix? {
        let limit = min(candidates.count, UInt64(LeaseLimits.candidatesPerSearch))
        for _ in 0..<limit {
            let candidate = candidates[wishes[index].place]
            wishes[index].place = (wishes[index].place + 1) % candidates.count
            if !occupied.overlaps(candidate) { return candidate }
        }
        wishes[index].isExhausted = true
        return nil
    }
}

/// A leased prefix that this site has lost.
package struct PrefixLoss: Equatable, Sendable {
    package var prefix: IPPrefix
    /// The site that has it; `nil` when the pool does not have it any more.
    package var holder: String?
    package var at: Instant
}
