/// Takes an input apart into the steps of a script. Never fails: what is missing is 0 or shorter.
struct InputReader {
    private var left: ArraySlice<UInt8>

    init(_ input: [UInt8]) {
        left = input[...]
    }

    var isAtEnd: Bool { left.isEmpty }

    mutating func byte() -> UInt8 { left.popFirst() ?? 0 }

    /// Two bytes, most significant first.
    mutating func word() -> Int {
        let high = Int(byte())
        return high << 8 | Int(byte())
    }

    mutating func block(_ count: Int) -> [UInt8] {
        let block = Array(left.prefix(count))
        left = left.dropFirst(count)
        return block
    }
}

/// Builds the inputs that `InputReader` takes apart: for seeds.
struct InputWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func word(_ value: Int) {
        bytes += [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    mutating func block(_ block: [UInt8]) { bytes += block }
}
