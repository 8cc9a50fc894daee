import GatewayCore
import NetworkTypes
import SimulationKit
import Testing

/// What operators ask other gateways.
@Suite struct QuestionTests {
    private static let first = Endpoint("198.51.100.1:7867")!
    private static let question = OperatorQuestion(
        source: IPAddress(10, 0, 0, 1), destination: IPAddress(10, 1, 0, 1), transport: 1, port: 0)

    private func pair() -> (Simulator, SimulatedHost, SimulatedHost) {
        let simulator = Simulator(seed: 3)
        let a = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        let b = simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [Self.first])
        simulator.run(for: .seconds(15))
        return (simulator, a, b)
    }

    /// Asks, and tells how many of the questions were taken.
    private func ask(_ simulator: Simulator, _ from: SimulatedHost, of node: NodeAddress, count: Int = 1) -> Int {
        let now = simulator.now
        var taken = 0
        simulator.input(from) { gateway, effects in
            for number in 0..<count {
                let isTaken = gateway.ask(
                    Self.question, of: node, token: UInt64(number), timeout: .seconds(2), now: now, effects: &effects)
                taken += isTaken ? 1 : 0
            }
        }
        return taken
    }

    @Test func `a member's answer comes back to who asked`() throws {
        let (simulator, a, b) = pair()

        #expect(ask(simulator, a, of: b.node) == 1)
        simulator.run(for: .seconds(1))

        let answer = try #require(a.answers.first?.answer)
        #expect(a.answers.count == 1 && answer.steps.map(\.text) == ["10.1.0.1"])
    }

    @Test func `a question that is not answered ends with its time`() {
        let (simulator, a, b) = pair()
        simulator.kill(b)

        #expect(ask(simulator, a, of: b.node) == 1)
        simulator.run(for: .seconds(1))
        #expect(a.answers.isEmpty)
        simulator.run(for: .seconds(2))

        #expect(a.answers.count == 1 && a.answers[0].answer == nil)
    }

    @Test func `of one member's questions no more are answered within a second than the limit`() {
        let (simulator, a, b) = pair()

        #expect(ask(simulator, a, of: b.node, count: 20) == 20)
        simulator.run(for: .seconds(3))

        #expect(a.answers.count { $0.answer != nil } == OperatorLimits.answersForOne)
        #expect(a.answers.count == 20)
        #expect(ask(simulator, a, of: b.node) == 1)
        simulator.run(for: .seconds(1))
        #expect(a.answers.last?.answer != nil)
    }

    @Test func `no more questions wait than the limit, and strangers are not asked`() {
        let (simulator, a, b) = pair()

        #expect(ask(simulator, a, of: b.node, count: 100) == OperatorLimits.questions)
        #expect(ask(simulator, a, of: NodeAddress(high: 1, middle: 2, low: 3)) == 0)
    }

    @Test func `texts are cut at whole characters, steps at their limit`() throws {
        let text = String(repeating: "ä", count: 500)
        let steps = Array(repeating: OperatorAnswer.Step(name: text, isPassed: true, text: text), count: 40)
        let answer = OperatorAnswer(steps: steps)

        #expect(answer.steps.count == OperatorLimits.steps)
        #expect(answer.steps[0].text == String(repeating: "ä", count: 200))
        #expect(answer.steps[0].name == String(repeating: "ä", count: 20))
        let bytes = ControlMessage.answer(token: 1, answer).encoded
        #expect(try ControlMessage(reading: bytes.span.bytes) == .answer(token: 1, answer))
    }
}
