extension IPAddress: CustomStringConvertible, LosslessStringConvertible {
    /// Dotted decimal for v4; RFC 5952 for v6 (lower case, longest run of zero groups shortened, first of equals).
    public var description: String {
        switch family {
        case .v4:
            return (0..<4).map { String(UInt8(truncatingIfNeeded: low >> UInt64(24 - 8 * $0))) }.joined(separator: ".")
        case .v6:
            return Self.describe(groups: groups)
        }
    }

    /// Reads dotted decimal without leading zeros, or any RFC 4291 §2.2 form of a v6 address without a zone.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        if characters.contains(UInt8(ascii: ":")) {
            guard let groups = Self.parseGroups(characters) else { return nil }
            self.init(
                v6High: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
                low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
        } else {
            guard let value = Self.parseDotted(characters[...]) else { return nil }
            self.init(v4: value)
        }
    }

    private var groups: [UInt16] {
        (0..<8).map { index in
            let half = index < 4 ? high : low
            return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index % 4)))
        }
    }

    private static func describe(groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count, end - start >= 2 { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ slice: ArraySlice<UInt16>) -> String {
            slice.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if best.isEmpty { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }

    private static func parseDotted(_ characters: ArraySlice<UInt8>) -> UInt32? {
        let parts = characters.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let number = parseDecimal(part, limit: 255) else { return nil }
            value = value << 8 | UInt32(number)
        }
        return value
    }

    /// A decimal number without sign or leading zero, at most `limit`.
    static func parseDecimal(_ digits: ArraySlice<UInt8>, limit: Int) -> Int? {
        guard let first = digits.first, digits.count <= 6 else { return nil }
        if first == UInt8(ascii: "0"), digits.count > 1 { return nil }
        var value = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value <= limit ? value : nil
    }

    private static func parseGroups(_ characters: [UInt8]) -> [UInt16]? {
        var left: [UInt16] = []
        var right: [UInt16] = []
        var seenGap = false
        var rest = characters[...]
        if rest.starts(with: [UInt8(ascii: ":"), UInt8(ascii: ":")]) {
            seenGap = true
            rest = rest.dropFirst(2)
        } else if rest.first == UInt8(ascii: ":") {
            return nil
        }
        while !rest.isEmpty {
            let piece = rest.prefix { $0 != UInt8(ascii: ":") }
            rest = rest.dropFirst(piece.count)
            let parsed: [UInt16]
            if piece.contains(UInt8(ascii: ".")) {
                guard rest.isEmpty, let value = parseDotted(piece) else { return nil }
                parsed = [UInt16(truncatingIfNeeded: value >> 16), UInt16(truncatingIfNeeded: value)]
            } else {
                guard let group = parseHexadecimal(piece) else { return nil }
                parsed = [group]
            }
            if seenGap { right += parsed } else { left += parsed }
            if rest.isEmpty { break }
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: ":") {
                guard !seenGap else { return nil }
                seenGap = true
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        let count = left.count + right.count
        guard seenGap ? count <= 7 : count == 8 else { return nil }
        return left + Array(repeating: 0, count: 8 - count) + right
    }

    private static func parseHexadecimal(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(digits.count) else { return nil }
        var value: UInt16 = 0
        for digit in digits {
            guard let nibble = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            value = value << 4 | UInt16(nibble)
        }
        return value
    }
}
