import ControlProtocol
import GatewayConfiguration
import GatewayFiles
import NetworkTypes
import OpenSSLLink

/// The outcome of a check, for people and for programs.
struct CheckReport {
    let problems: [ConfigurationProblem]
    let lacksPermission: Bool
    /// One line that says what was found good.
    let summary: String

    /// Checks the configuration in `paths` and, when its settings can be read, the host.
    static func make(_ check: ConfigurationCheck) -> CheckReport {
        var check = check
        check.run()
        var problems = check.problems
        var summary = check.paths.directory
        if let settings = check.settings {
            let host = HostCheck(
                paths: check.paths, settings: settings, settingsTree: check.settingsTree, exports: check.exports,
                bridged: check.subnetMap?.bridgedSubnet(of: settings.site))
            problems += host.problems()
            let exports = check.exports.map(\.subnet.description).joined(separator: ", ")
            summary += ": site \(settings.site) of grid \(settings.grid), LAN \(settings.lan.interface)"
            summary += ", exports \(exports.isEmpty ? "nothing" : exports)"
        }
        if let details = check.certificate?.details {
            let days = details.daysLeft(now: check.now)
            summary += ", certificate \(HumanUnits.count(days, "day"))"
        }
        return CheckReport(problems: problems, lacksPermission: check.lacksPermission, summary: summary)
    }

    var errorCount: Int { problems.count { $0.severity == .error } }
    var warningCount: Int { problems.count { $0.severity == .warning } }

    /// 0 without errors; 4 when nothing but a lack of permission stands in the way; else 2.
    var status: ExitStatus {
        if errorCount == 0 { return .done }
        let others = problems.contains { $0.severity == .error && $0.code != .unreadableFile }
        return lacksPermission && !others ? .permission : .usage
    }

    /// `1 error, 2 warnings`.
    var counts: String {
        "\(HumanUnits.count(errorCount, "error")), \(HumanUnits.count(warningCount, "warning"))"
    }

    /// Writes every problem to standard error, a line each.
    func printProblems() {
        for problem in problems { Terminal.printNotice(problem.description) }
    }

    /// Schema 1. Keys are only ever added; unknown is null.
    var json: JSONValue {
        [
            "schema": 1, "ok": .bool(errorCount == 0),
            "problems": .list(problems) { problem in
                [
                    "file": problem.file.isEmpty ? .null : .string(problem.file),
                    "line": problem.line > 0 ? JSONValue(problem.line) : .null,
                    "column": problem.line > 0 ? JSONValue(problem.column) : .null,
                    "severity": .string(problem.severity.rawValue), "code": .string(problem.code.rawValue),
                    "text": .string(problem.message), "fix": .text(problem.suggestion),
                ]
            },
        ]
    }
}
