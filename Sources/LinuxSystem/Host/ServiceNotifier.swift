import CLinuxShims
import Glibc

/// Tells the service manager how the daemon fares: the protocol of sd_notify(3), without the library.
///
/// Outside systemd every call does nothing.
package final class ServiceNotifier {
    /// Where the manager listens: a path, or an abstract name with a leading `@`; `nil` when nobody does.
    private let socketPath: String?
    /// How often `watchdog()` must be called at the latest, or the manager kills the service (WATCHDOG_USEC). Call it
    /// twice as often. `nil` when no watchdog is on.
    package let watchdogInterval: Duration?

    /// Whether a manager listens.
    package var isActive: Bool { socketPath != nil }

    package init(socketPath: String?, watchdogInterval: Duration? = nil) {
        self.socketPath = socketPath
        self.watchdogInterval = watchdogInterval
    }

    /// What the environment of this process says (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID).
    package convenience init() {
        self.init(environment: { name in getenv(name).map { String(cString: $0) } }, process: getpid())
    }

    convenience init(environment: (String) -> String?, process: Int32) {
        let path = environment("NOTIFY_SOCKET").flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        var interval: Duration?
        if let text = environment("WATCHDOG_USEC"), let microseconds = Int64(text), microseconds > 0 {
            // The watchdog may be meant for another process of the service.
            let meant = environment("WATCHDOG_PID").map { Int32($0) == process } ?? true
            if meant { interval = .microseconds(microseconds) }
        }
        self.init(socketPath: path, watchdogInterval: interval)
    }

    /// The service is up, or done reloading.
    package func ready() throws(SystemError) { try send("READY=1") }

    /// The service begins to read its configuration again; `ready()` ends it.
    package func reloading() throws(SystemError) {
        try send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.read(CLOCK_MONOTONIC) / 1_000)")
    }

    /// One line for people, as `systemctl status` shows it.
    package func status(_ text: String) throws(SystemError) {
        // A line break would begin another field.
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " ")
        try send("STATUS=\(line)")
    }

    /// The service begins to stop.
    package func stopping() throws(SystemError) { try send("STOPPING=1") }

    /// The service is alive.
    package func watchdog() throws(SystemError) { try send("WATCHDOG=1") }

    private func send(_ fields: String) throws(SystemError) {
        guard let socketPath else { return }
        let bytes = Array(fields.utf8)
        try SystemCall.shim("sd_notify", socketPath) { ipop_local_notify(socketPath, bytes, bytes.count) }
    }
}
