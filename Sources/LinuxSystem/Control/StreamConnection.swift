import CLinuxShims
import Glibc

/// What a read from a connection brought.
package enum StreamReadResult: Equatable, Sendable {
    /// At least one byte.
    case bytes([UInt8])
    case wouldBlock
    /// The client has closed its end.
    case closed
}

/// One end of a byte stream, non-blocking. Closed when the object goes.
package final class StreamConnection {
    private let descriptor: FileDescriptor

    /// What the poller watches.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Reads what there is, at most `limit` bytes.
    package func read(limit: Int = 65_536) throws(SystemError) -> StreamReadResult {
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

    /// Tells the other end that nothing more comes; what it sends can still be read.
    package func endWriting() { _ = shutdown(descriptor.rawValue, Int32(SHUT_WR)) }
}
