import ArgumentParser
import ControlProtocol

/// `ipop sites`: one row a remote gateway.
struct SitesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sites",
        abstract: "List the other gateways and how they are reached",
        discussion: """
            One row a gateway: two gateways of one site are two rows. TX and RX count payload since the daemon's \
            start; HEARD is how long ago the last authentic datagram came. The reasons are explained in \
            docs/codes.md.
            """)

    @Flag(help: "Print one JSON document; `sites` is as in `ipop status --json`.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory
    @OptionGroup var configurationDirectory: ConfigurationDirectory

    func run() throws {
        let question = DaemonQuestion(runDirectory)
        do throws(QuestionFailure) {
            let report = try question.report()
            if json {
                Screen.write(document: StatusReport(gateway: .success(report), kernel: KernelFacts()).sitesDocument)
            } else {
                Screen.write(GatewayTable(report).table.text(colour: Screen.hasColour))
            }
        } catch {
            throw error.commandFailure
        }
    }
}

/// `ipop routes`: one row a prefix.
struct RoutesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "List the routes to other sites, as wanted and as in the kernel",
        discussion: """
            KERNEL is what the kernel has now: installed, missing, shadowed (another route to the prefix comes \
            first), foreign (another program's route holds the place) or refused (never installed, for the reason in \
            NOTE). Without the daemon, the routes of protocol `ipop` that the kernel has are listed, and the exit \
            code is 3.
            """)

    @Flag(help: "Print one JSON document; `routes` is as in `ipop status --json`.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory
    @OptionGroup var configurationDirectory: ConfigurationDirectory

    func run() throws {
        let status = try StatusSource(run: runDirectory, configuration: configurationDirectory).status()
        if json {
            Screen.write(document: status.routesDocument)
        } else {
            Screen.write(RouteTable(status).table.text(colour: Screen.hasColour))
        }
        if case .failure(let absence) = status.gateway {
            throw CommandFailure("\(absence.problem.text). \(absence.problem.fix)", ExitStatus(absence.exit))
        }
    }
}
