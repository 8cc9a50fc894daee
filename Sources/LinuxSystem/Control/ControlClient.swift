import CLinuxShims
import Glibc
import NetworkTypes

/// Why the daemon gave no answer.
package enum ControlClientError: Error, Equatable, Sendable {
    /// There is no socket: the daemon has not run, or was stopped cleanly.
    case noSocket(String)
    /// There is a socket, but nobody listens: the daemon died.
    case refused(String)
    /// The caller may not use the socket.
    case permissionDenied(String)
    /// The daemon is there and did not answer in time.
    case timedOut(String)
    /// The daemon closed the connection without an answer.
    case closed(String)
    /// The answer is longer than `ControlClient.answerByteCount`.
    case tooLong(String)
    case system(SystemError)
}

extension ControlClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noSocket(let path): "\(path): no such socket; the daemon is not running"
        case .refused(let path): "\(path): nobody listens; the daemon is not running"
        case .permissionDenied(let path): "\(path): permission denied"
        case .timedOut(let path): "\(path): the daemon did not answer in time"
        case .closed(let path): "\(path): the daemon closed the connection without an answer"
        case .tooLong(let path): "\(path): the daemon's answer is too long"
        case .system(let error): error.description
        }
    }

    /// Whether the daemon is not there, as against there and unwilling.
    package var meansNotRunning: Bool {
        switch self {
        case .noSocket, .refused: true
        case .permissionDenied, .timedOut, .closed, .tooLong, .system: false
        }
    }
}

/// The other end of the control API: one question, one answer.
package enum ControlClient {
    /// The longest answer that is read.
    package static let answerByteCount = 64 << 20

    /// Sends `bytes` to the daemon at `path` and returns everything that it sends until it closes the connection.
    ///
    /// Blocks for `timeout` at most, from connecting to the last byte; `nil` waits for ever once connected.
    package static func request(
        path: String, bytes: [UInt8], timeout: Duration?
    ) throws(ControlClientError) -> [UInt8] {
        let deadline = timeout.map { MonotonicClock.now() + $0 }
        let connection = try connect(path, milliseconds(until: deadline))
        var sent = 0
        while sent < bytes.count {
            try limit(connection.rawValue, deadline, path)
            let count = bytes.withUnsafeBytes {
                ipop_local_send(connection.rawValue, $0.baseAddress! + sent, bytes.count - sent)
            }
            // A daemon that is busy may answer and close without reading the question.
            if count == -Int(EPIPE) || count == -Int(ECONNRESET) { break }
            if count < 0, let error = judge(Int32(-count), "send", path, deadline) { throw error }
            sent += max(0, count)
        }
        return try readAnswer(connection.rawValue, deadline, path)
    }

    /// The process that listens at `path`, asked of the kernel: nothing is sent.
    package static func process(path: String) throws(ControlClientError) -> Int32 {
        let connection = try connect(path, 1_000)
        var peer = ipop_credentials()
        let result = ipop_local_peer(connection.rawValue, &peer)
        if result < 0 { throw .system(SystemCall.failure("getsockopt SO_PEERCRED", -result, path)) }
        return peer.process
    }

    private static func readAnswer(
        _ number: Int32, _ deadline: Instant?, _ path: String
    ) throws(ControlClientError) -> [UInt8] {
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            try limit(number, deadline, path)
            let count = Glibc.read(number, &chunk, chunk.count)
            let failure = count < 0 ? errno : 0
            if count == 0 || failure == ECONNRESET {
                if answer.isEmpty { throw .closed(path) }
                return answer
            }
            if count < 0 {
                if let error = judge(failure, "read", path, deadline) { throw error }
                continue
            }
            answer += chunk[..<count]
            if answer.count > answerByteCount { throw .tooLong(path) }
        }
    }

    private static func connect(_ path: String, _ milliseconds: Int32) throws(ControlClientError) -> FileDescriptor {
        while true {
            let number = ipop_local_connect(path, milliseconds)
            if number >= 0 { return FileDescriptor(adopting: number) }
            switch -number {
            case EINTR: continue
            case ENOENT, ENOTDIR: throw .noSocket(path)
            case ECONNREFUSED: throw .refused(path)
            case EACCES, EPERM: throw .permissionDenied(path)
            case EAGAIN: throw .timedOut(path)
            default: throw .system(SystemCall.failure("connect", -number, path))
            }
        }
    }

    /// Lets the next call wait no longer than what is left of the time.
    private static func limit(_ number: Int32, _ deadline: Instant?, _ path: String) throws(ControlClientError) {
        if let deadline, deadline <= MonotonicClock.now() { throw .timedOut(path) }
        let result = ipop_local_set_timeouts(number, milliseconds(until: deadline))
        if result < 0 { throw .system(SystemCall.failure("setsockopt SO_RCVTIMEO", -result, path)) }
    }

    /// What a failed call means; `nil` when it is to be made again.
    private static func judge(
        _ number: Int32, _ call: String, _ path: String, _ deadline: Instant?
    ) -> ControlClientError? {
        switch number {
        case EINTR: nil
        case EAGAIN: deadline == nil ? nil : .timedOut(path)
        default: .system(SystemCall.failure(call, number, path))
        }
    }

    /// Whole milliseconds until the deadline, rounded up; a minute, after which the caller looks again, without one.
    private static func milliseconds(until deadline: Instant?) -> Int32 {
        guard let deadline else { return 60_000 }
        return max(1, Poller.milliseconds(deadline - MonotonicClock.now()))
    }
}
