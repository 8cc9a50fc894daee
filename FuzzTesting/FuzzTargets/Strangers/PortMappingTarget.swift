import NATTraversal
import NetworkTypes

/// What a router sends to a gateway that asks it for mappings, as a script: 0 and a count are a datagram, 1 and a word
/// let so many seconds pass, 2 is another router, 3 is a stop.
enum PortMappingTarget {
    private static let router = PortMapper.Router(address: IPAddress(192, 168, 1, 1), client: IPAddress(192, 168, 1, 7))

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        var mapper = PortMapper(
            port: 7_867, transports: [.udp, .tcp], nonce: MappingNonce(high: 1, low: 2), seed: 1)
        var now = Instant(nanoseconds: 0)
        var effects: [PortMappingEffect] = []
        mapper.routerChanged(router, now: now, effects: &effects)
        var script = InputReader(input)
        for _ in 0..<64 where !script.isAtEnd {
            switch script.byte() & 3 {
            case 0:
                let datagram = script.block(Int(script.byte()))
                mapper.received(datagram.span.bytes, now: now, effects: &effects)
            case 1:
                let end = now + .seconds(Int64(script.word()))
                try pass(until: end, &mapper, &effects)
                now = end
            case 2: mapper.routerChanged(router, now: now, effects: &effects)
            default: mapper.stop(effects: &effects)
            }
            try check(&effects, mapper)
        }
    }

    private static func pass(
        until end: Instant, _ mapper: inout PortMapper, _ effects: inout [PortMappingEffect]
    ) throws(PropertyViolation) {
        // A round has at most eight steps, and no two rounds are less than a second apart.
        var steps = 0
        while let wakeup = mapper.nextWakeup, wakeup <= end, steps < 4_096 {
            mapper.handleTimeout(now: wakeup, effects: &effects)
            try expect(
                mapper.nextWakeup.map { $0 > wakeup } ?? true, "what is due at \(wakeup) is done at \(wakeup)")
            steps += 1
        }
    }

    private static func check(
        _ effects: inout [PortMappingEffect], _ mapper: PortMapper
    ) throws(PropertyViolation) {
        defer { effects = [] }
        for effect in effects {
            guard case .mapped(let endpoints) = effect else { continue }
            try expect(endpoints.count <= 2, "one endpoint for each transport")
            for endpoint in endpoints {
                try expect(!endpoint.address.isLoopback && endpoint.port != 0, "\(endpoint) is told to others")
            }
        }
        try expect(mapper.endpoints.count <= 2, "one endpoint for each transport")
    }
}
