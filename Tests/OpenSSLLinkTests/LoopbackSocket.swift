import Glibc
import NetworkTypes

/// A UDP socket on 127.0.0.1, closed at the end of the test.
final class LoopbackSocket {
    private let descriptor: Int32
    let port: UInt16
    /// Who has sent the last datagram; where the next one goes.
    var peer: sockaddr_in

    struct Failure: Error {
        var call: String
        var code: Int32
    }

    /// A socket on a free port that the kernel chooses.
    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        var address = Self.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard result else {
            close(descriptor)
            throw Failure(call: "bind", code: errno)
        }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
        peer = address
    }

    deinit { close(descriptor) }

    static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    var peerEndpoint: Endpoint {
        Endpoint(
            address: IPAddress(v4: UInt32(bigEndian: peer.sin_addr.s_addr)), port: UInt16(bigEndian: peer.sin_port))
    }

    func send(_ datagram: [UInt8]) {
        withUnsafePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                // A refusal by a peer that is not there yet is a lost datagram.
                _ = sendto(descriptor, datagram, datagram.count, 0, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// The next datagram, or `nil` when none comes within the time.
    func receive(milliseconds: Int32) -> [UInt8]? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                recvfrom(descriptor, &buffer, buffer.count, 0, generic, &length)
            }
        }
        return count >= 0 ? Array(buffer[..<count]) : nil
    }
}
