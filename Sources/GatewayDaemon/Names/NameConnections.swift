import LANServices
import LinuxSystem
import NetworkTypes

/// Connections of clients that ask for names by TCP (RFC 7766): few, each for a bounded time, with one answer after the
/// other.
final class NameConnections {
    /// Poller tokens begin here, above those of the sockets.
    static let firstToken: UInt64 = NamePorts.firstToken + 1 << 48
    /// Connections at a time, and of one client (RFC 7766 §6.2.2); what is beyond is closed at once.
    private static let limit = 32
    private static let clientLimit = 4
    /// How long a connection may be silent (RFC 7766 §6.2.3: some seconds).
    private static let patience: Duration = .seconds(5)
    /// Bytes of a question: more than any that could be answered.
    private static let questionByteCount = 1_232
    /// Bytes of answers that a client has not taken: it asks faster than it reads.
    private static let outputByteCount = 16_384

    private struct Client {
        let connection: StreamConnection
        let address: IPAddress
        var received: [UInt8] = []
        var output: ArraySlice<UInt8> = []
        var deadline: Instant
    }

    private let poller: Poller
    private var clients: [UInt64: Client] = [:]
    private var nextToken = NameConnections.firstToken

    init(poller: Poller) { self.poller = poller }

    /// When `expire` wants to be called.
    var nextDeadline: Instant? { clients.values.map(\.deadline).min() }

    /// Takes the waiting connections of clients that may ask.
    func accept(_ listener: TCPListener, now: Instant, admits: (IPAddress) -> Bool) {
        for _ in 0..<Self.limit {
            guard let connection = try? listener.accept() else { return }
            guard let remote = connection.remote, admits(remote.address), hasRoom(for: remote.address),
                (try? poller.add(connection.rawDescriptor, interest: .readable, token: nextToken)) != nil
            else { continue }
            clients[nextToken] = Client(
                connection: connection, address: remote.address, deadline: now + Self.patience)
            nextToken += 1
        }
    }

    private func hasRoom(for client: IPAddress) -> Bool {
        clients.count < Self.limit && clients.values.count { $0.address == client } < Self.clientLimit
    }

    /// A connection is ready: `receive` is called with each question.
    func ready(_ token: UInt64, now: Instant, receive: (RawSpan, NameServer.Client) -> Void) {
        guard let client = clients[token] else { return }
        if !client.output.isEmpty { return flush(token) }
        switch try? client.connection.read(limit: Self.questionByteCount + 2) {
        case .bytes(let bytes):
            clients[token]?.received += bytes
            clients[token]?.deadline = now + Self.patience
            takeQuestions(token, receive)
        case .wouldBlock:
            return
        case .closed, nil:
            drop(token)
        }
    }

    /// Length 2, message (RFC 1035 §4.2.2).
    private func takeQuestions(_ token: UInt64, _ receive: (RawSpan, NameServer.Client) -> Void) {
        while let client = clients[token], client.received.count >= 2 {
            let count = Int(client.received[0]) << 8 | Int(client.received[1])
            guard count <= Self.questionByteCount else { return drop(token) }
            guard client.received.count >= count + 2 else { return }
            let message = Array(client.received[2..<(count + 2)])
            clients[token]?.received.removeFirst(count + 2)
            receive(message.span.bytes, .connection(token, client.address))
        }
    }

    /// Sends an answer into a connection, if that is still there.
    func send(_ reply: [UInt8], into token: UInt64) {
        guard let client = clients[token] else { return }
        guard client.output.count + reply.count + 2 <= Self.outputByteCount else { return drop(token) }
        clients[token]?.output += [UInt8(reply.count >> 8), UInt8(reply.count & 255)] + reply
        flush(token)
    }

    private func flush(_ token: UInt64) {
        guard let client = clients[token] else { return }
        guard let written = try? client.connection.write(client.output) else { return drop(token) }
        clients[token]?.output.removeFirst(written)
        let interest: Readiness = written == client.output.count ? .readable : .writable
        try? poller.modify(client.connection.rawDescriptor, interest: interest, token: token)
    }

    /// Drops connections that are silent for too long.
    func expire(now: Instant) {
        for token in clients.keys where clients[token].map({ $0.deadline <= now }) == true { drop(token) }
    }

    /// Ends all.
    func close() {
        for token in clients.keys { drop(token) }
    }

    private func drop(_ token: UInt64) {
        guard let client = clients.removeValue(forKey: token) else { return }
        try? poller.remove(client.connection.rawDescriptor)
    }
}
