import NetworkTypes
import OrderedCollections

/// When the first of the handshakes wants to be looked at.
struct RunDeadlines {
    /// Of those that run.
    private(set) var running: Instant?
    /// Of those that linger, which wake nobody: they go with whatever is due after that.
    private var lingering: Instant?

    init() {}

    init(_ runs: OrderedDictionary<Endpoint, HandshakeRun>.Values) {
        for index in runs.indices {
            let deadline = runs[index].nextDeadline
            if runs[index].isFinished {
                lingering = min(lingering ?? deadline, deadline)
            } else {
                running = min(running ?? deadline, deadline)
            }
        }
    }

    func isAnyDue(at now: Instant) -> Bool {
        running.map { $0 <= now } ?? false || lingering.map { $0 <= now } ?? false
    }
}
