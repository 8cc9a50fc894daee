import ControlProtocol
import LinuxSystem
import NetworkTypes

/// The control socket: one request a connection, one line in, one line out.
final class ControlServer {
    /// Poller tokens of connections begin here.
    static let firstToken: UInt64 = 1_000
    /// Connections at a time; more wait in the kernel's queue.
    private static let connectionLimit = 64
    /// How long a client may take to send its request or to read its answer.
    private static let patience: Duration = .seconds(5)

    /// A client.
    private struct Client {
        let connection: ControlConnection
        var received: [UInt8] = []
        var answer: ArraySlice<UInt8> = []
        var deadline: Instant?
    }

    private let socket: ControlSocket
    private let poller: Poller
    private var clients: [UInt64: Client] = [:]
    private var nextToken = ControlServer.firstToken
    /// The limit is reached: the listener is not watched, which would go on reporting those that wait.
    private var isPaused = false
    private let listenerToken: UInt64

    /// The poller reports waiting connections by `listenerToken`, once `watch` has been called.
    init(path: String, group: String, poller: Poller, listenerToken: UInt64) throws(ControlSocketError) {
        socket = try ControlSocket(path: path, mode: 0o660, group: group)
        self.poller = poller
        self.listenerToken = listenerToken
    }

    /// Begins to look for connections.
    func watch() throws(SystemError) {
        try poller.add(socket.rawDescriptor, interest: .readable, token: listenerToken)
    }

    /// When `expire` wants to be called.
    var nextDeadline: Instant? {
        clients.isEmpty ? nil : clients.values.compactMap(\.deadline).min()
    }

    /// Takes every waiting connection.
    func accept(now: Instant) {
        while clients.count < Self.connectionLimit, let connection = try? socket.accept() {
            let token = nextToken
            nextToken += 1
            guard (try? poller.add(connection.rawDescriptor, interest: .readable, token: token)) != nil else {
                continue
            }
            clients[token] = Client(connection: connection, deadline: now + Self.patience)
        }
        if clients.count >= Self.connectionLimit { pause(true) }
    }

    private func pause(_ pauses: Bool) {
        guard pauses != isPaused else { return }
        isPaused = pauses
        try? poller.modify(socket.rawDescriptor, interest: pauses ? [] : .readable, token: listenerToken)
    }

    /// A connection is ready: returns its request once the line is complete.
    func ready(_ token: UInt64, _ readiness: Readiness) -> [UInt8]? {
        guard let client = clients[token] else { return nil }
        if !client.answer.isEmpty {
            flush(token)
            return nil
        }
        switch try? client.connection.read() {
        case .bytes(let bytes):
            clients[token]!.received += bytes
            guard let end = clients[token]!.received.firstIndex(of: UInt8(ascii: "\n")) else {
                if clients[token]!.received.count > ControlLimits.requestByteCount { drop(token) }
                return nil
            }
            clients[token]!.deadline = nil
            return Array(clients[token]!.received[..<end])
        case .wouldBlock:
            return nil
        case .closed, nil:
            drop(token)
            return nil
        }
    }

    /// Answers a request and closes once the client has read it.
    func answer(_ token: UInt64, _ reply: ControlReply, now: Instant) {
        guard clients[token] != nil else { return }
        clients[token]!.answer = Array((reply.line + "\n").utf8)[...]
        clients[token]!.deadline = now + Self.patience
        flush(token)
    }

    /// Whether the client is still there.
    func isWaiting(_ token: UInt64) -> Bool { clients[token] != nil }

    /// Drops clients that take too long.
    func expire(now: Instant) {
        if clients.isEmpty { return }
        for (token, client) in clients {
            if let deadline = client.deadline, deadline <= now { drop(token) }
        }
    }

    /// Ends every connection.
    func close() {
        for token in clients.keys { drop(token) }
    }

    private func flush(_ token: UInt64) {
        guard let client = clients[token] else { return }
        guard let written = try? client.connection.write(client.answer) else {
            drop(token)
            return
        }
        clients[token]!.answer = client.answer.dropFirst(written)
        if clients[token]!.answer.isEmpty {
            drop(token)
        } else {
            try? poller.modify(client.connection.rawDescriptor, interest: .writable, token: token)
        }
    }

    private func drop(_ token: UInt64) {
        guard let client = clients.removeValue(forKey: token) else { return }
        try? poller.remove(client.connection.rawDescriptor)
        pause(false)
    }
}
