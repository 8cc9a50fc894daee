package import NetworkTypes

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
