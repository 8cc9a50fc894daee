import NATTraversal
import NetworkTypes

/// A router that maps ports, in virtual time, with a mapper before it.
///
/// What a real router computes it takes from the bytes of the request, at the places of RFC 6887 and RFC 6886, and not
/// by the code under test.
struct ScriptedRouter {
    /// What the router understands.
    enum Speech { case portControl, natPMP, nothing }

    var speech: Speech
    var mapper: PortMapper
    var now = Instant(nanoseconds: 1_000_000_000)
    /// The router's clock began then.
    var booted = Instant(nanoseconds: 0)
    var external = IPAddress("203.0.113.9")!
    /// Added to the port that is asked for.
    var portOffset: UInt16 = 0
    var lifetimeLimit: UInt32 = 7_200
    var result: UInt8 = 0
    /// Requests that are lost on their way, counted from now.
    var lossCount = 0
    /// Every request that was sent, with its time.
    private(set) var requests: [(at: Instant, bytes: [UInt8])] = []
    /// Mappings, by transport and internal port.
    private(set) var mappings: [[UInt8]: UInt16] = [:]
    private(set) var told: [[Endpoint]] = []
    private(set) var refusals: [UInt16] = []

    static let nonce = MappingNonce(high: 0x0102_0304, low: 0x0506_0708_090a_0b0c)

    init(_ speech: Speech, transports: [MappedTransport] = [.udp]) {
        self.speech = speech
        mapper = PortMapper(port: 7_867, transports: transports, nonce: Self.nonce, seed: 3)
    }

    /// The mapper finds the router.
    mutating func begin() {
        let router = PortMapper.Router(address: IPAddress(192, 168, 1, 1), client: IPAddress(192, 168, 1, 7))
        input { $0.routerChanged(router, now: $1, effects: &$2) }
    }

    mutating func stop() { input { $0.stop(effects: &$2) } }

    /// Lets `duration` pass.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let wakeup = mapper.nextWakeup, wakeup <= end {
            now = max(now, wakeup)
            input { $0.handleTimeout(now: $1, effects: &$2) }
        }
        now = end
    }

    /// Hands in a datagram as if the router had sent it.
    mutating func deliver(_ bytes: [UInt8]) {
        input { $0.received(bytes.span.bytes, now: $1, effects: &$2) }
    }

    /// The router starts anew and has forgotten everything.
    mutating func reboot() {
        booted = now
        mappings = [:]
    }

    private mutating func input(_ body: (inout PortMapper, Instant, inout [PortMappingEffect]) -> Void) {
        var effects: [PortMappingEffect] = []
        body(&mapper, now, &effects)
        for effect in effects {
            switch effect {
            case .send(let bytes):
                requests.append((now, bytes))
                if lossCount > 0 {
                    lossCount -= 1
                } else if let answer = answer(to: bytes) {
                    deliver(answer)
                }
            case .mapped(let endpoints): told.append(endpoints)
            case .refused(let code): refusals.append(code)
            }
        }
    }

    private var epoch: [UInt8] { Self.bytes(UInt32((now - booted).inSeconds)) }

    private mutating func answer(to request: [UInt8]) -> [UInt8]? {
        switch speech {
        case .nothing: nil
        case .portControl:
            request[0] == 2
                ? portControlAnswer(to: request) : [2, 0x80 | request[1], 0, 1] + Array(repeating: 0, count: 20)
        case .natPMP:
            request[0] == 0 ? natPMPAnswer(to: request) : [0, 0x80 | request[1], 0, 1] + epoch
        }
    }

    private mutating func portControlAnswer(to request: [UInt8]) -> [UInt8] {
        let wanted = min(Self.number(request[4..<8]), lifetimeLimit)
        let lifetime = result == 0 ? wanted : 120
        let port = keep(transport: request[36], port: request[40..<42], lifetime: wanted)
        return [2, 0x81, 0, result] + Self.bytes(lifetime) + epoch + Array(repeating: 0, count: 12) + request[24..<42]
            + Self.bytes(port) + Array(repeating: 0, count: 10) + [0xff, 0xff] + external.bytes
    }

    private mutating func natPMPAnswer(to request: [UInt8]) -> [UInt8] {
        let head = [0, 0x80 | request[1], 0, result] + epoch
        if request[1] == 0 { return head + external.bytes }
        let lifetime = min(Self.number(request[8..<12]), lifetimeLimit)
        let port = keep(transport: request[1] == 1 ? 17 : 6, port: request[4..<6], lifetime: lifetime)
        return head + request[4..<6] + Self.bytes(port) + Self.bytes(lifetime)
    }

    private mutating func keep(transport: UInt8, port: ArraySlice<UInt8>, lifetime: UInt32) -> UInt16 {
        let external = UInt16(Self.number(port)) + portOffset
        mappings[[transport] + port] = lifetime == 0 || result != 0 ? nil : external
        return external
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    private static func bytes<Field: FixedWidthInteger>(_ value: Field) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
