import NetworkTypes
import PacketForwarding

/// Frames of a bridged LAN, from stations that may write anything; what is sealed goes on to an honest far gateway,
/// whose LAN is bridged too.
///
/// Steps: `| what | count (2) |`, then as `Step` says.
enum BridgedFramesTarget {
    /// The low two bits of `what`.
    enum Step: UInt8 {
        /// `count` bytes of one frame follow.
        case frame = 0
        /// `count` milliseconds pass, then a batch ends and arrives.
        case flush = 1
        /// The far host is forgotten, or with bit 2 of `what` found again; with bit 3 it is found to be nowhere.
        case farHost = 2
        /// The near host is at another station, or with bit 2 of `what` at its own again.
        case nearHost = 3
    }

    private static let stepLimit = 200

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let course = Course()
        var reader = InputReader(input)
        for _ in 0..<stepLimit where !reader.isAtEnd {
            let what = reader.byte()
            let count = reader.word()
            switch Step(rawValue: what & 3) {
            case .frame: course.forward(reader.block(count))
            case .flush: course.flush(.milliseconds(count))
            case .farHost: course.setFarHost(isKnown: what & 4 != 0, isNowhere: what & 8 != 0)
            case .nearHost, nil: course.setNearHost(isAtHome: what & 4 != 0)
            }
        }
        try course.finish()
    }

    /// The hosts of the seeds' frames: 10.1.0.5 and 2001:db8:1::5 here, 10.2.0.9 and 2001:db8:2::9 there.
    private static let nearHosts = [IPAddress(10, 1, 0, 5), Gateways.address6(1, 5)]
    private static let farHosts = [IPAddress(10, 2, 0, 9), Gateways.address6(2, 9)]
    private static let serviceAddresses = [Gateways.gatewayV4, Gateways.gatewayV6]

    /// What the LAN's services are given.
    private final class Services: HostSink {
        private(set) var longest = 0
        private(set) var count: UInt64 = 0

        func receivedFrame(_ frame: UnsafeRawBufferPointer) {
            longest = max(longest, frame.count)
            count += 1
        }

        func needsHost(_ address: IPAddress) {}
        func frameStrayed(from source: IPAddress, _ station: MACAddress, to destination: IPAddress) {}
    }

    /// What happens to the two planes.
    private final class Course {
        private let pair = PlanePair(
            nearSinks: PlaneSinks(
                sources: (serviceAddresses + nearHosts).map(IPPrefix.init(host:)), destinations: Gateways.prefixes(1)),
            farSinks: PlaneSinks(
                sources: nearHosts.map(IPPrefix.init(host:)), destinations: farHosts.map(IPPrefix.init(host:))))
        private var near: ForwardingPlane { pair.near }
        private var far: ForwardingPlane { pair.far }
        private let services = Services()

        init() {
            for (plane, number) in [(near, UInt8(1)), (far, 2)] {
                plane.setExports([])
                plane.setRoutes([])
                let lan = BridgedLAN(
                    subnets: Gateways.prefixes(number),
                    serviceAddresses: [IPAddress(10, number, 0, 1), Gateways.address6(number, 1)])
                plane.setBridgedSubnets(own: lan, remote: Gateways.prefixes(3 - number), sink: services)
            }
            for host in nearHosts { far.setHost(host, behind: Gateways.near) }
            for host in farHosts { far.setHost(host, station: .virtualNextHop) }
            setFarHost(isKnown: true, isNowhere: false)
            setNearHost(isAtHome: true)
        }

        func forward(_ frame: [UInt8]) { pair.forward(frame) }
        func flush(_ time: Duration) { pair.flush(time) }

        func setFarHost(isKnown: Bool, isNowhere: Bool) {
            for host in farHosts {
                if isKnown { near.setHost(host, behind: Gateways.far) } else { near.removeHost(host, of: .peers) }
                if isNowhere { near.giveUpHost(host) }
            }
            pair.deliver()
        }

        /// The seeds' frames come from the station `overlayDevice`.
        func setNearHost(isAtHome: Bool) {
            for host in nearHosts { near.setHost(host, station: isAtHome ? .overlayDevice : .virtualNextHop) }
        }

        func finish() throws(PropertyViolation) {
            try pair.finish()
            try expect(services.count == near.counters.framesTaken, "what is taken is handed to the services")
            try expect(
                services.longest <= ForwardingLimits.gatewayFrameByteCount, "what is handed to them is bounded")
        }
    }
}
