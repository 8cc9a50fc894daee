import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

/// How often a handshake repeats itself.
@Suite struct HandshakeRunTests {
    private func run(isSparing: Bool) -> HandshakeRun {
        let identity = SimulatedWorld().add(site: "ufl", grid: "physics", prefixes: [], seed: 1)
        let engine = PlaintextHandshakeProvider(identity: identity, seed: 1).makeClient(localIndex: 1)
        return HandshakeRun(
            role: .client, engine: engine, localIndex: 1, target: nil, isSparing: isSparing,
            now: Instant(nanoseconds: 0))
    }

    /// Milliseconds at which a run repeats itself while nothing is heard.
    private func repetitions(of run: HandshakeRun, until end: Int64) -> [UInt64] {
        var run = run
        var times: [UInt64] = []
        while run.nextRetransmit < Instant(nanoseconds: 0) + .milliseconds(end) {
            times.append(run.nextRetransmit.nanoseconds / 1_000_000)
            run.retransmitted(now: run.nextRetransmit)
        }
        return times
    }

    @Test func `the silent are called four times a second for two seconds, and then once a second`() {
        let times = repetitions(of: run(isSparing: false), until: 5_000)
        #expect(times == [250, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000, 2_500, 3_500, 4_500])
    }

    @Test func `those that have been silent for long are called three times`() {
        #expect(repetitions(of: run(isSparing: true), until: 5_000) == [1_000, 3_000])
    }

    @Test func `once the peer has answered nothing is spared any more`() {
        var spared = run(isSparing: true)
        spared.heard(now: Instant(nanoseconds: 0))
        #expect(repetitions(of: spared, until: 5_000) == repetitions(of: run(isSparing: false), until: 5_000))
    }
}
