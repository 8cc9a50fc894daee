import CLinuxShims
import Glibc

/// Who is at the other end of a control connection, as the kernel saw it when they connected.
package struct PeerCredentials: Equatable, Sendable {
    package let process: Int32
    package let user: UInt32
    package let group: UInt32
}

/// What a read from a control connection brought.
package enum ControlReadResult: Equatable, Sendable {
    /// At least one byte.
    case bytes([UInt8])
    case wouldBlock
    /// The client has closed its end.
    case closed
}

/// The daemon's end of one client's connection. Closed when the object goes.
package final class ControlConnection {
    private let descriptor: FileDescriptor
    package let peer: PeerCredentials

    /// What the poller watches.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    init(_ descriptor: consuming FileDescriptor) throws(SystemError) {
        let number = descriptor.rawValue
        self.descriptor = descriptor
        var found = ipop_credentials()
        try SystemCall.shim("getsockopt SO_PEERCRED") { ipop_local_peer(number, &found) }
        peer = PeerCredentials(process: found.process, user: found.user, group: found.group)
    }

    /// Reads what there is, at most `limit` bytes.
    package func read(limit: Int = 65_536) throws(SystemError) -> ControlReadResult {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var result: Int
            repeat {
                result = Glibc.read(descriptor.rawValue, buffer.baseAddress, limit)
            } while result < 0
                && errno == EINTR
            if result < 0 { failure = errno }
            count = max(0, result)
        }
        switch failure {
        case 0: return bytes.isEmpty ? .closed : .bytes(bytes)
        case EAGAIN: return .wouldBlock
        case ECONNRESET: return .closed
        default: throw SystemCall.failure("read", failure)
        }
    }

    /// Writes as much of `bytes` as there is room for and returns how much that was; 0 means wait for `.writable`.
    /// EPIPE when the client has gone.
    package func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        if bytes.isEmpty { return 0 }
        while true {
            let sent = bytes.withUnsafeBytes { ipop_local_send(descriptor.rawValue, $0.baseAddress, $0.count) }
            if sent >= 0 { return sent }
            switch Int32(-sent) {
            case EINTR: continue
            case EAGAIN: return 0
            case let number: throw SystemCall.failure("send", number)
            }
        }
    }

    /// Writes as much of `bytes` as there is room for and returns how much that was; 0 means wait for `.writable`.
    package func write(_ bytes: [UInt8]) throws(SystemError) -> Int {
        try write(bytes[...])
    }
}
