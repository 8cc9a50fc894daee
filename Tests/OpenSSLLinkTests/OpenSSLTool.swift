import Foundation

/// A directory of its own for one test's files, removed at the end of the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("openssl-link-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        return file
    }
}

/// The `openssl` program, as an operator would use it on our files.
enum OpenSSLTool {
    struct Answer {
        var text: String
        var exitCode: Int32
    }

    /// Runs to the end and returns everything it printed.
    static func run(_ arguments: [String]) throws -> Answer {
        let process = make(arguments)
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Answer(text: String(decoding: bytes, as: UTF8.self), exitCode: process.terminationStatus)
    }

    /// The program with these arguments, not yet started.
    static func make(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        return process
    }
}

/// The `openssl` program in the background, with input that it has been given and may go on to wait for more.
final class RunningTool {
    private let process: Process
    private let input = Pipe()
    private let outputFile: String
    private let directory: TemporaryDirectory

    init(_ arguments: [String], input bytes: [UInt8], environment: [String: String] = [:]) throws {
        directory = try TemporaryDirectory()
        outputFile = try directory.write("output", "")
        process = OpenSSLTool.make(arguments)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        // A file, so that the program never waits for its reader.
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: outputFile))
        process.standardOutput = output
        process.standardError = output
        // Writing to a program that has gone already must not end the tests; its exit code tells.
        signal(SIGPIPE, SIG_IGN)
        try process.run()
        try? input.fileHandleForWriting.write(contentsOf: Data(bytes))
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// Ends its input, on which it ends too, and returns what it has printed.
    func finish() -> OpenSSLTool.Answer {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        let text = FileManager.default.contents(atPath: outputFile).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return OpenSSLTool.Answer(text: text, exitCode: process.terminationStatus)
    }
}
