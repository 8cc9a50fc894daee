/// Longest prefix match by one binary search: address blocks laid flat into ranges that do not overlap.
///
/// Built as a whole, in O(n log n); a look-up allocates nothing. 10,000 blocks are at most 20,001 ranges.
struct RangeTable<Key: FixedWidthInteger & UnsignedInteger>: ~Copyable {
    /// A block, by its first and last address. Blocks nest or lie apart, as prefixes do.
    struct Block {
        var first: Key
        var last: Key
        var value: Int32
    }

    /// What a look-up finds where no block is.
    static var nothing: Int32 { -1 }

    private let starts: UnsafeMutablePointer<Key>
    private let values: UnsafeMutablePointer<Int32>
    private let count: Int

    /// Of two equal blocks, the later one in the list counts.
    init(_ blocks: [Block] = []) {
        let sorted = blocks.enumerated().sorted { left, right in
            if left.element.first != right.element.first { return left.element.first < right.element.first }
            if left.element.last != right.element.last { return left.element.last > right.element.last }
            return left.offset < right.offset
        }
        var ranges: [(start: Key, value: Int32)] = []
        func emit(_ start: Key, _ value: Int32) {
            if ranges.last?.start == start { ranges.removeLast() }
            if ranges.last?.value != value { ranges.append((start, value)) }
        }
        var open: [Block] = []
        func close(before limit: Key?) {
            while let top = open.last, limit.map({ top.last < $0 }) ?? true {
                open.removeLast()
                if top.last != .max { emit(top.last + 1, open.last?.value ?? Self.nothing) }
            }
        }
        emit(0, Self.nothing)
        for (_, block) in sorted {
            close(before: block.first)
            emit(block.first, block.value)
            open.append(block)
        }
        close(before: nil)

        count = max(ranges.count, 1)
        starts = .allocate(capacity: count)
        values = .allocate(capacity: count)
        for index in 0..<count {
            (starts + index).initialize(to: index < ranges.count ? ranges[index].start : 0)
            (values + index).initialize(to: index < ranges.count ? ranges[index].value : Self.nothing)
        }
    }

    deinit {
        starts.deallocate()
        values.deallocate()
    }

    /// The value of the smallest block that contains `key`; `nothing` when there is none.
    func value(at key: Key) -> Int32 {
        var base = 0
        var left = count
        while left > 1 {
            let half = left / 2
            if starts[base + half] <= key { base += half }
            left -= half
        }
        return values[base]
    }
}
