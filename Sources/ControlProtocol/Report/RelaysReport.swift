/// What this gateway passes on for others, and has passed on by others.
package struct RelaysReport: Equatable, Sendable {
    /// Pairs of members that this gateway is the relay of.
    package var pairs: Int
    /// Ways through relays that it has itself.
    package var ways: Int
    /// Frames, and their bytes, passed on since start.
    package var passedFrames: UInt64
    package var passedBytes: UInt64
    /// Frames of no pair and no way, since start.
    package var strangeFrames: UInt64

    package init(
        pairs: Int = 0, ways: Int = 0, passedFrames: UInt64 = 0, passedBytes: UInt64 = 0, strangeFrames: UInt64 = 0
    ) {
        self.pairs = pairs
        self.ways = ways
        self.passedFrames = passedFrames
        self.passedBytes = passedBytes
        self.strangeFrames = strangeFrames
    }

    var json: JSONValue {
        [
            "pairs": JSONValue(pairs), "ways": JSONValue(ways), "passedFrames": JSONValue(passedFrames),
            "passedBytes": JSONValue(passedBytes), "strangeFrames": JSONValue(strangeFrames),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "relays")
        self.init(
            pairs: try shape.integer("pairs"), ways: try shape.integer("ways"),
            passedFrames: try shape.integer("passedFrames"), passedBytes: try shape.integer("passedBytes"),
            strangeFrames: try shape.integer("strangeFrames"))
    }
}
