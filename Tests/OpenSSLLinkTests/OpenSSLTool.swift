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
