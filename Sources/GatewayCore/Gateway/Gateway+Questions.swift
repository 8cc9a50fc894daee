import LinkSecurity
package import NetworkTypes
import OrderedCollections

/// A question of this gateway that waits for its answer, or for a path to go by.
struct OpenQuestion {
    var token: UInt64
    var node: NodeAddress
    var question: OperatorQuestion
    var isSent = false
    var expires: Instant
}

/// How many questions are answered: so many in all and of one member within a sliding window.
struct QuestionGate {
    /// Those that were let in within the window, oldest first.
    private var recent: [(node: NodeAddress, at: Instant)] = []

    mutating func admits(_ node: NodeAddress, now: Instant) -> Bool {
        recent.removeAll { now - $0.at >= OperatorLimits.window }
        guard recent.count < OperatorLimits.answers,
            recent.count(where: { $0.node == node }) < OperatorLimits.answersForOne
        else { return false }
        recent.append((node, now))
        return true
    }
}

// What operators ask other gateways.
extension Gateway {
    /// Asks a member, once it has a path; `.questionEnded` brings the answer. `false` when the member is unknown or too
    /// many questions wait.
    package mutating func ask(
        _ question: OperatorQuestion, of node: NodeAddress, token: UInt64, timeout: Duration, now: Instant,
        effects: inout GatewayEffects
    ) -> Bool {
        guard directory[node] != nil || members[node]?.path != nil, questions.count < OperatorLimits.questions else {
            return false
        }
        questions.append(OpenQuestion(token: token, node: node, question: question, expires: now + timeout))
        if members[node]?.path == nil { trafficWaits(for: node, now: now, effects: &effects) }
        sendQuestions(to: node, effects: &effects)
        return true
    }

    /// Sends what has waited for a path.
    mutating func sendQuestions(to node: NodeAddress, effects: inout GatewayEffects) {
        guard members[node]?.endpoint != nil else { return }
        for index in questions.indices where questions[index].node == node && !questions[index].isSent {
            questions[index].isSent = true
            let message = ControlMessage.question(token: questions[index].token, questions[index].question)
            effects.send(message, to: node)
        }
    }

    /// A member asks: the driver answers, unless too much is asked.
    mutating func questionAsked(
        _ question: OperatorQuestion, token: UInt64, by node: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) {
        guard questionGate.admits(node, now: now) else { return }
        effects.append(.questionAsked(token: token, question, by: node))
    }

    /// The driver's answer to `.questionAsked`.
    package mutating func answer(
        _ answer: OperatorAnswer, token: UInt64, to node: NodeAddress, effects: inout GatewayEffects
    ) {
        guard members[node]?.endpoint != nil else { return }
        effects.send(.answer(token: token, answer), to: node)
    }

    mutating func questionAnswered(
        _ answer: OperatorAnswer, token: UInt64, by node: NodeAddress, effects: inout GatewayEffects
    ) {
        guard let index = questions.firstIndex(where: { $0.token == token && $0.node == node && $0.isSent }) else {
            return
        }
        questions.remove(at: index)
        effects.append(.questionEnded(token: token, answer))
    }

    /// Ends what has waited too long.
    mutating func questionTimeouts(now: Instant, effects: inout GatewayEffects) {
        for question in questions where question.expires <= now {
            effects.append(.questionEnded(token: question.token, nil))
        }
        questions.removeAll { $0.expires <= now }
    }
}
