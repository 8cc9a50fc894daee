/// Numbers as people read them. Powers of ten, at most three digits before the point.
package enum HumanUnits {
    /// `0`, `12 B`, `30 kB`, `1.2 MB`, `800 MB`: one decimal under ten, from MB on.
    package static func bytes(_ count: UInt64) -> String {
        guard count > 0 else { return "0" }
        guard count >= 1_000 else { return "\(count) B" }
        let units: [(scale: UInt64, name: String)] = [
            (1_000, "kB"), (1_000_000, "MB"), (1_000_000_000, "GB"), (1_000_000_000_000, "TB"),
            (1_000_000_000_000_000, "PB"), (1_000_000_000_000_000_000, "EB"),
        ]
        var index = units.lastIndex { count >= $0.scale } ?? 0
        // 999,999 bytes are 1.0 MB, not 1000 kB.
        if index + 1 < units.count, rounded(count, units[index].scale) >= 1_000 { index += 1 }
        let unit = units[index]
        let tenths = rounded(count, unit.scale / 10)
        if index > 0, tenths < 100 { return "\(tenths / 10).\(tenths % 10) \(unit.name)" }
        return "\(max(1, rounded(count, unit.scale))) \(unit.name)"
    }

    /// `count / scale`, halves up, without overflow.
    private static func rounded(_ count: UInt64, _ scale: UInt64) -> UInt64 {
        count / scale + (count % scale >= scale - scale / 2 ? 1 : 0)
    }

    /// `850us`, `12.1ms`, `1.25s`.
    package static func roundTrip(microseconds: UInt64) -> String {
        if microseconds < 1_000 { return "\(microseconds)us" }
        if microseconds < 999_950 {
            let tenths = rounded(microseconds, 100)
            return "\(tenths / 10).\(tenths % 10)ms"
        }
        let hundredths = rounded(microseconds, 10_000)
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)s"
    }

    /// `42s`, `5m 10s`, `4h 12m`, `3d 4h`: the two largest units, rounded down.
    package static func duration(seconds: UInt64) -> String {
        let parts: [(UInt64, String)] = [
            (seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
        ]
        let first = parts.firstIndex { $0.0 > 0 } ?? 3
        return parts[first...].prefix(2).enumerated()
            .filter { $0.offset == 0 || $0.element.0 > 0 }
            .map { "\($0.element.0)\($0.element.1)" }
            .joined(separator: " ")
    }

    /// `0%`, `0.4%`, `12%`: one decimal under ten unless it is whole.
    package static func percent(_ value: Double) -> String {
        let tenths = Int((min(max(value, 0), 100) * 10).rounded())
        if tenths >= 100 || tenths.isMultiple(of: 10) { return "\((tenths + 5) / 10)%" }
        return "\(tenths / 10).\(tenths % 10)%"
    }

    /// `1 day`, `87 days`: regular plurals only.
    package static func count(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
