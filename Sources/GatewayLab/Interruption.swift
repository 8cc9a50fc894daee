import Glibc
import Synchronization

/// Ctrl-C and friends as a flag that every wait in the lab looks at, so that a lab is always taken down by the code
/// that put it up.
package enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// Turns SIGINT, SIGTERM and SIGHUP into `isRequested` for the rest of this process's life.
    package static func listen() {
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in Interruption.requested.store(true, ordering: .relaxed) }
            // Without SA_RESTART a blocked poll returns at once.
            action.sa_flags = 0
            sigaction(signal, &action, nil)
        }
    }

    /// Whether somebody has asked this process to end.
    package static var isRequested: Bool { requested.load(ordering: .relaxed) }
}

/// The C library's words for an error number.
func systemErrorText(_ number: Int32) -> String {
    String(cString: strerror(number))
}
