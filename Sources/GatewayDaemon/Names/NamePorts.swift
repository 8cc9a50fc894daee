import LANServices
import LinuxSystem
import NetworkTypes

/// The sockets of the name server: UDP and TCP (RFC 7766) at port 53 of a few own addresses.
///
/// An address that cannot be had is tried again, and leaves the others alone. Another name server's port is taken only
/// after it has been free for long: a server that is being started again has it back by then.
final class NamePorts {
    /// Poller tokens begin here, between those of the metrics server and of streams.
    static let firstToken: UInt64 = 1 << 52
    /// RFC 1035 §4.2.
    private static let port: UInt16 = 53
    /// Messages read in a row from one socket: a flood of questions must not take the time of packets.
    private static let budget = 32
    /// Questions have some hundred bytes; more waits in the kernel than is answered in a second.
    private static let bufferByteCount = 1 << 18
    /// How often an address that could not be had is tried again.
    private static let retryInterval: Duration = .seconds(5)
    /// How long another server's port must have been free.
    private static let vacancy: Duration = .seconds(60)

    /// What a token stands for.
    private enum Socket {
        case datagrams(UDPSocket)
        case listener(TCPListener)
    }

    /// Own addresses that are wanted and could not be had, in the order in which they are wanted.
    private(set) var faults: [(address: IPAddress, text: String)] = []

    private let poller: Poller
    private var wanted: [IPAddress] = []
    /// By token, in the order in which they were opened.
    private var sockets: [(token: UInt64, address: IPAddress, socket: Socket)] = []
    private let connections: NameConnections
    private var nextToken = NamePorts.firstToken
    private var retryAt: Instant?
    /// Addresses whose port another server has or had, and since when nobody has been seen with it.
    private var foreign: [(address: IPAddress, freeSince: Instant?)] = []

    init(poller: Poller) {
        self.poller = poller
        connections = NameConnections(poller: poller)
    }

    /// Addresses that another server has given up, and that are taken when they stay free.
    var vacantAddresses: [IPAddress] { foreign.filter { $0.freeSince != nil }.map(\.address) }

    /// When `expire` wants to be called.
    var nextDeadline: Instant? {
        guard let retryAt else { return connections.nextDeadline }
        return connections.nextDeadline.map { min($0, retryAt) } ?? retryAt
    }

    /// Listens at these addresses from now on, and at no others. `isAsked`: somebody wants what is free taken at once.
    func listen(at addresses: [IPAddress], isAsked: Bool, now: Instant) {
        guard isAsked || addresses != wanted else { return }
        for gone in wanted where !addresses.contains(gone) { close(gone) }
        foreign.removeAll { isAsked || !addresses.contains($0.address) }
        wanted = addresses
        open(now: now)
    }

    /// Opens what is missing.
    private func open(now: Instant) {
        let before = faults
        faults = []
        retryAt = nil
        for address in wanted where !sockets.contains(where: { $0.address == address }) {
            do throws(SystemError) {
                try open(address)
                if mayKeep(address, now: now) { continue }
                faults += before.filter { $0.address == address }
            } catch {
                foreign.removeAll { $0.address == address }
                if error.meansTaken { foreign.append((address, nil)) }
                faults.append((address, error.reason))
            }
            close(address)
            retryAt = now + Self.retryInterval
        }
    }

    /// Whether the port, which is free, is nobody else's any more.
    private func mayKeep(_ address: IPAddress, now: Instant) -> Bool {
        guard let index = foreign.firstIndex(where: { $0.address == address }) else { return true }
        let since = foreign[index].freeSince ?? now
        foreign[index].freeSince = since
        guard since + Self.vacancy <= now else { return false }
        foreign.remove(at: index)
        return true
    }

    private func open(_ address: IPAddress) throws(SystemError) {
        var options = UDPSocketOptions()
        options.bufferByteCount = Self.bufferByteCount
        options.usesCoalescing = false
        options.usesSegmentation = false
        let datagrams = try UDPSocket(family: address.family, address: address, port: Self.port, options: options)
        try watch(datagrams.rawDescriptor, .datagrams(datagrams), at: address)
        let listener = try TCPListener(at: Endpoint(address: address, port: Self.port))
        try watch(listener.rawDescriptor, .listener(listener), at: address)
    }

    private func watch(_ descriptor: Int32, _ socket: Socket, at address: IPAddress) throws(SystemError) {
        try poller.add(descriptor, interest: .readable, token: nextToken)
        sockets.append((nextToken, address, socket))
        nextToken += 1
    }

    private func close(_ address: IPAddress) {
        for (_, place, socket) in sockets where place == address {
            switch socket {
            case .datagrams(let datagrams): try? poller.remove(datagrams.rawDescriptor)
            case .listener(let listener): try? poller.remove(listener.rawDescriptor)
            }
        }
        sockets.removeAll { $0.address == address }
    }

    /// A socket or a connection has something: `receive` is called with each question. `admits` says who may connect.
    func ready(
        _ token: UInt64, _ buffer: UnsafeMutableRawBufferPointer, now: Instant, admits: (IPAddress) -> Bool,
        receive: (RawSpan, NameServer.Client) -> Void
    ) {
        guard token < NameConnections.firstToken else { return connections.ready(token, now: now, receive: receive) }
        guard let entry = sockets.first(where: { $0.token == token }) else { return }
        switch entry.socket {
        case .listener(let listener):
            connections.accept(listener, now: now, admits: admits)
        case .datagrams(let datagrams):
            for _ in 0..<Self.budget {
                guard let received = try? datagrams.receive(into: buffer) else { return }
                let message = UnsafeRawBufferPointer(rebasing: buffer[..<received.byteCount])
                receive(message.bytes, .datagram(received.source, at: entry.address))
            }
        }
    }

    /// Sends an answer. What cannot be sent now is lost, as datagrams may be: the client asks again.
    func send(_ reply: [UInt8], to client: NameServer.Client) {
        switch client {
        case .connection(let number, _):
            connections.send(reply, into: number)
        case .datagram(let target, let address):
            for entry in sockets where entry.address == address {
                guard case .datagrams(let socket) = entry.socket else { continue }
                _ = reply.withUnsafeBytes {
                    socket.send($0, segmentSize: reply.count, to: target, trafficClass: 0)
                }
            }
        }
    }

    /// Drops connections that take too long, and tries again what could not be had.
    func expire(now: Instant) {
        connections.expire(now: now)
        if let retryAt, retryAt <= now { open(now: now) }
    }

    /// Ends everything.
    func close() {
        for address in wanted { close(address) }
        wanted = []
        foreign = []
        faults = []
        retryAt = nil
        connections.close()
    }
}
