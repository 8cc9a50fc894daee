package import NetworkTypes

/// Names and addresses of other sites' hosts that are asked for.
struct NameQuestions {
    /// What is looked for.
    enum Subject: Equatable {
        /// A host's addresses: all gateways of the site are asked, because each knows its own hosts.
        case host(String, site: String)
        /// An address's name: the gateway that it leads to is asked.
        case address(IPAddress)
    }

    /// What one subject has come to.
    struct Question {
        let subject: Subject
        /// Those that have not said that there is no such host, and whether they have been asked.
        var waiting: [(node: NodeAddress, isSent: Bool)]
        let expires: Instant
    }

    var open: [Question] = []
    /// What others are answered.
    var answers = TokenBucket(rate: NameLimits.answerRate, burst: NameLimits.answerBurst)
}

/// What became of looking for the name of an address.
package enum AddressName: Equatable, Sendable {
    /// Without a name it is the gateway itself.
    case host(String, site: String)
    /// It has no name.
    case nobody
    /// Nobody could be asked.
    case unknown
}

/// What became of looking for a name.
package enum NameFinding: Equatable, Sendable {
    case addresses([IPAddress])
    /// The site has no such host.
    case nobody
    /// The site could not be asked.
    case unknown
}
