import Glibc
import LinuxSystem
import Testing

@Suite struct ControlSocketTests {
    @Test func `a question is answered, however long`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            let socket = try ControlSocket(path: path)
            let question = pattern(300_000)
            let answer = pattern(500_000)
            let daemon = Daemon(socket) { connection in
                let asked = try Self.readAll(connection, question.count)
                try Self.writeAll(connection, answer)
                return asked
            }

            let received = try ControlClient.request(path: path, bytes: question, timeout: .seconds(20))

            #expect(received == answer)
            #expect(try daemon.result() == question)
        }
    }

    @Test func `an answer that comes before the question was read is one`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            let socket = try ControlSocket(path: path)
            let daemon = Daemon(socket) { connection in
                try Self.writeAll(connection, [1, 2, 3])
                return []
            }
            // More than the socket's buffer, so that the daemon has closed before all of it is sent.
            let received = try ControlClient.request(path: path, bytes: pattern(3_000_000), timeout: .seconds(20))
            #expect(received == [1, 2, 3])
            _ = try daemon.result()
        }
    }

    @Test func `the kernel tells who asks, and the file who may`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            let socket = try ControlSocket(path: path, mode: 0o660, group: "root")
            let daemon = Daemon(socket) { connection in
                try Self.writeAll(connection, [1])
                return [connection.peer.user == geteuid() && connection.peer.process == getpid() ? 1 : 0]
            }
            _ = try ControlClient.request(path: path, bytes: [1], timeout: .seconds(20))

            #expect(try daemon.result() == [1])
            #expect(try FileSystem.status(path)?.mode == 0o660)
            #expect(try FileSystem.status(path)?.kind == .socket)
            #expect(socket.belongsToGroup)
        }
    }

    @Test func `a group that does not exist is no obstacle`() throws {
        try Laboratory.withDirectory { directory in
            let socket = try ControlSocket(path: "\(directory)/control.sock", group: "no-such-group-here")
            #expect(!socket.belongsToGroup)
        }
    }

    @Test func `a clean stop removes the socket`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            do { _ = try ControlSocket(path: path) }
            #expect(throws: ControlClientError.noSocket(path)) {
                try ControlClient.request(path: path, bytes: [1], timeout: .seconds(1))
            }
        }
    }

    @Test func `a stop leaves another daemon's socket alone`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            var second: ControlSocket?
            do {
                let first = try ControlSocket(path: path)
                rename(first.path, "\(directory)/elsewhere")
                second = try ControlSocket(path: path)
            }
            #expect(FileSystem.exists(path))
            second = nil
            #expect(second == nil && !FileSystem.exists(path))
        }
    }

    @Test func `a socket that a dead daemon left is refused, then replaced`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            try Self.leaveStaleSocket(path)
            #expect(throws: ControlClientError.refused(path)) {
                try ControlClient.request(path: path, bytes: [1], timeout: .seconds(1))
            }

            let socket = try ControlSocket(path: path)

            #expect(try socket.accept() == nil)
            let daemon = Daemon(socket) { connection in
                try Self.writeAll(connection, [7])
                return []
            }
            #expect(try ControlClient.request(path: path, bytes: [1], timeout: .seconds(20)) == [7])
            _ = try daemon.result()
        }
    }

    @Test func `a live daemon and a stranger's file are left alone`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            let first = try ControlSocket(path: path)
            #expect(throws: ControlSocketError.inUse(path)) { try ControlSocket(path: path) }
            #expect(try first.accept() != nil)
            let file = "\(directory)/file"
            try FileSystem.write(file, [1, 2], mode: 0o600)
            #expect(throws: ControlSocketError.notSocket(file)) { try ControlSocket(path: file) }
            #expect(try FileSystem.read(file) == [1, 2])
            #expect(FileSystem.exists(path))
        }
    }

    @Test func `silence, refusal and a hang-up are told apart`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            let socket = try ControlSocket(path: path)
            #expect(throws: ControlClientError.timedOut(path)) {
                try ControlClient.request(path: path, bytes: [1], timeout: .milliseconds(50))
            }
            #expect(try socket.accept() != nil)
            let daemon = Daemon(socket) { connection in try Self.readAll(connection, 1) }
            #expect(throws: ControlClientError.closed(path)) {
                try ControlClient.request(path: path, bytes: [1], timeout: .seconds(20))
            }
            #expect(try daemon.result() == [1])
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func `who has no right to the socket is told so`() async {
        // A process of its own, because a user is changed for all threads.
        await #expect(processExitsWith: .success) {
            try Laboratory.withDirectory { directory in
                let path = "\(directory)/control.sock"
                let socket = try ControlSocket(path: path, mode: 0o600)
                try FileSystem.changeMode(directory, 0o755)
                seteuid(12_345)
                defer { seteuid(0) }
                #expect(throws: ControlClientError.permissionDenied(path)) {
                    try ControlClient.request(path: socket.path, bytes: [1], timeout: .seconds(1))
                }
            }
        }
    }

    @Test func `a client that hangs up is seen as closed, and writing to it as an error`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            let socket = try ControlSocket(path: path)
            #expect(throws: ControlClientError.self) {
                try ControlClient.request(path: path, bytes: [5], timeout: .milliseconds(1))
            }
            try Laboratory.awaitReadable(socket.rawDescriptor)
            let connection = try #require(try socket.accept())

            try Laboratory.awaitReadable(connection.rawDescriptor)
            #expect(try connection.read() == .bytes([5]))
            try Laboratory.awaitReadable(connection.rawDescriptor)
            #expect(try connection.read() == .closed)
            #expect(throws: SystemError(call: "send", errno: EPIPE)) { try connection.write([1]) }
        }
    }

    private static func readAll(_ connection: ControlConnection, _ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            switch try connection.read() {
            case .bytes(let more): bytes += more
            case .wouldBlock: try Laboratory.awaitReadable(connection.rawDescriptor)
            case .closed: return bytes
            }
        }
        return bytes
    }

    private static func writeAll(_ connection: ControlConnection, _ bytes: [UInt8]) throws {
        let poller = try Poller()
        try poller.add(connection.rawDescriptor, interest: .writable, token: 0)
        var rest = bytes[...]
        while !rest.isEmpty {
            rest = rest.dropFirst(try connection.write(rest))
            if !rest.isEmpty { poller.wait(timeout: .seconds(20)) { _, _ in } }
        }
    }

    /// What a killed daemon leaves: a bound socket that nobody listens on.
    private static func leaveStaleSocket(_ path: String) throws {
        let socket = FileDescriptor(adopting: Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        var address = localAddress(path)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }
}

/// Serves one connection on a thread of its own.
private final class Daemon: @unchecked Sendable {
    private let socket: ControlSocket
    private let serve: (ControlConnection) throws -> [UInt8]
    private var thread = pthread_t()
    private var outcome: Result<[UInt8], any Error> = .success([])

    init(_ socket: ControlSocket, _ serve: @escaping (ControlConnection) throws -> [UInt8]) {
        self.socket = socket
        self.serve = serve
        pthread_create(
            &thread, nil,
            { raw in
                Unmanaged<Daemon>.fromOpaque(raw!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }

    /// Waits for the thread; call it once.
    func result() throws -> [UInt8] {
        pthread_join(thread, nil)
        return try outcome.get()
    }

    private func run() {
        outcome = Result {
            try Laboratory.awaitReadable(socket.rawDescriptor)
            let connection = try #require(try socket.accept())
            return try serve(connection)
        }
    }
}

/// The address of a Unix socket's path.
func localAddress(_ path: String) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return address
}
