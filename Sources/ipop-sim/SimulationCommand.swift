import ArgumentParser
import ControlProtocol
import Glibc
import LinuxSystem
import NetworkTypes
import SimulationKit

/// `ipop-sim`: a whole grid of gateways in one process and in virtual time.
struct SimulationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipop-sim",
        abstract: "Play a scenario on a grid of simulated IPOP gateways",
        discussion: """
            Every member is the very core that runs in `ipopd`; clock, network and keys are virtual, so that what \
            happens follows from the seed alone. Without --scenario all members join, take leases, a tenth churns, the \
            grid is parted and merges, and ten pairs a member are routed. docs/simulation.md describes the language \
            of scenarios.

            Exit codes: 0 all expectations held, 1 an expectation or an invariant was broken, 2 usage error or a \
            scenario that cannot be read.
            """,
        version: "ipop-sim \(ProgramVersion.text)")

    @Option(name: .customLong("members"), help: "Members of the grid (default: what the scenario says, or 100).")
    var memberCount: Int?

    @Option(help: "Everything that happens follows from this number.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("What happens (default: the built-in scenario).", valueName: "file"))
    var scenario: String?

    @Flag(help: "Print JSON (schema 1).")
    var json = false

    @Flag(help: "Tell each line of the scenario on standard error when it is played.")
    var verbose = false

    func validate() throws {
        if let memberCount, !(1...ScenarioLimits.members).contains(memberCount) {
            throw ValidationError("--members takes a number from 1 to \(ScenarioLimits.members)")
        }
    }

    func run() throws {
        let scenario = try readScenario()
        let clock = ContinuousClock()
        let begin = clock.now
        let simulation = ScenarioRun(scenario, members: memberCount, seed: seed)
        let report = simulation.play { step, time in
            guard verbose else { return }
            let seconds = FixedPoint.text(time.wholeMicroseconds / 1_000, decimals: 3)
            Output.printError("\(seconds) s, \(Output.text(clock.now - begin)) s of real time: \(step.text)")
        }
        let finding = SimulationFinding(
            report: report, wallTime: clock.now - begin, processorTime: ProcessFacts.processorTime,
            peakByteCount: ProcessFacts.peakByteCount)
        print(json ? finding.json.pretty : finding.text)
        guard let violation = report.violation else { return }
        Output.printError("\(place(report))\(violation)")
        Output.printError("seed \(seed); to repeat it: \(command)")
        throw ExitCode(1)
    }

    private func readScenario() throws -> Scenario {
        guard let path = scenario else { return .standard }
        do {
            let bytes = try FileSystem.read(path)
            return try Scenario(reading: String(decoding: bytes, as: UTF8.self), file: path)
        } catch {
            Output.printError("\(error)")
            throw ExitCode(2)
        }
    }

    private func place(_ report: SimulationReport) -> String {
        report.line.map { "\(report.scenario):\($0): " } ?? ""
    }

    /// What was asked for, with everything that the default might change.
    private var command: String {
        var words = ["ipop-sim"]
        if let memberCount { words += ["--members", String(memberCount)] }
        words += ["--seed", String(seed)]
        if let scenario { words += ["--scenario", scenario] }
        return words.joined(separator: " ")
    }

    /// Runs what `arguments` say, without the program's name, and returns the exit code.
    static func run(_ arguments: [String]) -> Int32 {
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
            return 0
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code.isSuccess {
                if !message.isEmpty { print(message) }
                return 0
            }
            if !message.isEmpty { Output.printError(message) }
            // The parser's own code for a usage error is 64 (EX_USAGE); ours is 2.
            return code == .validationFailure ? 2 : code.rawValue
        }
    }
}

/// What the program writes beside its result.
enum Output {
    /// Writes `ipop-sim: text` to standard error. What cannot be written is lost.
    static func printError(_ text: String) {
        var bytes = Array("ipop-sim: \(text)\n".utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Seconds with two decimals.
    static func text(_ duration: Duration) -> String {
        FixedPoint.text(duration.wholeMicroseconds / 10_000, decimals: 2)
    }
}

/// What the kernel says of this process.
enum ProcessFacts {
    /// What it has used of a processor (getrusage(2)): other programs on the machine lengthen this less than the real
    /// time.
    static var processorTime: Duration {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(.zero) {
            $0 + .seconds(Int64($1.tv_sec)) + .microseconds(Int64($1.tv_usec))
        }
    }

    /// The most memory that was ever resident (`VmHWM` of proc(5)); `nil` when the kernel does not say.
    static var peakByteCount: Int? {
        guard let bytes = try? FileSystem.read("/proc/self/status") else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("VmHWM:") {
            return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1_024 }
        }
        return nil
    }
}
