import Glibc

/// A TCP connection over loopback, for handshakes with programs; blocking, with a limit.
final class LoopbackConnection {
    private let listener: Int32
    private var connected: Int32 = -1
    let port: UInt16

    /// Listens at a free port.
    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(listener, $0, length) == 0 && listen(listener, 1) == 0, "loopback has free ports")
                getsockname(listener, $0, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(listener)
        if connected >= 0 { close(connected) }
    }

    /// Waits for the program to connect, a minute at most.
    func accept() {
        var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        if poll(&waiting, 1, 60_000) > 0 { adopt(Glibc.accept(listener, nil, nil)) }
    }

    /// Connects to a program that begins to listen about now.
    func connect(port: UInt16) {
        for _ in 0..<2_000 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.address(port: port)
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if result == 0 { return adopt(descriptor) }
            close(descriptor)
            usleep(10_000)
        }
    }

    private func adopt(_ descriptor: Int32) {
        connected = descriptor
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(connected, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// What has come; empty at the end, and after a minute of silence.
    func receive() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = max(0, recv(connected, buffer.baseAddress, 65_536, 0))
        }
    }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(connected, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// Says that nothing more comes.
    func endWriting() { shutdown(connected, Int32(SHUT_WR)) }

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
