import Glibc
import LinuxSystem
import NetworkTypes
import Testing

@Suite struct SocketTableTests {
    @Test func `a UDP port and a listening TCP port have this process's name`() throws {
        let name = try #require(String(validating: FileSystem.read("/proc/self/comm").dropLast(), as: UTF8.self))
        let loopback = IPAddress(127, 0, 0, 1)
        let udp = try UDPSocket(family: .v4, address: loopback, port: 0)
        let tcp = try TCPListener(at: Endpoint(address: loopback, port: 0))

        let udpHolder = try SocketTable.holder(of: udp.localPort, .udp)
        let tcpHolder = try SocketTable.holder(of: tcp.local.port, .tcp)

        #expect(udpHolder?.program == name)
        #expect(tcpHolder?.program == name)
    }

    @Test func `a port that nobody has has no holder`() throws {
        #expect(try SocketTable.holder(of: 1, .udp) == nil)
        #expect(try SocketTable.holder(of: 1, .tcp) == nil)
    }

    @Test func `a file that is not there cannot be opened, and the reason is told apart`() throws {
        let error = #expect(throws: SystemError.self) { try FileSystem.tryOpening("/dev/no-such-device") }

        #expect(error?.meansMissing == true && error?.meansNoPermission == false)
        #expect(throws: Never.self) { try FileSystem.tryOpening("/dev/null") }
    }

    @Test func `the kernel says whether the clock is kept`() {
        #expect(WallClock.isSynchronised != nil)
    }

    @Test func `the process behind a control socket is told without a question`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/control.sock"
            let socket = try ControlSocket(path: path)

            #expect(try ControlClient.process(path: path) == getpid())
            _ = socket
            #expect(throws: ControlClientError.self) { try ControlClient.process(path: "\(directory)/none") }
        }
    }
}
