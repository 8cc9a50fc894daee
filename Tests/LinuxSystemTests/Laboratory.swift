import Glibc
import LinuxSystem
import NetworkTypes
import Testing

/// What tests on the real kernel need.
enum Laboratory {
    /// Whether this process may make namespaces and devices.
    static let isPrivileged = geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0

    /// In CI a missing privilege is a failure, elsewhere the test is left out.
    static let canRun = isPrivileged || getenv("CI") != nil

    static let need: Comment = "needs root and /dev/net/tun"

    struct CommandFailed: Error, CustomStringConvertible {
        let command: [String]
        let status: Int32
        var description: String { "\(command.joined(separator: " ")): status \(status)" }
    }

    /// Runs a program in the calling thread's network namespace and waits for it.
    static func run(_ command: String...) throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let error = posix_spawnp(&process, command[0], nil, nil, arguments, environ)
        guard error == 0 else { throw SystemError(call: "posix_spawn", errno: error, subject: command[0]) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw CommandFailed(command: command, status: status) }
    }

    /// A new namespace; fails with a clear message when there cannot be one.
    static func namespace() throws -> NetworkNamespace {
        try #require(isPrivileged, "this test needs root and /dev/net/tun")
        return try NetworkNamespace()
    }

    /// Runs `body` with the path of a new directory that is removed with what the test left in it.
    static func withDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
        var template = Array("/tmp/ipop-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", errno: errno) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for name in (try? FileSystem.list(path)) ?? [] { _ = try? FileSystem.remove("\(path)/\(name)") }
            _ = try? FileSystem.remove(path)
        }
        return try body(path)
    }

    /// Waits until `descriptor` is readable, 20 s at most.
    static func awaitReadable(_ descriptor: Int32) throws {
        let poller = try Poller()
        try poller.add(descriptor, interest: .readable, token: 1)
        let count = poller.wait(timeout: .seconds(20)) { _, _ in }
        try #require(count == 1, "nothing came within 20 s")
    }
}

extension UDPSocket {
    /// Sends `bytes` as one train.
    func send(
        _ bytes: [UInt8], segmentSize: Int, to destination: Endpoint, trafficClass: UInt8 = 0
    ) -> DatagramSendResult {
        bytes.withUnsafeBytes { send($0, segmentSize: segmentSize, to: destination, trafficClass: trafficClass) }
    }

    /// Waits for a datagram or a train.
    func next(room: Int = UDPSocket.receiveByteCount) throws -> (bytes: [UInt8], received: ReceivedDatagrams) {
        var buffer = [UInt8](repeating: 0, count: room)
        while true {
            try Laboratory.awaitReadable(rawDescriptor)
            if let received = try buffer.withUnsafeMutableBytes({ try receive(into: $0) }) {
                return (Array(buffer[..<received.byteCount]), received)
            }
        }
    }
}

/// A recognisable sequence of bytes.
func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}
