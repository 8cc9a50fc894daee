package import GatewayConfiguration

/// Why the daemon does not start, in words for the operator.
package enum StartupError: Error, CustomStringConvertible {
    /// The files have errors; each is said with file, line and column.
    case configuration([ConfigurationProblem])
    /// Something outside refused: the text says what, where and what to do.
    case system(String)
    /// The text says what could not be done for lack of permission.
    case permission(String)

    /// The exit code: 2 configuration, 4 permission, 1 anything else.
    package var exitCode: Int32 {
        switch self {
        case .configuration: 2
        case .permission: 4
        case .system: 1
        }
    }

    package var description: String {
        switch self {
        case .configuration(let problems):
            problems.filter { $0.severity == .error }.map(\.description).joined(separator: "\n")
        case .system(let text), .permission(let text):
            "ipopd: error: \(text)"
        }
    }
}
