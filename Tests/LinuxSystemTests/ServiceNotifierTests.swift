import Glibc
import Testing

@testable import LinuxSystem

@Suite struct ServiceNotifierTests {
    @Test func `every state is told in the manager's words`() throws {
        try Laboratory.withDirectory { directory in
            let manager = try ManagerSocket("\(directory)/notify")
            let notifier = ServiceNotifier(socketPath: "\(directory)/notify")

            try notifier.ready()
            try notifier.status("two\nlines")
            try notifier.watchdog()
            try notifier.stopping()
            try notifier.reloading()

            #expect(try manager.next() == "READY=1")
            #expect(try manager.next() == "STATUS=two lines")
            #expect(try manager.next() == "WATCHDOG=1")
            #expect(try manager.next() == "STOPPING=1")
            let lines = try manager.next().split(separator: "\n")
            #expect(lines.count == 2 && lines[0] == "RELOADING=1")
            let stamp = try #require(lines.last?.split(separator: "=").last.flatMap { UInt64($0) })
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            #expect(stamp <= UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1_000)
            #expect(stamp + 60_000_000 > UInt64(now.tv_sec) * 1_000_000)
        }
    }

    @Test func `an abstract socket is reached by its name`() throws {
        let name = "@ipop-notify-test-\(getpid())"
        let manager = try ManagerSocket(name)
        try ServiceNotifier(socketPath: name).ready()
        #expect(try manager.next() == "READY=1")
    }

    @Test func `without a manager nothing happens, with a dead one there is an error`() throws {
        let alone = ServiceNotifier(environment: { _ in nil }, process: 1)
        #expect(!alone.isActive)
        try alone.ready()
        #expect(throws: SystemError.self) { try ServiceNotifier(socketPath: "/nonexistent/notify").ready() }
    }

    @Test(
        arguments: [
            ("30000000", nil, Duration.seconds(30)), ("30000000", "77", .seconds(30)), ("30000000", "78", nil),
            ("0", nil, nil), ("soon", nil, nil), (nil, "77", nil),
        ] as [(String?, String?, Duration?)])
    func `the watchdog's interval counts for the process it is meant for`(
        microseconds: String?, process: String?, expected: Duration?
    ) {
        let environment = ["WATCHDOG_USEC": microseconds, "WATCHDOG_PID": process, "NOTIFY_SOCKET": "/run/notify"]
        let notifier = ServiceNotifier(environment: { environment[$0] ?? nil }, process: 77)
        #expect(notifier.watchdogInterval == expected)
        #expect(notifier.isActive)
    }

    @Test func `a socket of another kind is not used`() {
        #expect(!ServiceNotifier(environment: { _ in "vsock:2:1234" }, process: 1).isActive)
    }
}

/// The service manager's end.
private final class ManagerSocket {
    private let descriptor: FileDescriptor

    init(_ name: String) throws {
        descriptor = FileDescriptor(adopting: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        var address = localAddress(name)
        // The two bytes of the family, then the name; an abstract one begins with a zero and has no end mark.
        var count = MemoryLayout<sockaddr_un>.size
        if name.hasPrefix("@") {
            withUnsafeMutableBytes(of: &address.sun_path) { $0[0] = 0 }
            count = 2 + name.utf8.count
        }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor.rawValue, $0, socklen_t(count)) }
        }
        try #require(result == 0)
    }

    func next() throws -> String {
        try Laboratory.awaitReadable(descriptor.rawValue)
        var buffer = [UInt8](repeating: 0, count: 1_000)
        let count = recv(descriptor.rawValue, &buffer, buffer.count, 0)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
}
