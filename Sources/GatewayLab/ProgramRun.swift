import Glibc

/// What a program left behind when it ended.
package struct ProgramResult: Sendable {
    /// The exit code, or 128 and the signal's number when a signal ended it, as shells count.
    package let status: Int32
    package let output: String
    package let errors: String

    /// Whether it ended with 0.
    package var succeeded: Bool { status == 0 }
    /// Both streams, for a message to a person.
    package var everything: String {
        var lines = (errors.split(separator: "\n") + output.split(separator: "\n"))[...]
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }
}

/// Runs other programs to their end, each in a session of its own and under a time limit.
package enum ProgramRun {
    /// What fits a socket's buffer, so that all of it is written before the program starts.
    static let inputLimit = 60_000
    /// Longer output is that of a program gone wild; the rest is dropped.
    static let outputLimit = 16_000_000
    /// How long a wait goes on before it looks at the clock, the child and `Interruption`.
    static let slice: Int32 = 50

    /// Runs a program and waits for its end.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked up by `ProgramPath.find`, and its arguments.
    ///   - environment: added to this process's own.
    ///   - input: what it reads on its standard input, at most `inputLimit` bytes.
    ///   - timeLimit: seconds after which it and its children are killed and `timedOut` is thrown.
    ///   - interruptible: whether `Interruption` ends it; taking down a lab is not.
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = "", timeLimit: Double = 30,
        interruptible: Bool = true
    ) throws(LabError) -> ProgramResult {
        let command = arguments.joined(separator: " ")
        precondition(input.utf8.count <= inputLimit, "the input of a lab command is a short script")
        let inputs = try Channel(), outputs = try Channel(), errors = try Channel()
        inputs.writeAll(input)
        let child = try Spawning.start(
            arguments, environment: environment, input: inputs.theirs, output: outputs.theirs, errors: errors.theirs)
        for channel in [inputs, outputs, errors] { channel.closeTheirs() }
        var reading = Reading(output: outputs.ours, errors: errors.ours)
        let watch = Stopwatch()
        while true {
            let isOpen = reading.step(milliseconds: slice)
            if let status = Spawning.reap(child) {
                while reading.step(milliseconds: 0) && reading.gotSome {}
                return ProgramResult(status: status, output: reading.outputText, errors: reading.errorText)
            }
            // Both streams are closed and the program has not ended: nothing to poll for but its end.
            if !isOpen { usleep(2_000) }
            let interrupted = interruptible && Interruption.isRequested
            guard interrupted || watch.seconds > timeLimit else { continue }
            kill(-child, SIGKILL)
            while Spawning.reap(child) == nil { usleep(1_000) }
            if interrupted { throw .interrupted }
            throw .timedOut(what: "`\(command)`", seconds: timeLimit)
        }
    }

    /// Runs a program and throws `commandFailed` unless it ends with 0. Returns its output.
    @discardableResult
    package static func require(
        _ arguments: [String], environment: [String: String] = [:], input: String = "", timeLimit: Double = 30,
        interruptible: Bool = true
    ) throws(LabError) -> String {
        let result = try run(
            arguments, environment: environment, input: input, timeLimit: timeLimit, interruptible: interruptible)
        guard result.succeeded else {
            throw .commandFailed(
                command: arguments.joined(separator: " "), status: result.status, output: result.everything)
        }
        return result.output
    }
}

/// A pair of connected sockets in place of a pipe: `socketpair` closes on `exec` from the start, where `pipe` would
/// leave a moment in which another thread's child inherits an end.
private final class Channel {
    let ours: Int32
    private(set) var theirs: Int32

    init() throws(LabError) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw .cannotStart(command: "socketpair", errno: errno) }
        (ours, theirs) = (ends[0], ends[1])
    }

    deinit {
        closeTheirs()
        close(ours)
    }

    /// Writes the whole of what the other end will ever read.
    func writeAll(_ text: String) {
        let bytes = Array(text.utf8)
        if !bytes.isEmpty { _ = write(ours, bytes, bytes.count) }
        shutdown(ours, Int32(SHUT_WR))
    }

    func closeTheirs() {
        if theirs >= 0 { close(theirs) }
        theirs = -1
    }
}

/// Both output streams of a running program, read as they come.
private struct Reading {
    private var streams: [pollfd]
    private var texts: [[UInt8]] = [[], []]
    /// Whether the last step read anything.
    private(set) var gotSome = false

    init(output: Int32, errors: Int32) {
        streams = [output, errors].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }

    var outputText: String { String(decoding: texts[0], as: UTF8.self) }
    var errorText: String { String(decoding: texts[1], as: UTF8.self) }

    /// Waits for at most the given time for output and takes what is there; false when both streams have ended.
    mutating func step(milliseconds: Int32) -> Bool {
        gotSome = false
        guard streams.contains(where: { $0.fd >= 0 }) else { return false }
        guard poll(&streams, 2, milliseconds) > 0 else { return true }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        for index in streams.indices where streams[index].revents != 0 {
            let count = read(streams[index].fd, &buffer, buffer.count)
            if count > 0 {
                gotSome = true
                if texts[index].count < ProgramRun.outputLimit { texts[index] += buffer[..<count] }
            } else if count == 0 || errno != EINTR {
                streams[index].fd = -1
            }
        }
        return true
    }
}
