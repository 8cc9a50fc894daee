import NetworkTypes
import OverlayRing
import RingSimulation
import Testing

@Suite struct Explore {
    @Test(arguments: [3, 50, 300]) func join(count: Int) {
        var ring = VirtualRing(seed: 1)
        for _ in 0..<count { ring.add(); ring.run(for: .milliseconds(200)) }
        let took = ring.run(until: { $0.isConsistent }, within: .seconds(120))
        print(
            count, "consistent after", took as Any, "bad", ring.inconsistentMembers().count, "joinms",
            ring.medianJoinMilliseconds as Any, "links", ring.linkCount)
        let b0 = ring.bitCount
        let m0 = ring.messageCount
        ring.run(for: .seconds(300))
        let sample = ring.sampleRoutes(2000)
        print(
            count, "links", ring.linkCount, "bits/s per link", (ring.bitCount - b0) / UInt64(300 * ring.linkCount),
            "msgs", ring.messageCount - m0, sample, "est", ring.node(0).estimatedSize, ring.node(1).estimatedSize,
            "connects", ring.connectCount, "disc", ring.disconnectCount)
    }
}
