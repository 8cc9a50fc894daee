/// A second of the calendar, in UTC: what certificates, logs and status show. Years 0 to 9999, no leap seconds (as in
/// POSIX time).
public struct UTCTime: Hashable, Sendable {
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    /// 0 to 23.
    public let hour: Int
    public let minute: Int
    public let second: Int

    /// A date and time that exist; `nil` for others, such as February 30th.
    public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (0...9_999).contains(year), (1...12).contains(month),
            day >= 1, day <= Self.dayCount(year: year, month: month),
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// The time `unixSeconds` after 1970-01-01T00:00:00Z (before, when negative); years beyond 0 and 9999 stop there.
    public init(unixSeconds: Int64) {
        let clamped = min(max(unixSeconds, Self.earliest), Self.latest)
        // Floor division, so that times before 1970 count on from the start of their day.
        let days = clamped >= 0 ? clamped / 86_400 : (clamped - 86_399) / 86_400
        let rest = Int(clamped - days * 86_400)
        let date = Self.date(dayNumber: days)
        year = date.year
        month = date.month
        day = date.day
        hour = rest / 3_600
        minute = rest / 60 % 60
        second = rest % 60
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    public var unixSeconds: Int64 {
        Self.dayNumber(year: year, month: month, day: day) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
    }

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
    private static let earliest: Int64 = -62_167_219_200
    private static let latest: Int64 = 253_402_300_799

    private static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // The calendar repeats every 400 years = 146,097 days. Counting years from March puts the leap day at a year's
    // end, so that the days before month m (March = 0) are (153 m + 2) / 5.

    /// Days from 1970-01-01 to a date.
    private static func dayNumber(year: Int, month: Int, day: Int) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        // 719,468 days lie between 0000-03-01 and 1970-01-01.
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    private static func date(dayNumber: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(dayNumber) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = (marchMonth + 2) % 12 + 1
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}

extension UTCTime: Comparable {
    public static func < (lhs: UTCTime, rhs: UTCTime) -> Bool { lhs.unixSeconds < rhs.unixSeconds }
}

extension UTCTime: CustomStringConvertible, LosslessStringConvertible {
    /// RFC 3339 §5.6: `2026-11-23T15:04:05Z`.
    public var description: String {
        "\(Self.digits(year, 4))-\(Self.digits(month, 2))-\(Self.digits(day, 2))"
            + "T\(Self.digits(hour, 2)):\(Self.digits(minute, 2)):\(Self.digits(second, 2))Z"
    }

    /// Reads RFC 3339 §5.6 with any offset; fractions of a second are dropped. Leap seconds are refused.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20,
            let year = Self.number(bytes[0..<4]), bytes[4] == UInt8(ascii: "-"),
            let month = Self.number(bytes[5..<7]), bytes[7] == UInt8(ascii: "-"),
            let day = Self.number(bytes[8..<10]), bytes[10] | 0x20 == UInt8(ascii: "t"),
            let hour = Self.number(bytes[11..<13]), bytes[13] == UInt8(ascii: ":"),
            let minute = Self.number(bytes[14..<16]), bytes[16] == UInt8(ascii: ":"),
            let second = Self.number(bytes[17..<19]),
            let local = UTCTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second),
            let offset = Self.offset(bytes[19...])
        else { return nil }
        self.init(unixSeconds: local.unixSeconds - Int64(offset))
    }

    /// Seconds east of UTC of `Z`, `.25Z`, `+01:00` and the like.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int? {
        var rest = text
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            if fraction.isEmpty { return nil }
            rest = rest[fraction.endIndex...]
        }
        guard let sign = rest.first else { return nil }
        if sign | 0x20 == UInt8(ascii: "z") { return rest.count == 1 ? 0 : nil }
        let start = rest.startIndex
        guard rest.count == 6, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            rest[start + 3] == UInt8(ascii: ":"),
            let hours = number(rest[(start + 1)..<(start + 3)]), hours < 24,
            let minutes = number(rest[(start + 4)..<(start + 6)]), minutes < 60
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return sign == UInt8(ascii: "+") ? seconds : -seconds
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func digits(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
