import NetworkTypes

/// Questions for names that other gateways are asked for, and who waits for each. Bounded by `LANLimits.openQuestions`.
struct WaitingQuestions<Client> {
    /// What is looked for.
    enum Subject: Equatable {
        /// The addresses of a site's host or, without a name, of its gateways.
        case host(String, site: String)
        /// Who has an address.
        case address(IPAddress)
    }

    /// What has become of a question.
    enum Outcome {
        /// Nobody has asked for it yet: it is to be looked for.
        case isNew
        /// It is being looked for already.
        case waits
        /// There is no room.
        case full
    }

    private struct Question {
        let subject: Subject
        let client: Client
        let query: DNSQuery
        let ends: Instant
    }

    private var questions: [Question] = []

    /// When the first question is given up.
    var nextWakeup: Instant? { questions.first?.ends }

    /// Puts a client down to wait.
    mutating func add(_ subject: Subject, _ client: Client, _ query: DNSQuery, now: Instant) -> Outcome {
        guard questions.count < LANLimits.openQuestions else { return .full }
        let isAsked = questions.contains { $0.subject == subject }
        // All wait for the same time, so that they end in their order.
        questions.append(Question(subject: subject, client: client, query: query, ends: now + LANLimits.patience))
        return isAsked ? .waits : .isNew
    }

    /// Everybody who has waited for `subject`, in the order in which they asked.
    mutating func take(_ subject: Subject) -> [(client: Client, query: DNSQuery)] {
        defer { questions.removeAll { $0.subject == subject } }
        return questions.filter { $0.subject == subject }.map { ($0.client, $0.query) }
    }

    /// Gives up what nobody has answered: resolvers have asked again by then.
    mutating func handleTimeout(now: Instant) { questions.removeAll { $0.ends <= now } }
}
