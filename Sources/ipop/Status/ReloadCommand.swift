import ArgumentParser
import ControlProtocol

/// `ipop reload`: the daemon reads its files again and applies the difference.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Let the daemon read its files again and apply the difference",
        discussion: """
            Prints what changed, and returns when it is done: up to ten seconds on a busy machine. Sessions stay. \
            When a file has an error nothing is applied, the errors are printed as `ipop check` does, and the exit \
            code is 2.
            """)

    @OptionGroup var runDirectory: RunDirectory

    private static let timeout = Duration.seconds(10)

    func run() throws {
        let question = DaemonQuestion(runDirectory)
        do throws(QuestionFailure) {
            let result = try question.read(
                try question.ask(.reload, timeout: Self.timeout), ReloadResult.init(json:))
            for warning in result.warnings { Terminal.printNotice(warning) }
            for change in result.changes { Screen.write(change.printable + "\n") }
            if result.changes.isEmpty { Screen.write("nothing to change\n") }
        } catch {
            guard case .refused(let failure) = error, failure.code == .configurationRejected else {
                throw error.commandFailure
            }
            // The files' errors name themselves: file:line:column.
            Terminal.printNotice(failure.text)
            throw CommandFailure("the configuration has errors; the one of before goes on", .usage)
        }
    }
}
