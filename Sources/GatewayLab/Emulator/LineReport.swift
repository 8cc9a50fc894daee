package import ControlProtocol
package import WANEmulation

/// What a line of the WAN emulator does, and has done.
package struct LineReport: Equatable, Sendable {
    /// The site that sends over it.
    package let site: String
    package let settings: LineSettings
    package let counters: LineCounters
    /// How many packets are on the line.
    package let packets: Int
    /// What the emulator itself lost, because it was too slow or a frame too large.
    package let missed: UInt64

    init(site: String, settings: LineSettings, counters: LineCounters, packets: Int, missed: UInt64) {
        self.site = site
        self.settings = settings
        self.counters = counters
        self.packets = packets
        self.missed = missed
    }

    /// Its form in `ipop lab wan show --json`.
    package var json: JSONValue {
        [
            "site": .string(site), "settings": settings.json, "packets": JSONValue(packets),
            "entered": JSONValue(counters.entered), "lost": JSONValue(counters.lost),
            "full": JSONValue(counters.full), "duplicated": JSONValue(counters.duplicated),
            "reordered": JSONValue(counters.reordered), "left": JSONValue(counters.left),
            "leftBytes": JSONValue(counters.leftBytes), "missed": JSONValue(missed),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "line")
        var counters = LineCounters()
        counters.entered = try shape.integer("entered")
        counters.lost = try shape.integer("lost")
        counters.full = try shape.integer("full")
        counters.duplicated = try shape.integer("duplicated")
        counters.reordered = try shape.integer("reordered")
        counters.left = try shape.integer("left")
        counters.leftBytes = try shape.integer("leftBytes")
        self.init(
            site: try shape.text("site"), settings: try LineSettings(json: shape.value("settings")),
            counters: counters, packets: try shape.integer("packets"), missed: try shape.integer("missed"))
    }
}

/// What the emulator is to do from now on: the question to its control socket, whose answer is a list of `LineReport`.
struct EmulatorOrder: Equatable, Sendable {
    /// The lines to change, by site.
    var lines: [(site: String, settings: LineSettings)] = []
    /// Where the luck of these lines begins anew; nil lets it go on.
    var seed: UInt64?

    static func == (one: EmulatorOrder, other: EmulatorOrder) -> Bool { one.json == other.json }

    var json: JSONValue {
        [
            "lines": .list(lines) { ["site": .string($0.site), "settings": $0.settings.json] },
            "seed": .count(seed),
        ]
    }

    init(lines: [(site: String, settings: LineSettings)] = [], seed: UInt64? = nil) {
        self.lines = lines
        self.seed = seed
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "order")
        seed = try shape.optionalInteger("seed")
        lines = try shape.list("lines") { (value) throws(JSONShapeError) in
            let line = try JSONShape(value, name: "line")
            return (try line.text("site"), try LineSettings(json: line.value("settings")))
        }
    }
}

extension LineSettings {
    /// As an object of the words that the command line takes.
    package var json: JSONValue {
        [
            "delay": .string(LineTime(delay).description), "jitter": .string(LineTime(jitter).description),
            "loss": .string(loss.description), "reorder": .string(reorder.description),
            "duplicate": .string(duplicate.description), "rate": .text(rate), "queue": JSONValue(queue),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "settings")
        self.init()
        delay = try (shape.parsed("delay") as LineTime).duration
        jitter = try (shape.parsed("jitter") as LineTime).duration
        loss = try shape.parsed("loss")
        reorder = try shape.parsed("reorder")
        duplicate = try shape.parsed("duplicate")
        rate = try shape.optionalParsed("rate")
        queue = try shape.integer("queue")
    }
}
