import NetworkTypes

/// Prefixes that somebody has, asked whether another one would touch them.
struct OccupiedSpace {
    /// Sorted, each once.
    private let prefixes: [IPPrefix]

    init(_ prefixes: [IPPrefix]) {
        var sorted = prefixes.sorted()
        var last: IPPrefix?
        sorted.removeAll { prefix in
            defer { last = prefix }
            return prefix == last
        }
        self.prefixes = sorted
    }

    /// Whether a prefix equals, covers or lies inside one of them. O(length * log n).
    func overlaps(_ prefix: IPPrefix) -> Bool {
        let next = index(of: prefix)
        if next < prefixes.count, prefix.covers(prefixes[next]) { return true }
        return (0..<prefix.length).contains { length in
            let cover = IPPrefix(containing: prefix.address, length: length)
            let place = index(of: cover)
            return place < prefixes.count && prefixes[place] == cover
        }
    }

    /// The first that does not stand before `prefix`.
    private func index(of prefix: IPPrefix) -> Int {
        var low = 0
        var high = prefixes.count
        while low < high {
            let middle = (low + high) / 2
            if prefixes[middle] < prefix { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
