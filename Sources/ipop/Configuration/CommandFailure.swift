import LinuxSystem

/// What a command's exit code tells. The same for all commands.
enum ExitStatus: Int32 {
    /// Healthy, or done.
    case done = 0
    /// Works, but not as it should: drift, a site down, a certificate with under 14 days left.
    case degraded = 1
    /// The command line or the configuration is wrong.
    case usage = 2
    /// The daemon does not run.
    case notRunning = 3
    case permission = 4
}

/// Why a command ends without having done its work: what, where and what to do, for standard error.
struct CommandFailure: Error, Equatable {
    let text: String
    let status: ExitStatus

    init(_ text: String, _ status: ExitStatus = .usage) {
        self.text = text
        self.status = status
    }

    /// A system call that failed while `purpose` ("write the bundle") was tried.
    init(_ purpose: String, _ error: SystemError) {
        let place = error.subject.map { " \($0)" } ?? ""
        if error.meansNoPermission {
            self.init("cannot \(purpose)\(place): \(error.reason); run this as root (sudo)", .permission)
        } else {
            self.init("cannot \(purpose)\(place): \(error.reason)")
        }
    }
}
