import ControlProtocol
import Foundation
import Testing

/// The built `ipop-sim`.
@Suite struct ProgramTests {
    @Test func `two processes with one seed tell one digest`() throws {
        let first = try SimulatorProcess.run(["--members", "4", "--seed", "7", "--json"])
        let second = try SimulatorProcess.run(["--members", "4", "--seed", "7", "--json"])
        let digest = try #require(try JSONValue(parsing: first.output).member("digest"))
        #expect(digest == (try JSONValue(parsing: second.output)).member("digest"))
        #expect(first.exitCode == 0 && second.exitCode == 0)
        let other = try SimulatorProcess.run(["--members", "4", "--seed", "8", "--json"])
        #expect(digest != (try JSONValue(parsing: other.output)).member("digest"))
    }

    @Test func `its JSON has every key`() throws {
        let answer = try SimulatorProcess.run(["--members", "3", "--json"])
        let json = try JSONValue(parsing: answer.output)
        for key in [
            "schema", "members", "converged", "hopsMean", "hops99", "joinSecondsMedian", "repairSeconds", "conflicts",
            "idleBitsPerSecond", "digest", "wallSeconds", "peakBytes", "seed", "scenario", "announcers",
            "reachablePerMille", "eventCount", "virtualSeconds", "processorSeconds", "leasesWanted", "leasesHeld",
            "sessionsMean", "sessionsMost", "hostsWanted", "hostsHeld", "hostConflicts", "hostGapSeconds",
        ] {
            #expect(json.member(key) != nil, "\(key)")
        }
        #expect(json.member("members") == .integer(3) && json.member("converged") == .bool(true))
        guard case .integer(let bytes)? = json.member("peakBytes") else {
            Issue.record("peakBytes is no number")
            return
        }
        #expect(bytes > 1_000_000)
    }

    @Test func `README's command plays to its end`() throws {
        let page = try String(
            contentsOf: ScenarioFiles.folder.deletingLastPathComponent().appending(path: "README.md"), encoding: .utf8)
        let command = try #require(page.split(separator: "`").first { $0.contains("ipop-sim --members") })
        let arguments = command.split(separator: " ").drop { $0 != "ipop-sim" }.dropFirst().map(String.init)
        let answer = try SimulatorProcess.run(arguments)
        #expect(answer.exitCode == 0, "\(answer.errors)")
        #expect(answer.output.contains("conflicts    0"))
    }

    @Test(arguments: [["--members", "0"], ["--members", "x"], ["--colour"], ["--scenario", "/nowhere"]])
    func `bad usage ends with 2`(arguments: [String]) throws {
        let answer = try SimulatorProcess.run(arguments)
        #expect(answer.exitCode == 2)
        #expect(answer.errors.contains("ipop-sim: ") && answer.output.isEmpty)
    }

    @Test func `a broken expectation ends with 1 and tells how to repeat it`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).scenario").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try "members 3\njoin all within 1s\npartition half\nrun 30s\nexpect reachable 99%\n"
            .write(toFile: file, atomically: false, encoding: .utf8)
        let answer = try SimulatorProcess.run(["--seed", "4", "--scenario", file])
        #expect(answer.exitCode == 1)
        #expect(answer.errors.contains("\(file):5: expectation broken at "))
        #expect(answer.errors.contains("to repeat it: ipop-sim --seed 4 --scenario \(file)"))

        try "members 3\nkill everybody\n".write(toFile: file, atomically: false, encoding: .utf8)
        let malformed = try SimulatorProcess.run(["--scenario", file])
        #expect(malformed.exitCode == 2 && malformed.errors.contains("\(file):2:6: expected "))
    }
}

/// One run of `ipop-sim`.
struct SimulatorProcess {
    let exitCode: Int32
    let output: String
    let errors: String

    static func run(_ arguments: [String]) throws -> SimulatorProcess {
        let process = Process()
        // The programs stand beside the test's own.
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: "ipop-sim")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // What it writes is far less than a pipe holds.
        process.waitUntilExit()
        return SimulatorProcess(
            exitCode: process.terminationStatus,
            output: String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self),
            errors: String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }
}

extension JSONValue {
    fileprivate func member(_ key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }
}
