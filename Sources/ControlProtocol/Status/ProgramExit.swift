/// How `ipop` ends: the same for all commands.
package enum ProgramExit: Int32, Sendable, CaseIterable {
    /// Healthy, or done.
    case healthy = 0
    /// Drift, a site down, a certificate under 14 days; no answer to a ping; not in the grid in time.
    case degraded = 1
    /// A usage or configuration error.
    case usage = 2
    case daemonNotRunning = 3
    case permission = 4
}

/// Why there is no report of the daemon.
package enum DaemonAbsence: Error, Equatable, Sendable {
    case notRunning
    /// It is there and gave no whole answer in time.
    case notAnswering
    case permissionDenied

    /// How a command that needs the daemon ends.
    package var exit: ProgramExit {
        switch self {
        case .notRunning, .notAnswering: .daemonNotRunning
        case .permissionDenied: .permission
        }
    }

    /// The problem that it is.
    package var problem: Problem {
        switch self {
        case .notRunning: .daemonNotRunning()
        case .notAnswering: .daemonNotAnswering()
        case .permissionDenied: .daemonNotReadable()
        }
    }
}
