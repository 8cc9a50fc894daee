import NetworkTypes

/// Hands out the receiver indices of this gateway's keys: scattered numbers, of which none comes again before all the
/// others have, which is after 2^32 handshakes. So no table has to be searched for those in use.
struct ReceiverIndices {
    private var last: UInt32
    /// Odd, so that the walk comes to every number.
    private let step: UInt32

    init(random: inout SeededRandom) {
        last = UInt32(truncatingIfNeeded: random.nextWord())
        step = UInt32(truncatingIfNeeded: random.nextWord()) | 1
    }

    /// The next one; never 0.
    mutating func next() -> UInt32 {
        repeat { last &+= step } while last == 0
        return last
    }
}
