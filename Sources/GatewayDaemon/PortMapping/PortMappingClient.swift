import LinuxSystem
import Logging
import NATTraversal
import NetworkTypes
import RoutePlanning

/// Asks the router before this host for mappings of the gateway's port, and keeps them: the sockets and the log of a
/// `PortMapper`.
final class PortMappingClient {
    /// Where others can try, as the router says.
    var endpoints: [Endpoint] { mapper.endpoints }
    /// The router that is asked; `nil` when none is.
    private(set) var router: DefaultRouter?

    private var mapper: PortMapper
    private var socket: UDPSocket?
    private let poller: Poller
    private let token: UInt64
    private let logger: Logger
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCountLimit, alignment: 8)
    /// The last refusal, so that it is told once.
    private var refusal: UInt16?

    /// The longest answer: 1,100 bytes by RFC 6887 §7.
    private static let byteCountLimit = 1_100
    /// Answers read in a row.
    private static let budget = 16

    init(port: UInt16, poller: Poller, token: UInt64, logger: Logger) {
        let nonce = MappingNonce(
            high: UInt32(truncatingIfNeeded: SystemRandom.seed()), low: SystemRandom.seed())
        // The same number serves TLS over TCP.
        mapper = PortMapper(port: port, transports: [.udp, .tcp], nonce: nonce, seed: SystemRandom.seed())
        self.poller = poller
        self.token = token
        self.logger = logger
    }

    deinit { buffer.deallocate() }

    /// When `handleTimeout` wants to be called.
    var nextDeadline: Instant? { mapper.nextWakeup }

    /// Asks `new` from now on, and no other; `nil` asks nobody, and gives back what the router of before has given.
    func follow(_ new: DefaultRouter?, now: Instant) {
        guard new != router else { return }
        var effects: [PortMappingEffect] = []
        mapper.stop(effects: &effects)
        carryOut(effects)
        close()
        guard let new else { return }
        do throws(SystemError) {
            var options = UDPSocketOptions()
            options.bufferByteCount = 1 << 16
            let opened = try UDPSocket(family: .v4, port: 0, options: options)
            try poller.add(opened.rawDescriptor, interest: .readable, token: token)
            socket = opened
        } catch {
            return logger.warning("cannot ask for a port mapping", metadata: ["error": "\(error)"])
        }
        router = new
        effects = []
        mapper.routerChanged(
            PortMapper.Router(address: new.address, client: new.client), now: now, effects: &effects)
        carryOut(effects)
    }

    /// Reads what the router has answered.
    func read(now: Instant) {
        for _ in 0..<Self.budget {
            guard let socket, let received = try? socket.receive(into: buffer) else { return }
            guard received.source == destination else { continue }
            var effects: [PortMappingEffect] = []
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<received.byteCount])
            mapper.received(bytes.bytes, now: now, effects: &effects)
            carryOut(effects)
        }
    }

    /// Repeats and renews what is due.
    func handleTimeout(now: Instant) {
        guard let due = nextDeadline, due <= now else { return }
        var effects: [PortMappingEffect] = []
        mapper.handleTimeout(now: now, effects: &effects)
        carryOut(effects)
    }

    private var destination: Endpoint? {
        router.map { Endpoint(address: $0.address, port: PortMappingLimits.serverPort) }
    }

    private func close() {
        if let socket { try? poller.remove(socket.rawDescriptor) }
        socket = nil
        router = nil
        refusal = nil
    }

    private func carryOut(_ effects: [PortMappingEffect]) {
        for effect in effects {
            switch effect {
            case .send(let request): send(request)
            case .mapped(let endpoints):
                refusal = nil
                if endpoints.isEmpty {
                    logger.info("port mapping ended")
                } else {
                    logger.info(
                        "port mapped",
                        metadata: [
                            "endpoints": "\(endpoints.map(\.description).joined(separator: ","))",
                            "by": "\(mapper.answeredBy == .natPMP ? "NAT-PMP" : "PCP")",
                        ])
                }
            case .refused(let code):
                if refusal != code {
                    logger.info("the router refuses to map the port", metadata: ["result": "\(code)"])
                }
                refusal = code
            }
        }
    }

    private func send(_ request: [UInt8]) {
        guard let socket, let router, let destination else { return }
        // What cannot be sent now is sent again, as what is lost is.
        _ = request.withUnsafeBytes {
            socket.send(
                $0, segmentSize: request.count, to: destination, trafficClass: 0,
                from: LocalOrigin(address: router.client))
        }
    }
}
