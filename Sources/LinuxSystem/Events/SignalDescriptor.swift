import CLinuxShims
import Glibc

/// A request from outside that comes as a signal.
package enum Signal: Sendable, Hashable {
    /// SIGTERM: stop, as systemd asks.
    case terminate
    /// SIGINT: stop, as a terminal asks.
    case interrupt
    /// SIGHUP: read the configuration again.
    case hangUp
}

/// SIGTERM, SIGINT and SIGHUP as something to read (signalfd).
package final class SignalDescriptor {
    private let descriptor: FileDescriptor

    /// What the poller watches for `.readable`.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    /// Blocks the three signals in the calling thread and in all that it starts later. Open it first thing in the main
    /// thread: a thread that does not block them would still be ended by them.
    package init() throws(SystemError) {
        let numbers: [Int32] = [SIGTERM, SIGINT, SIGHUP, 0]
        descriptor = FileDescriptor(adopting: try SystemCall.shim("signalfd") { ipop_signal_open(numbers) })
    }

    /// The next signal that has arrived; `nil` when there is none.
    package func next() throws(SystemError) -> Signal? {
        while true {
            switch ipop_signal_read(descriptor.rawValue) {
            case SIGTERM: return .terminate
            case SIGINT: return .interrupt
            case SIGHUP: return .hangUp
            case -EAGAIN: return nil
            case -EINTR: continue
            case let other where other < 0: throw SystemCall.failure("read signalfd", -other)
            default: continue
            }
        }
    }
}
