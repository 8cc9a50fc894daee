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

/// A program to run, and what it is run with.
package struct ProgramCall: Sendable {
    /// The program, looked up by `ProgramPath.find`, and its arguments.
    package let arguments: [String]
    /// Added to this process's own environment.
    package let environment: [String: String]
    /// What it reads on its standard input, at most `ProgramRun.inputLimit` bytes.
    package let input: String
    /// Seconds after which it and its children are killed.
    package let timeLimit: Double

    /// A call with nothing more than what is said.
    package init(
        arguments: [String], environment: [String: String] = [:], input: String = "", timeLimit: Double = 30
    ) {
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.timeLimit = timeLimit
    }

    /// The call as a person would type it.
    var words: String { arguments.joined(separator: " ") }
}

/// Runs other programs to their end, each in a session of its own and under a time limit.
package enum ProgramRun {
    /// What fits a socket's buffer, so that all of it is written before the program starts.
    static let inputLimit = 60_000
    /// Longer output is that of a program gone wild; the rest is dropped.
    static let outputLimit = 16_000_000
    /// How long a wait goes on before it looks at the clock, the children and `Interruption`, in milliseconds.
    static let slice: Int32 = 50
    /// How many programs run side by side: short ones, which wait for the kernel as much as they compute.
    package static let atOnceLimit = 8

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
        let call = ProgramCall(arguments: arguments, environment: environment, input: input, timeLimit: timeLimit)
        return try run([call], interruptible: interruptible)[0]
    }

    /// Runs a program and throws `commandFailed` unless it ends with 0. Returns its output.
    @discardableResult
    package static func require(
        _ arguments: [String], environment: [String: String] = [:], input: String = "", timeLimit: Double = 30,
        interruptible: Bool = true
    ) throws(LabError) -> String {
        let call = ProgramCall(arguments: arguments, environment: environment, input: input, timeLimit: timeLimit)
        return try require([call], interruptible: interruptible)[0]
    }

    /// Runs programs side by side, at most `atOnce` at a time and in the order given, and waits for the end of all.
    ///
    /// When one takes too long or cannot be started, the others are killed and the error is thrown.
    ///
    /// - Returns: the results in the order of the calls.
    package static func run(
        _ calls: [ProgramCall], atOnce: Int = atOnceLimit, interruptible: Bool = true
    ) throws(LabError) -> [ProgramResult] {
        var waiting = calls.enumerated().reversed() as [(offset: Int, element: ProgramCall)]
        var running: [RunningProgram] = []
        var results = [ProgramResult?](repeating: nil, count: calls.count)
        do throws(LabError) {
            while !(waiting.isEmpty && running.isEmpty) {
                while running.count < atOnce, let (index, call) = waiting.popLast() {
                    running.append(try RunningProgram(call, index: index))
                }
                RunningProgram.awaitOutput(&running)
                for index in running.indices.reversed() {
                    guard let result = try running[index].finished() else { continue }
                    results[running.remove(at: index).index] = result
                }
                if interruptible && Interruption.isRequested && !running.isEmpty { throw .interrupted }
            }
        } catch {
            for program in running { program.kill() }
            throw error
        }
        return results.map { $0! }
    }

    /// Runs programs side by side, as `run` does, and throws `commandFailed` for the first of the calls that did not
    /// end with 0. Returns their outputs.
    @discardableResult
    package static func require(
        _ calls: [ProgramCall], atOnce: Int = atOnceLimit, interruptible: Bool = true
    ) throws(LabError) -> [String] {
        let results = try run(calls, atOnce: atOnce, interruptible: interruptible)
        for (call, result) in zip(calls, results) where !result.succeeded {
            throw .commandFailed(command: call.words, status: result.status, output: result.everything)
        }
        return results.map(\.output)
    }
}

/// A program that has been started, with what it has printed so far.
private struct RunningProgram {
    /// Its place among the calls.
    let index: Int
    private let call: ProgramCall
    private let child: pid_t
    private let outputs: Channel
    private let errors: Channel
    private var texts: [[UInt8]] = [[], []]
    private var isOpen = [true, true]
    private let watch = Stopwatch()

    init(_ call: ProgramCall, index: Int) throws(LabError) {
        precondition(call.input.utf8.count <= ProgramRun.inputLimit, "the input of a lab command is a short script")
        let inputs = try Channel()
        outputs = try Channel()
        errors = try Channel()
        inputs.writeAll(call.input)
        child = try Spawning.start(
            call.arguments, environment: call.environment, input: inputs.theirs, output: outputs.theirs,
            errors: errors.theirs)
        for channel in [inputs, outputs, errors] { channel.closeTheirs() }
        self.call = call
        self.index = index
    }

    /// Waits a slice of time for output of any of the programs and takes what is there.
    static func awaitOutput(_ programs: inout [RunningProgram]) {
        var streams = programs.flatMap(\.streams)
        // Where both streams are closed and the program has not ended there is nothing to poll for but its end.
        let slice = programs.contains { !$0.isOpen[0] && !$0.isOpen[1] } ? 2 : ProgramRun.slice
        guard poll(&streams, nfds_t(streams.count), slice) > 0 else { return }
        for (place, stream) in streams.enumerated() where stream.revents != 0 {
            programs[place / 2].read(stream: place % 2)
        }
    }

    /// Its result once it has ended; nil while it runs within its time.
    mutating func finished() throws(LabError) -> ProgramResult? {
        if let status = Spawning.reap(child) {
            takeRest()
            return ProgramResult(status: status, output: text(0), errors: text(1))
        }
        guard watch.seconds > call.timeLimit else { return nil }
        throw .timedOut(what: "`\(call.words)`", seconds: call.timeLimit)
    }

    /// Ends it and its children.
    func kill() {
        Glibc.kill(-child, SIGKILL)
        while Spawning.reap(child) == nil { usleep(1_000) }
    }

    private var streams: [pollfd] {
        [
            pollfd(fd: isOpen[0] ? outputs.ours : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isOpen[1] ? errors.ours : -1, events: Int16(POLLIN), revents: 0),
        ]
    }

    private func text(_ stream: Int) -> String { String(decoding: texts[stream], as: UTF8.self) }

    /// Takes what a program that has ended left in its streams.
    private mutating func takeRest() {
        while true {
            var streams = streams
            guard isOpen[0] || isOpen[1], poll(&streams, 2, 0) > 0 else { return }
            for place in 0...1 where streams[place].revents != 0 { read(stream: place) }
        }
    }

    private mutating func read(stream: Int) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read((stream == 0 ? outputs : errors).ours, &buffer, buffer.count)
        if count > 0 {
            if texts[stream].count < ProgramRun.outputLimit { texts[stream] += buffer[..<count] }
        } else if count == 0 || errno != EINTR {
            isOpen[stream] = false
        }
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
