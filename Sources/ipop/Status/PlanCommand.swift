import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import GatewayFiles
import LinuxSystem

/// `ipop plan`: what `ipop reload` would change.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what a reload would change, and change nothing",
        discussion: """
            Lets the daemon read its files as `ipop reload` would, and prints the difference to what runs: the changes \
            in words, each export with its virtual prefix and who owns that in the grid (asked of the members that \
            keep its lease), the routes that would come (+), go (-) or be replaced (~) in the kernel, and what else \
            would change there. An export that clashes is told with the line to write into subnets.map instead.

            Without the daemon the exports are listed as the files in --config-dir have them, with the exit code 3.

            Exit codes: 0 a reload would bring all of it about, 1 something stands against a part of it, 2 the files \
            have errors, 3 daemon not running, 4 no permission.
            """)

    @Flag(help: "Print one JSON document (schema 1); keys are only ever added.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory
    @OptionGroup var configurationDirectory: ConfigurationDirectory
    @OptionGroup var stateDirectory: StateDirectory

    func run() throws {
        let report: PlanReport
        do throws(QuestionFailure) {
            let question = DaemonQuestion(runDirectory)
            report = try question.read(try question.ask(.plan), PlanReport.init(json:))
        } catch {
            switch error {
            case .absent(.notRunning, _):
                report = try planOfStart()
            case .refused(let failure) where failure.code == .configurationRejected:
                // The files' errors name themselves: file:line:column.
                Terminal.printNotice(failure.text)
                throw CommandFailure("the configuration has errors; nothing of it would be applied", .usage)
            case .absent, .refused:
                throw error.commandFailure
            }
        }
        if json {
            Screen.write(document: report.json)
        } else {
            for warning in report.warnings { Terminal.printNotice(warning) }
            Screen.write(PlanText(report).text(colour: Screen.hasColour))
        }
        guard report.exit == .healthy else { throw ExitCode(report.exit.rawValue) }
    }

    /// What the files alone tell.
    private func planOfStart() throws(CommandFailure) -> PlanReport {
        var check = ConfigurationCheck(paths: configurationDirectory.paths, now: WallClock.unixSeconds())
        check.publishedProfile = stateDirectory.publishedProfile
        check.run()
        guard check.fatalProblems.isEmpty, let settings = check.settings else {
            for problem in check.fatalProblems { Terminal.printNotice(problem.description) }
            throw CommandFailure(
                "the configuration has errors; ipopd would not start with it",
                check.lacksPermission ? .permission : .usage)
        }
        return PlanReport(
            isRunning: false, grid: settings.grid, site: settings.site,
            warnings: check.problems.map(\.description),
            exports: check.exports.map { export in
                PlannedExport(
                    subnet: export.subnet, change: .added, virtual: export.virtual,
                    owner: export.isLeased ? nil : .unknown)
            })
    }
}
