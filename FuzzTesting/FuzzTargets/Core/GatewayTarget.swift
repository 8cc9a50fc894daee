import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit

/// The control core with one member: whatever that member, a stranger or the kernel tells it.
///
/// Steps: `| what | count (2) |`, then as `Step` says.
enum GatewayTarget {
    /// The low two bits of `what`; bit 2: from a stranger's endpoint.
    enum Step: UInt8 {
        /// `count` bytes of an authentic control message of the member follow.
        case control = 0
        /// `count` bytes of a handshake datagram follow.
        case handshake = 1
        /// `count` milliseconds pass, 2,000 at most.
        case time = 2
        /// News of the data plane and the kernel; the upper bits of `what` choose.
        case news = 3
    }

    private static let stepLimit = 32
    private static let millisecondLimit = 2_000

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let scene = Scene()
        var reader = InputReader(input)
        for _ in 0..<stepLimit where !reader.isAtEnd {
            let what = reader.byte()
            let count = reader.word()
            let isStranger = what & 4 != 0
            switch Step(rawValue: what & 3) {
            case .control: scene.control(reader.block(count), isStranger: isStranger)
            case .handshake: scene.handshake(reader.block(count), isStranger: isStranger)
            case .time: scene.simulator.run(for: .milliseconds(min(count, millisecondLimit)))
            case .news, nil: scene.news(what >> 3, count)
            }
            try scene.check()
        }
        scene.simulator.run(for: .seconds(10))
        try scene.check()
    }

    /// A settled grid of two.
    final class Scene {
        static let nearEndpoint = Endpoint(address: IPAddress(198, 51, 100, 1), port: 7_867)
        static let stranger = Endpoint(address: IPAddress(192, 0, 2, 66), port: 66)

        let simulator = Simulator(seed: 7)
        let near: SimulatedHost
        let far: SimulatedHost

        init() {
            near = simulator.addSite("ufl", prefix: "10.1.0.0/16", bootstrap: [])
            far = simulator.addSite("lsu", prefix: "10.2.0.0/16", bootstrap: [Self.nearEndpoint])
            simulator.run(for: .seconds(1))
        }

        func control(_ message: [UInt8], isStranger: Bool) {
            let (node, now) = (far.identity.own.node, simulator.now)
            let source = isStranger ? Self.stranger : far.endpoint
            simulator.input(near) { gateway, effects in
                gateway.receiveControl(message.span.bytes, from: node, source: source, now: now, effects: &effects)
            }
        }

        func handshake(_ datagram: [UInt8], isStranger: Bool) {
            let now = simulator.now
            let source = isStranger ? Self.stranger : far.endpoint
            simulator.input(near) { gateway, effects in
                gateway.receiveHandshake(datagram, from: source, now: now, effects: &effects)
            }
        }

        func news(_ choice: UInt8, _ count: Int) {
            let (node, now, source) = (far.identity.own.node, simulator.now, far.endpoint)
            simulator.input(near) { gateway, effects in
                switch choice & 7 {
                case 0: gateway.peerMoved(node, to: Self.stranger, now: now, effects: &effects)
                case 1: gateway.datagramTooBig(to: source, payload: count, now: now, effects: &effects)
                case 2: gateway.trafficWaits(for: node, now: now, effects: &effects)
                case 3: gateway.generationConfirmed(node, localIndex: UInt32(count), now: now, effects: &effects)
                case 4:
                    _ = gateway.echo(
                        to: node, token: UInt64(count), timeout: .milliseconds(count), now: now, effects: &effects)
                case 5:
                    gateway.trafficObserved(
                        node, byteCount: UInt64(count), lastHeard: now, now: now, effects: &effects)
                case 6:
                    let facts = UnderlayFacts(endpoints: [Self.nearEndpoint], mtu: max(count, 576))
                    gateway.underlayChanged(facts, now: now, effects: &effects)
                default: gateway.certificateRenewed(now: now, effects: &effects)
                }
            }
        }

        /// One member and one stranger make no state beyond what they may.
        func check() throws(PropertyViolation) {
            try expect(near.gateway.memberCount <= 2, "nobody is known but who is in the world")
            try expect(near.gateway.memberStatus.count <= 2, "there are sessions with members only")
            try expect(near.gateway.routes.count <= 1, "there is a route to what the member's certificate covers")
            let prefix = near.gateway.routes.first?.prefix
            try expect(prefix.map { far.identity.own.covers($0) } ?? true, "no route to what is not covered")
            try expect(near.gateway.observedEndpoints.count <= 4, "reports of own endpoints are bounded")
            try expect(near.gateway.refusedHandshakes.count <= 32, "refusals are bounded")
        }
    }
}
