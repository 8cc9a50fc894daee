import ControlProtocol
import Foundation
import Glibc
import Synchronization

/// A control socket in a directory of its own, with answers that a test writes.
final class FakeDaemon: Sendable {
    /// What becomes of one request.
    enum Answer: Sendable {
        case reply(ControlReply)
        /// These bytes, whatever they are.
        case bytes([UInt8])
        /// The connection stays open without a word until the daemon ends.
        case silence
    }

    /// The requests that came, oldest first.
    var requests: [ControlRequest] { state.withLock { $0.requests } }

    private struct State {
        var requests: [ControlRequest] = []
        var held: [Int32] = []
        var isOver = false
    }

    private let state = Mutex(State())
    private let listener: Int32
    private let path: String
    private let answer: @Sendable (ControlRequest, Int) -> Answer

    /// Listens in `directory`. `answer` gets each request and how many came before it.
    init(in directory: URL, answer: @escaping @Sendable (ControlRequest, Int) -> Answer) throws {
        path = directory.appending(path: ControlLimits.socketName).path
        self.answer = answer
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try withSocketAddress(path) { address, length in
            guard bind(listener, address, length) == 0, listen(listener, 16) == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
        }
        Thread.detachNewThread { [self] in serve() }
    }

    /// Answers every request with the same payload.
    convenience init(in directory: URL, payload: JSONValue) throws {
        try self.init(in: directory) { _, _ in .reply(.success(payload)) }
    }

    /// Ends listening and removes the socket.
    func stop() {
        let held = state.withLock { state in
            state.isOver = true
            defer { state.held = [] }
            return state.held
        }
        for descriptor in held { close(descriptor) }
        // Wakes the thread in accept.
        shutdown(listener, Int32(SHUT_RDWR))
        unlink(path)
    }

    /// Waits until `count` requests have come; for ever, if they do not: the test's own time limit ends that.
    func awaitRequests(_ count: Int) {
        while requests.count < count { usleep(5_000) }
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            if connection < 0 {
                if errno == EINTR { continue }
                close(listener)
                return
            }
            answer(on: connection)
        }
    }

    private func answer(on connection: Int32) {
        guard let request = try? ControlRequest(line: readLine(connection)) else {
            close(connection)
            return
        }
        let number = state.withLock { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
        switch answer(request, number) {
        case .reply(let reply): write(Array((reply.line + "\n").utf8), to: connection)
        case .bytes(let bytes): write(bytes, to: connection)
        case .silence:
            state.withLock { $0.held.append(connection) }
            return
        }
        close(connection)
    }

    private func readLine(_ descriptor: Int32) -> [UInt8] {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        return line
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) {
        var left = bytes[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            left = left.dropFirst(count)
        }
    }
}

/// Calls `body` with the address of the Unix socket `path`.
private func withSocketAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw POSIXError(.ENAMETOOLONG) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    try withUnsafePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}

/// Runs `body` with a new directory, short enough for a socket's path, that is removed afterwards.
func withDirectory<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let directory = URL(filePath: "/tmp/ipop-command-\(UUID().uuidString.prefix(13))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
}
