import ControlProtocol
import LinuxSystem
import NetworkTypes

/// Serves the metrics page over HTTP: one request a connection, a bounded number of connections, each for a bounded
/// time.
final class MetricsServer {
    /// Poller tokens of connections begin here, far above those of the control socket.
    static let firstToken: UInt64 = 1 << 48
    /// Connections at a time; more wait in the kernel's queue.
    private static let connectionLimit = 16
    /// How long a client may take to send its request and to read the answer, which may be megabytes.
    private static let patience: Duration = .seconds(10)
    /// How long a client that has its answer may take to close.
    private static let lingering: Duration = .seconds(2)
    /// How often an address that could not be had is tried again.
    private static let retryInterval: Duration = .seconds(5)

    /// A client, in the order of its life: its request comes, its answer goes, it closes.
    private struct Client {
        let connection: StreamConnection
        var received: [UInt8] = []
        var answer: ArraySlice<UInt8> = []
        /// It has its answer. To close at once would take the end of it away if the client has sent more than was read.
        var isAnswered = false
        var deadline: Instant
    }

    /// Why nothing is served at the address that is wanted; `nil` when it is, or when nothing is wanted.
    private(set) var fault: (address: Endpoint, text: String)?

    private let poller: Poller
    private let listenerToken: UInt64
    private var wanted: Endpoint?
    private var listener: TCPListener?
    private var isPaused = false
    private var retryAt: Instant?
    private var clients: [UInt64: Client] = [:]
    private var nextToken = MetricsServer.firstToken

    init(poller: Poller, listenerToken: UInt64) {
        self.poller = poller
        self.listenerToken = listenerToken
    }

    /// Whether nothing is wanted and nobody is connected.
    private var isIdle: Bool { clients.isEmpty && retryAt == nil }

    /// When `expire` wants to be called.
    var nextDeadline: Instant? {
        if isIdle { return nil }
        return (clients.values.map(\.deadline) + [retryAt].compactMap { $0 }).min()
    }

    /// Serves at `address` from now on, or not at all; connections that are there are served to their end.
    func listen(at address: Endpoint?, now: Instant) {
        if address == wanted, fault == nil { return }
        wanted = address
        closeListener()
        open(now: now)
    }

    private func open(now: Instant) {
        fault = nil
        retryAt = nil
        guard let wanted else { return }
        do throws(SystemError) {
            let opened = try TCPListener(at: wanted)
            try poller.add(opened.rawDescriptor, interest: .readable, token: listenerToken)
            listener = opened
            isPaused = false
        } catch {
            fault = (wanted, error.reason)
            retryAt = now + Self.retryInterval
        }
    }

    private func closeListener() {
        guard let listener else { return }
        try? poller.remove(listener.rawDescriptor)
        self.listener = nil
    }

    /// Takes the waiting connections.
    func accept(now: Instant) {
        guard let listener else { return }
        while clients.count < Self.connectionLimit {
            let accepted: StreamConnection?
            do throws(SystemError) {
                accepted = try listener.accept()
            } catch {
                // No descriptor is left: to try again at once would only burn time.
                pause(until: now + Self.retryInterval)
                return
            }
            guard let accepted else { return }
            let token = nextToken
            nextToken += 1
            guard (try? poller.add(accepted.rawDescriptor, interest: .readable, token: token)) != nil else { continue }
            clients[token] = Client(connection: accepted, deadline: now + Self.patience)
        }
        pause(until: nil)
    }

    /// Looks away from the listener, which would go on reporting those that wait.
    private func pause(until retry: Instant?) {
        guard let listener, !isPaused else { return }
        isPaused = true
        retryAt = retry
        try? poller.modify(listener.rawDescriptor, interest: [], token: listenerToken)
    }

    private func resume() {
        guard let listener, isPaused else { return }
        isPaused = false
        retryAt = nil
        try? poller.modify(listener.rawDescriptor, interest: .readable, token: listenerToken)
    }

    /// A connection is ready: reads, answers, waits for its end. `page` is called when somebody wants it.
    func ready(_ token: UInt64, now: Instant, page: () -> [UInt8]) {
        guard let client = clients[token] else { return }
        if !client.answer.isEmpty {
            flush(token, now: now)
            return
        }
        switch try? client.connection.read(limit: MetricsRequest.byteLimit) {
        case .bytes(let bytes):
            if client.isAnswered { return }
            clients[token]!.received += bytes
            guard let request = MetricsRequest(clients[token]!.received) else { return }
            let answer = MetricsResponse.bytes(to: request, unixSeconds: WallClock.unixSeconds(), page: page)
            clients[token]!.answer = answer[...]
            flush(token, now: now)
        case .wouldBlock:
            return
        case .closed, nil:
            drop(token)
        }
    }

    private func flush(_ token: UInt64, now: Instant) {
        guard let client = clients[token] else { return }
        guard let written = try? client.connection.write(client.answer) else {
            drop(token)
            return
        }
        clients[token]!.answer = client.answer.dropFirst(written)
        let isWritten = written == client.answer.count
        if isWritten {
            client.connection.endWriting()
            clients[token]!.isAnswered = true
            clients[token]!.deadline = now + Self.lingering
        }
        let interest: Readiness = isWritten ? .readable : .writable
        try? poller.modify(client.connection.rawDescriptor, interest: interest, token: token)
    }

    /// Drops clients that take too long, and tries again what failed.
    func expire(now: Instant) {
        if isIdle { return }
        for (token, client) in clients where client.deadline <= now { drop(token) }
        guard let retryAt, retryAt <= now else { return }
        if listener == nil { open(now: now) } else { resume() }
    }

    /// Ends everything.
    func close() {
        wanted = nil
        fault = nil
        retryAt = nil
        closeListener()
        for token in clients.keys { drop(token) }
    }

    private func drop(_ token: UInt64) {
        guard let client = clients.removeValue(forKey: token) else { return }
        try? poller.remove(client.connection.rawDescriptor)
        resume()
    }
}
