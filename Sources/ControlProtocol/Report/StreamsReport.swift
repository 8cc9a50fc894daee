/// The TLS connections that carry datagrams where UDP does not.
package struct StreamsReport: Equatable, Sendable {
    /// Those that are open, and those on their way to it.
    package var open: Int
    package var opening: Int
    /// Bytes on them since the daemon's start, TLS's own included.
    package var rxBytes: UInt64
    package var txBytes: UInt64
    /// Bytes of datagrams that wait for room now.
    package var waitingBytes: Int
    /// Datagrams that had no room, or waited too long, since start.
    package var droppedDatagrams: UInt64
    /// Accepted connections that were given up before they were open, since start.
    package var abandoned: UInt64

    package init(
        open: Int = 0, opening: Int = 0, rxBytes: UInt64 = 0, txBytes: UInt64 = 0, waitingBytes: Int = 0,
        droppedDatagrams: UInt64 = 0, abandoned: UInt64 = 0
    ) {
        self.open = open
        self.opening = opening
        self.rxBytes = rxBytes
        self.txBytes = txBytes
        self.waitingBytes = waitingBytes
        self.droppedDatagrams = droppedDatagrams
        self.abandoned = abandoned
    }

    var json: JSONValue {
        [
            "open": JSONValue(open), "opening": JSONValue(opening), "rxBytes": JSONValue(rxBytes),
            "txBytes": JSONValue(txBytes), "waitingBytes": JSONValue(waitingBytes),
            "droppedDatagrams": JSONValue(droppedDatagrams), "abandoned": JSONValue(abandoned),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "streams")
        self.init(
            open: try shape.integer("open"), opening: try shape.integer("opening"),
            rxBytes: try shape.integer("rxBytes"), txBytes: try shape.integer("txBytes"),
            waitingBytes: try shape.integer("waitingBytes"),
            droppedDatagrams: try shape.integer("droppedDatagrams"), abandoned: try shape.integer("abandoned"))
    }
}
