package import NetworkTypes
package import OverlayRing

/// The ring as this gateway sees it, for `ipop ring`.
package struct RingStatus: Equatable, Sendable {
    /// One link of the ring.
    package struct Link: Equatable, Sendable {
        package var node: NodeAddress
        package var site: String
        package var purposes: RingPurposes
        package var theirPurposes: RingPurposes
        package var endpoint: Endpoint?
        package var roundTrip: Duration?
        package var since: Instant
    }

    package var node: NodeAddress
    /// It has its neighbours and takes part in routing.
    package var isRoutable: Bool
    /// Its neighbours see it where it sees itself.
    package var isConsistent: Bool
    /// Members of the ring, reckoned from how close the neighbours are.
    package var estimatedSize: UInt64
    /// Near neighbours counter-clockwise, nearest first.
    package var left: [NodeAddress]
    /// Near neighbours clockwise, nearest first.
    package var right: [NodeAddress]
    /// In the order of the addresses.
    package var links: [Link]
}

/// The way of a trace.
package struct TraceResult: Equatable, Sendable {
    /// The members on the way, the destination last.
    package var hops: [NodeAddress]
    package var roundTrip: Duration
    /// Straight to the destination, not over the ring.
    package var isDirect: Bool
}

/// What a crawl of the ring has found.
package struct CrawlResult: Equatable, Sendable {
    /// One member of the directory.
    package struct Crawled: Equatable, Sendable {
        package var node: NodeAddress
        /// Its next neighbours, as it says.
        package var left: NodeAddress?
        package var right: NodeAddress?
        package var isAnswered: Bool
    }

    /// In the order of the addresses, this gateway included.
    package var members: [Crawled]
}

/// A ping that waits for its answer, or for a path to go by.
struct Echo {
    var token: UInt64
    var node: NodeAddress
    var sent: Instant?
    var expires: Instant
    /// A trace of a direct path ends with it.
    var isTrace = false
}

/// A trace that waits for its answer.
struct Trace {
    var token: UInt64
    var node: NodeAddress
    var sent: Instant
    var expires: Instant
}

/// A running crawl.
struct Crawl {
    struct Question {
        var node: NodeAddress
        var attempts: Int
        var expires: Instant
    }

    var token: UInt64
    /// Tells this crawl's answers from those of another.
    var number: UInt64
    /// Not asked yet, the next one last.
    var waiting: [NodeAddress]
    var asked: [Question] = []
    var crawled: [CrawlResult.Crawled] = []
}
