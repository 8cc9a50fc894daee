import Glibc

/// A background process of a lab, known by its id and the moment it started, so that an id that the kernel has given
/// to somebody else is never signalled.
package struct RecordedProcess: Hashable, Sendable {
    /// What it is in the lab: `ipopd ufl`.
    package let role: String
    package let pid: Int32
    /// Field 22 of /proc/PID/stat: clock ticks since boot.
    package let startTicks: UInt64

    /// A process that somebody has noted.
    package init(role: String, pid: Int32, startTicks: UInt64) {
        self.role = role
        self.pid = pid
        self.startTicks = startTicks
    }

    /// Starts a program whose output is appended to a file and which outlives this process.
    static func start(
        _ arguments: [String], role: String, environment: [String: String], log: String
    ) throws(LabError) -> RecordedProcess {
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer {
            close(input)
            close(output)
        }
        guard input >= 0, output >= 0 else { throw .file(path: log, reason: systemErrorText(errno)) }
        let pid = try Spawning.start(arguments, environment: environment, input: input, output: output, errors: output)
        // A child that has ended stays a zombie until it is reaped, so its entry is there even when it ended at once.
        guard let stat = ProcessStat(pid: pid) else {
            throw .cannotStart(command: arguments.joined(separator: " "), errno: ESRCH)
        }
        return RecordedProcess(role: role, pid: pid, startTicks: stat.startTicks)
    }

    /// Whether the very process that was recorded still runs; a zombie does not.
    package var isRunning: Bool {
        // Reaps it when it is a child of this process; of another lab process's children init takes care.
        _ = Spawning.reap(pid)
        guard let stat = ProcessStat(pid: pid) else { return false }
        return stat.startTicks == startTicks && stat.state != "Z" && stat.state != "X"
    }

    /// Sends a signal, if it still runs.
    package func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }

    /// Waits for its end; false when it still runs after the given seconds.
    package func waitForEnd(timeLimit: Double) -> Bool {
        let watch = Stopwatch()
        while isRunning {
            if watch.seconds > timeLimit { return false }
            usleep(10_000)
        }
        return true
    }

    /// Asks it to end, and kills it when it has not after the given seconds. True when it ended by itself.
    @discardableResult
    package func stop(timeLimit: Double = 5) -> Bool {
        signal(SIGTERM)
        if waitForEnd(timeLimit: timeLimit) { return true }
        signal(SIGKILL)
        _ = waitForEnd(timeLimit: timeLimit)
        return false
    }
}

/// What /proc/PID/stat tells of a process.
private struct ProcessStat {
    let state: Character
    let startTicks: UInt64

    init?(pid: Int32) {
        guard let text = Files.read("/proc/\(pid)/stat") else { return nil }
        // The second field is the command in parentheses and may itself hold blanks and parentheses.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let ticks = UInt64(fields[19]) else { return nil }
        self.state = state
        startTicks = ticks
    }
}
