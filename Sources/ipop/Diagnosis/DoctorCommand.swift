import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import HostDiagnosis

/// `ipop doctor`: this host.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine this host: kernel, firewall, clock, ports, NAT, other network programs",
        discussion: """
            A line a check: ok, warn, FAIL or ? (it could not be seen, and why), with what to do below. Nothing is \
            changed. The kernel, the files and the firewall are read here and now, what only the daemon knows is asked \
            of it; without the daemon those checks are ?. The firewall, and who has a port, can be seen by root \
            only. The checks are listed in docs/codes.md.

            Exit codes: 0 healthy, 1 a check failed, or warns of something that makes a gateway degraded.
            """)

    @Flag(help: "Print one JSON document.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory
    @OptionGroup var configurationDirectory: ConfigurationDirectory
    @OptionGroup var stateDirectory: StateDirectory

    func run() throws {
        let survey = HostSurvey(
            question: DaemonQuestion(runDirectory), paths: configurationDirectory.paths,
            publishedProfile: stateDirectory.publishedProfile)
        let report = DoctorReport(checks: HostExamination(try survey.facts()).checks)
        if json {
            Screen.write(document: report.json)
        } else {
            Screen.write(report.text(colour: Screen.hasColour, width: Screen.layout.width))
        }
        guard report.exit == .healthy else { throw ExitCode(report.exit.rawValue) }
    }
}
