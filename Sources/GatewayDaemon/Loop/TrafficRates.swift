import NetworkTypes

/// Bytes per second to and from each member, over the last tick.
struct TrafficRates {
    private struct Sample {
        var sent: UInt64
        var received: UInt64
        var at: Instant
        var sentPerSecond: UInt64 = 0
        var receivedPerSecond: UInt64 = 0
    }

    private var samples: [NodeAddress: Sample] = [:]

    /// Notes a member's counters.
    mutating func sample(_ node: NodeAddress, sent: UInt64, received: UInt64, now: Instant) {
        guard let last = samples[node] else {
            samples[node] = Sample(sent: sent, received: received, at: now)
            return
        }
        let milliseconds = UInt64(max(1, (now - last.at).wholeMicroseconds / 1_000))
        samples[node] = Sample(
            sent: sent, received: received, at: now,
            sentPerSecond: (sent &- last.sent) * 1_000 / milliseconds,
            receivedPerSecond: (received &- last.received) * 1_000 / milliseconds)
    }

    /// What a member's traffic was in the last tick.
    func rate(of node: NodeAddress) -> (sentPerSecond: UInt64, receivedPerSecond: UInt64)? {
        samples[node].map { ($0.sentPerSecond, $0.receivedPerSecond) }
    }

    /// Drops members that are sampled no more.
    mutating func forgetOld(now: Instant) {
        samples = samples.filter { now - $0.value.at < .seconds(10) }
    }
}
