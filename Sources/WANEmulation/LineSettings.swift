import NetworkTypes

/// What a line does to the packets that enter it. As made, it does nothing: they leave at once.
package struct LineSettings: Equatable, Sendable {
    /// How long a packet travels.
    package var delay: Duration = .zero
    /// By how much at most the delay of a packet is longer or shorter. It keeps the order.
    package var jitter: Duration = .zero
    /// How many packets vanish.
    package var loss = Share.none
    /// How many packets are overtaken by those behind them: see `LineLimits.reorderDistance`.
    package var reorder = Share.none
    /// How many packets arrive twice.
    package var duplicate = Share.none
    /// Bits a second, Ethernet headers included; nil for no limit.
    package var rate: BitRate?
    /// How many packets may wait for the rate; one that comes when so many do is dropped.
    package var queue = LineLimits.usualQueue

    /// A line that does nothing.
    package init() {}
}

/// Limits of a line.
package enum LineLimits {
    /// How many packets may wait for the rate unless said otherwise: 120 ms of full packets at 100 Mbit/s.
    package static let usualQueue = 1_000
    /// How many packets are on a line at once, waiting or travelling: 100 ms of full packets at 2 Gbit/s. What comes
    /// when so many are is dropped.
    package static let packets = 16_384
    /// How many packets overtake one that is reordered.
    package static let reorderDistance = 3
    /// How long a reordered packet waits for those that shall overtake it.
    package static let reorderWait = Duration.milliseconds(5)
    /// How many reordered packets wait at once; of more the order stays.
    package static let reorderedAtOnce = 16
    /// The longest delay.
    package static let delay = Duration.seconds(10)
}

/// How many of a million packets something happens to.
package struct Share: Hashable, Sendable, LosslessStringConvertible {
    /// 0 to 1,000,000.
    package let millionths: UInt64

    /// To no packet.
    package static let none = Share(millionths: 0)

    /// To `millionths` of a million, at most all.
    package init(millionths: UInt64) { self.millionths = min(millionths, 1_000_000) }

    /// Reads a percentage with at most four places, such as `1%` or `0.05%`.
    package init?(_ text: String) {
        guard text.hasSuffix("%") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let places = parts.count == 2 ? parts[1] : "0"
        guard parts.count <= 2, (1...4).contains(places.utf8.count), let whole = UInt64(parts[0]), whole <= 100,
            let part = UInt64(places + String(repeating: "0", count: 4 - places.utf8.count))
        else { return nil }
        guard whole * 10_000 + part <= 1_000_000 else { return nil }
        self.init(millionths: whole * 10_000 + part)
    }

    package var description: String {
        let part = millionths % 10_000
        if part == 0 { return "\(millionths / 10_000)%" }
        var places = String(part + 10_000).dropFirst()
        while places.last == "0" { places.removeLast() }
        return "\(millionths / 10_000).\(places)%"
    }

    /// Whether it happens to the next packet. Always draws one number, so that a change of one share leaves what
    /// follows from the others.
    func happens(_ random: inout SeededRandom) -> Bool { random.chance(millionths, in: 1_000_000) }
}

/// Bits a second.
package struct BitRate: Hashable, Sendable, LosslessStringConvertible {
    /// 1,000 to 100,000,000,000.
    package let bitsPerSecond: UInt64

    /// Reads a whole number with its unit, such as `100mbit`, `512kbit` or `1gbit`.
    package init?(_ text: String) {
        let units: [(String, UInt64)] = [("kbit", 1_000), ("mbit", 1_000_000), ("gbit", 1_000_000_000)]
        guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
            let number = UInt64(text.dropLast(unit.count)), (1...100_000_000).contains(number),
            number * factor <= 100_000_000_000
        else { return nil }
        bitsPerSecond = number * factor
    }

    package var description: String {
        if bitsPerSecond % 1_000_000_000 == 0 { return "\(bitsPerSecond / 1_000_000_000)gbit" }
        if bitsPerSecond % 1_000_000 == 0 { return "\(bitsPerSecond / 1_000_000)mbit" }
        return "\(bitsPerSecond / 1_000)kbit"
    }

    /// How long `byteCount` bytes take.
    func duration(byteCount: Int) -> Duration {
        .nanoseconds(Int64(UInt64(byteCount) * 8 * 1_000_000_000 / bitsPerSecond))
    }
}

/// A time as it is written on the command line: `20ms`, `500us`, `1s`.
package struct LineTime: Hashable, Sendable, LosslessStringConvertible {
    /// At most `LineLimits.delay`.
    package let duration: Duration

    /// A time of a line's settings.
    package init(_ duration: Duration) { self.duration = duration }

    /// Reads a whole number with its unit.
    package init?(_ text: String) {
        // The longer units first: all end in the last one's letter.
        let units: [(String, Int64)] = [("us", 1), ("ms", 1_000), ("s", 1_000_000)]
        guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
            let number = Int64(text.dropLast(unit.count)), (0...10_000_000).contains(number)
        else { return nil }
        let duration = Duration.microseconds(number * factor)
        guard duration <= LineLimits.delay else { return nil }
        self.duration = duration
    }

    package var description: String {
        let microseconds = duration.wholeMicroseconds
        return microseconds % 1_000 == 0 ? "\(microseconds / 1_000)ms" : "\(microseconds)us"
    }
}
