import Foundation
import GatewayLab
import Testing

/// What strangers do to a gateway while a file crosses it.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0 --- strangers in the namespace `wan`
extension NetworkTests {
    @Suite(.serialized, .lab("hostile", sites: 2)) struct HostileTests {
        /// How strangers come.
        enum Attack: String, CaseIterable, CustomTestStringConvertible {
            case datagramHandshakes = "10,000 handshakes by DTLS with a certificate of nobody's"
            case streamHandshakes = "2,000 handshakes by TLS with a certificate of nobody's"
            case slowClients = "500 connections that say nothing"

            var testDescription: String { rawValue }
        }

        @Test(arguments: Attack.allCases)
        func `strangers cost a bounded amount of memory, and traffic goes on`(attack: Attack) throws {
            let lab = try Lab.ofSuite()
            try lab.waitForPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            let process = try #require(lab.gatewayProcess(lab.ufl))
            let calm = try stream()
            let before = try memory(process.pid)

            let (strangers, log) = try begin(attack)
            defer { strangers.stop() }
            let disturbed = try stream()
            let path = try lab.status(lab.ufl).site("lsu")?.path
            let isOver = attack == .slowClients || !strangers.isRunning
            if !isOver { try until("the strangers to end", timeLimit: 180) { !strangers.isRunning } }

            let grown = try memory(process.pid) - before
            report("\(attack.rawValue): a stream beside them, of the same alone", disturbed / calm, "")
            report("\(attack.rawValue): memory", Double(grown), "kB")
            if let expected = attack.refusals { #expect(lab.text(log) == "ready\n\(expected)\n") }
            #expect(grown < 20_000)
            #expect(process.isRunning)
            #expect(path == "direct-udp")
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }

        /// Bits a second of a file that crosses from ufl to lsu.
        private func stream() throws -> Double {
            let lab = try Lab.ofSuite()
            return try lab.iperf(
                [], bytes: 200_000_000, from: lab.ufl, to: lab.lsu, address: lab.lsu.hostAddress
            ).bitsPerSecond
        }

        private func begin(_ attack: Attack) throws -> (process: RecordedProcess, log: String) {
            let lab = try Lab.ofSuite()
            let target = [lab.ufl.wanAddress, "7867"]
            if attack == .slowClients {
                return try lab.startScript(Script.slowClients, target + ["500"], at: .wan, role: "slow clients")
            }
            let key = "\(lab.directory)/own.key", certificate = "\(lab.directory)/own.crt"
            try ProgramRun.require([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "1", "-subj", "/CN=mallory", "-keyout", key, "-out", certificate,
            ])
            let script = attack == .streamHandshakes ? Script.strangers : Script.datagramStrangers
            let count = String(attack.refusals ?? 0)
            return try lab.startScript(script, target + [certificate, key, count], at: .wan, role: "strangers")
        }

        /// Resident memory of a process, in kB.
        private func memory(_ process: Int32) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
            return try #require(Int(line.split(separator: " ").dropLast().last ?? ""))
        }
    }
}

extension NetworkTests.HostileTests.Attack {
    /// How many are refused; `nil` where nobody is.
    fileprivate var refusals: Int? {
        switch self {
        case .datagramHandshakes: 10_000
        case .streamHandshakes: 2_000
        case .slowClients: nil
        }
    }
}
