package import NetworkTypes

/// Names of other sites' hosts that are asked for.
struct NameQuestions {
    /// One name. All gateways of the site are asked, because each knows its own hosts.
    struct Question {
        let host: String
        let site: String
        /// Those that have not said that there is no such host, and whether they have been asked.
        var waiting: [(node: NodeAddress, isSent: Bool)]
        let expires: Instant
    }

    var open: [Question] = []
    /// What others are answered.
    var answers = TokenBucket(rate: NameLimits.answerRate, burst: NameLimits.answerBurst)
}

/// What became of looking for a name.
package enum NameFinding: Equatable, Sendable {
    case addresses([IPAddress])
    /// The site has no such host.
    case nobody
    /// The site could not be asked.
    case unknown
}
