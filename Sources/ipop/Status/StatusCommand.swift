import ArgumentParser
import ControlProtocol

/// `ipop status`: the kernel's truth beside the daemon's belief.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show this gateway, the sites it reaches and what is wrong",
        discussion: """
            The kernel's part is read over netlink here and now, the daemon's part over its control socket; both are \
            shown side by side, and the kernel's part also when the daemon is dead. A route that the daemon wants \
            and the kernel has not shows in capitals. What is wrong stands last, with a code and what to do; the \
            codes are explained in docs/codes.md.

            Exit codes: 0 healthy, 1 degraded (a site down, a route missing, a certificate under 14 days, joining), \
            3 daemon not running, 4 no permission to ask it.
            """)

    @Flag(help: "Print one JSON document (schema 1); keys are only ever added.")
    var json = false

    @Flag(help: "Print the line of --check, then one line a site.")
    var brief = false

    @Flag(help: "Print one line, for monitoring; the exit code tells the rest.")
    var check = false

    @Flag(
        help: """
            Show it again each second until interrupted: on a terminal in place, else one after the other (with --json \
            one document a line).
            """)
    var watch = false

    @OptionGroup var runDirectory: RunDirectory
    @OptionGroup var configurationDirectory: ConfigurationDirectory

    func validate() throws {
        if [json, brief, check].count(where: { $0 }) > 1 {
            throw ValidationError("--json, --brief and --check exclude each other")
        }
    }

    func run() throws {
        let source = StatusSource(run: runDirectory, configuration: configurationDirectory)
        while watch {
            let text = watchText(try source.status())
            Screen.write(Screen.isTerminal && !json ? Screen.clear + text : text)
            Screen.pause(.seconds(1))
        }
        let status = try source.status()
        if json {
            Screen.write(document: status.json)
        } else {
            Screen.write(text(status))
        }
        guard status.exit == .healthy else { throw ExitCode(status.exit.rawValue) }
    }

    private func text(_ status: StatusReport) -> String {
        let text = StatusText(status, layout: Screen.layout)
        return check ? text.check : brief ? text.brief : text.full
    }

    private func watchText(_ status: StatusReport) -> String {
        if json { return status.json.compact + "\n" }
        let text = text(status)
        return Screen.isTerminal || check ? text : text + "\n"
    }
}
