import ControlProtocol
import Foundation
import Testing

/// One run of the built `ipop`.
struct IpopRun {
    let status: Int32
    let output: String
    let errors: String

    /// The document on standard output.
    var document: JSONValue {
        get throws { try JSONValue(parsing: String(output.dropLast(output.hasSuffix("\n") ? 1 : 0))) }
    }

    /// Runs `ipop` to its end. `wrapper` is a command that runs it, such as setpriv(1).
    static func run(_ arguments: String..., wrapper: [String] = []) throws -> IpopRun {
        let running = try RunningIpop(arguments, wrapper: wrapper)
        return running.end()
    }

    /// The built program, beside this test's.
    static var program: String {
        get throws {
            var places = [(try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""]
            places += CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
            let found = places.map { URL(filePath: $0).deletingLastPathComponent().appending(path: "ipop").path }
                .first { FileManager.default.isExecutableFile(atPath: $0) }
            return try #require(found, "ipop is not built beside the tests")
        }
    }
}

/// A running `ipop`.
final class RunningIpop {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()
    private var read = Data()

    init(_ arguments: [String], wrapper: [String] = []) throws {
        let command = wrapper + [try IpopRun.program] + arguments
        process.executableURL = URL(filePath: wrapper.isEmpty ? command[0] : "/usr/bin/env")
        process.arguments = wrapper.isEmpty ? arguments : command
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try Self.withOpenSignals { try process.run() }
    }

    /// The tests' threads block signals, and a new process would inherit that.
    private static func withOpenSignals(_ body: () throws -> Void) rethrows {
        var signals = sigset_t()
        var before = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_UNBLOCK, &signals, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    /// The next bytes of standard output, up to and with `count` line breaks in all.
    func readLines(_ count: Int) -> [String] {
        while read.count(where: { $0 == UInt8(ascii: "\n") }) < count {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            read += data
        }
        return String(decoding: read, as: UTF8.self).split(separator: "\n").prefix(count).map(String.init)
    }

    /// Sends a signal to it.
    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end.
    func end() -> IpopRun {
        let errorReader = errors.fileHandleForReading
        // Nothing here writes more to standard error than a pipe holds.
        read += output.fileHandleForReading.readDataToEndOfFile()
        let errorText = errorReader.readDataToEndOfFile()
        process.waitUntilExit()
        return IpopRun(
            status: process.terminationStatus, output: String(decoding: read, as: UTF8.self),
            errors: String(decoding: errorText, as: UTF8.self))
    }
}
