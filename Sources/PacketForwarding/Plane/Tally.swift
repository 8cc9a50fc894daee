/// The counters while they run: one place that all parts of the plane count into.
final class Tally {
    var current = ForwardingCounters()
    private let drops: UnsafeMutablePointer<UInt64>

    init() {
        drops = .allocate(capacity: DropReason.allCases.count)
        drops.initialize(repeating: 0, count: DropReason.allCases.count)
    }

    deinit {
        drops.deallocate()
    }

    func drop(_ reason: DropReason) { drops[reason.index] &+= 1 }

    /// A copy of everything.
    var snapshot: ForwardingCounters {
        var snapshot = current
        snapshot.dropped = (0..<DropReason.allCases.count).map { drops[$0] }
        return snapshot
    }
}
