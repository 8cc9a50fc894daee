/// Longest prefix match: address block to value.
///
/// Sorted arrays per prefix length, so that a look-up allocates nothing and takes one binary search for each length in
/// use. Iteration is in prefix order.
public struct PrefixTable<Value> {
    private var entries: [(prefix: IPPrefix, value: Value)] = []
    /// Lengths in use, longest first, with the number of entries of each. Index 0 is v4, 1 is v6.
    private var lengths: [[(length: Int, count: Int)]] = [[], []]

    public init() {}

    /// Entries of both families.
    public var count: Int { entries.count }
    /// Whether there is no entry of either family.
    public var isEmpty: Bool { entries.isEmpty }

    /// Every entry in prefix order.
    public var all: [(prefix: IPPrefix, value: Value)] { entries }

    /// The value of exactly this prefix; setting `nil` removes it.
    public subscript(prefix: IPPrefix) -> Value? {
        get {
            let index = lowerBound(prefix)
            return index < entries.count && entries[index].prefix == prefix ? entries[index].value : nil
        }
        set {
            let index = lowerBound(prefix)
            let exists = index < entries.count && entries[index].prefix == prefix
            switch (exists, newValue) {
            case (true, .some(let value)):
                entries[index].value = value
            case (true, .none):
                entries.remove(at: index)
                adjustCount(of: prefix, by: -1)
            case (false, .some(let value)):
                entries.insert((prefix, value), at: index)
                adjustCount(of: prefix, by: 1)
            case (false, .none):
                break
            }
        }
    }

    /// The longest prefix that contains `address`, with its value.
    @inlinable
    public func longestMatch(_ address: IPAddress) -> (prefix: IPPrefix, value: Value)? {
        guard let index = longestMatchIndex(address) else { return nil }
        return entry(at: index)
    }

    @usableFromInline
    func entry(at index: Int) -> (prefix: IPPrefix, value: Value) { entries[index] }

    @usableFromInline
    func longestMatchIndex(_ address: IPAddress) -> Int? {
        for used in lengths[address.family == .v4 ? 0 : 1] {
            let candidate = IPPrefix(containing: address, length: used.length)
            let index = lowerBound(candidate)
            if index < entries.count, entries[index].prefix == candidate { return index }
        }
        return nil
    }

    private func lowerBound(_ prefix: IPPrefix) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].prefix < prefix { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func adjustCount(of prefix: IPPrefix, by delta: Int) {
        let family = prefix.family == .v4 ? 0 : 1
        if let index = lengths[family].firstIndex(where: { $0.length == prefix.length }) {
            lengths[family][index].count += delta
            if lengths[family][index].count == 0 { lengths[family].remove(at: index) }
        } else {
            let index = lengths[family].firstIndex { $0.length < prefix.length } ?? lengths[family].count
            lengths[family].insert((prefix.length, delta), at: index)
        }
    }
}

extension PrefixTable: Sendable where Value: Sendable {}
