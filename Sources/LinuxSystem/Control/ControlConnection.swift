import CLinuxShims

/// Who is at the other end of a control connection, as the kernel saw it when they connected.
package struct PeerCredentials: Equatable, Sendable {
    package let process: Int32
    package let user: UInt32
    package let group: UInt32
}

/// The daemon's end of one client's connection. Closed when the object goes.
package final class ControlConnection {
    private let stream: StreamConnection
    package let peer: PeerCredentials

    /// What the poller watches.
    package var rawDescriptor: Int32 { stream.rawDescriptor }

    init(_ descriptor: consuming FileDescriptor) throws(SystemError) {
        let number = descriptor.rawValue
        stream = StreamConnection(descriptor)
        var found = ipop_credentials()
        try SystemCall.shim("getsockopt SO_PEERCRED") { ipop_local_peer(number, &found) }
        peer = PeerCredentials(process: found.process, user: found.user, group: found.group)
    }

    /// Reads what there is, at most `limit` bytes.
    package func read(limit: Int = 65_536) throws(SystemError) -> StreamReadResult { try stream.read(limit: limit) }

    /// Writes as much of `bytes` as there is room for and returns how much that was; 0 means wait for `.writable`.
    /// EPIPE when the client has gone.
    package func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int { try stream.write(bytes) }

    /// Writes as much of `bytes` as there is room for and returns how much that was; 0 means wait for `.writable`.
    package func write(_ bytes: [UInt8]) throws(SystemError) -> Int { try write(bytes[...]) }
}
