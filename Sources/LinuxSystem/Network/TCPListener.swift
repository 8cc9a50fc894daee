import CLinuxShims
import Glibc
package import NetworkTypes

/// A listening TCP socket, non-blocking.
package final class TCPListener {
    private let descriptor: FileDescriptor
    /// Where it listens; with the port that the kernel chose, if it was to.
    package let local: Endpoint

    /// What the poller watches for `.readable`.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    /// Listens at `endpoint`. The unspecified IPv6 address takes IPv4 connections too.
    package init(at endpoint: Endpoint) throws(SystemError) {
        var bound = ipop_endpoint(endpoint)
        let descriptor = FileDescriptor(
            adopting: try SystemCall.shim("bind", "\(endpoint)") { ipop_tcp_listen(&bound) })
        let number = descriptor.rawValue
        try SystemCall.shim("getsockname") { ipop_udp_local(number, &bound) }
        local = bound.endpoint
        self.descriptor = descriptor
    }

    /// The next waiting connection; `nil` when there is none.
    package func accept() throws(SystemError) -> StreamConnection? {
        while true {
            let number = ipop_local_accept(descriptor.rawValue)
            if number >= 0 { return StreamConnection(FileDescriptor(adopting: number)) }
            switch -number {
            case EAGAIN: return nil
            // accept(2): the client gave up in between, or its network did.
            case EINTR, ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
                ENETUNREACH:
                continue
            default: throw SystemCall.failure("accept4", -number)
            }
        }
    }
}
