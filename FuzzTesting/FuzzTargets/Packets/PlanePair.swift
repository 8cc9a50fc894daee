import NetworkTypes
import PacketForwarding

/// Two planes and the wire between them: what the near one seals goes to an honest far one.
final class PlanePair {
    let near: ForwardingPlane
    let far: ForwardingPlane
    let nearSinks: PlaneSinks
    let farSinks: PlaneSinks

    init(nearSinks: PlaneSinks, farSinks: PlaneSinks) {
        self.nearSinks = nearSinks
        self.farSinks = farSinks
        near = Gateways.plane(1, sinks: nearSinks)
        far = Gateways.plane(2, sinks: farSinks)
    }

    /// A frame comes from the near LAN.
    func forward(_ frame: [UInt8]) {
        var frame = frame
        frame.withUnsafeMutableBytes { near.forwardFrame($0) }
    }

    /// Time passes, then a batch ends and arrives.
    func flush(_ time: Duration) {
        near.now = near.now + time
        far.now = near.now
        near.flush()
        deliver()
        far.flush()
    }

    /// What the near plane has sent arrives.
    func deliver() {
        for train in nearSinks.takeTrains() {
            var bytes = train.bytes
            bytes.withUnsafeMutableBytes {
                far.receiveDatagrams(
                    $0, segmentSize: train.segmentSize, source: Gateways.endpoint(Gateways.near),
                    trafficClass: train.trafficClass)
            }
        }
    }

    /// Ends the course: everything that was sent arrives, and nothing of it is dropped or answered.
    func finish() throws(PropertyViolation) {
        flush(.zero)
        try nearSinks.check()
        try farSinks.check()
        try expect(farSinks.trains.isEmpty, "receiving sends nothing")
        for drop in far.counters.drops {
            try expect(drop.count == 0, "the far gateway drops what was sent to it: \(drop.reason.rawValue)")
        }
        let sent = near.peerCounters(Gateways.far)
        let received = far.peerCounters(Gateways.near)
        try expect(sent?.sentPackets == received?.receivedPackets, "every packet that was sent arrives")
        try expect(received?.receivedPackets == UInt64(farSinks.segmentCount), "every packet leaves for its host")
    }
}
