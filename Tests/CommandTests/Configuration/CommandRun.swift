import ControlProtocol
import Foundation
import Testing

/// The built `ipop`, run as an operator would, in a directory of its own that is removed at the end of the test.
final class CommandRun {
    let directory: String

    /// What a run left.
    struct Answer {
        let exitCode: Int32
        let output: String
        let errors: String

        /// The output as JSON.
        func json() throws -> JSONValue { try JSONValue(parsing: output) }
    }

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "ipop-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        directory = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Runs `ipop` with arguments split at blanks, in the directory.
    @discardableResult
    func ipop(_ arguments: String, _ more: String...) throws -> Answer {
        try run(Self.program, arguments.split(separator: " ").map(String.init) + more)
    }

    /// Runs `ipop` and expects it to be done.
    @discardableResult
    func require(
        _ arguments: String, _ location: SourceLocation = #_sourceLocation
    ) throws -> Answer {
        let answer = try ipop(arguments)
        try #require(answer.exitCode == 0, "\(arguments): \(answer.errors)", sourceLocation: location)
        return answer
    }

    /// Runs any program with the directory as its own.
    func run(_ program: String, _ arguments: [String]) throws -> Answer {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory)
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: nothing has to be read while the program runs, however much it writes.
        let output = path(".output-\(UUID().uuidString)")
        let errors = output + "-errors"
        for file in [output, errors] { try Data().write(to: URL(filePath: file)) }
        defer { for file in [output, errors] { try? FileManager.default.removeItem(atPath: file) } }
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        try process.run()
        process.waitUntilExit()
        return Answer(
            exitCode: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    func path(_ name: String) -> String { directory + "/" + name }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func read(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
    }

    /// Replaces the first occurrence; the text must be there.
    func edit(_ name: String, _ old: String, _ new: String) throws {
        let text = try read(name)
        try #require(text.contains(old), "\(name) has no '\(old)'")
        try write(name, text.replacing(old, with: new, maxReplacements: 1))
    }

    /// A file's permission bits.
    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path(name))
        return try #require(attributes[.posixPermissions] as? Int)
    }

    func setMode(_ name: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
    }

    /// `ipop` stands beside the test bundle.
    static let program: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: bundle).deletingLastPathComponent().appending(path: "ipop").path
    }()
}

extension CommandRun {
    /// A grid `physics` in `ca/`, and a bundle `lsu.ipop` for the site `lsu` with `subnets`.
    static func withBundle(subnets: String = "198.51.100.0/24") throws -> CommandRun {
        let run = try CommandRun()
        try run.require("grid create physics --pool 10.128.0.0/9 --out ca")
        try run.require("cert issue lsu --ca ca --subnet \(subnets) --bootstrap gw.example:7867 --out lsu.ipop")
        return run
    }

    /// The same, joined in `etc/` with the loopback interface as its LAN, which every host has.
    static func joined(subnets: String = "198.51.100.0/24") throws -> CommandRun {
        let run = try withBundle(subnets: subnets)
        try run.require("join lsu.ipop --lan lo --config-dir etc")
        return run
    }
}
