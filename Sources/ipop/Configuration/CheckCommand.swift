import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import GatewayFiles
import OpenSSLLink

/// `ipop check`.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check this gateway's configuration, offline",
        discussion: """
            Reads ipop.yaml, subnets.map, grid.yaml and tls/, verifies the certificate, its key and the grid's \
            profile, and compares the exports with the certificate, with the grid's pools and with this host's \
            interfaces and networks. The pools are those of grid.yaml or, if it is newer, of the profile that was \
            published in the grid and that the daemon keeps in --state-dir. Every problem is told on standard error as \
            FILE:LINE:COLUMN: error: .. with what to do. Nothing is changed, and the daemon is not asked.

            Exit code 0: no errors (there may be warnings); 2: errors; 4: a file may not be read.
            """)

    @OptionGroup var configuration: ConfigurationDirectory
    @OptionGroup var state: StateDirectory

    @Flag(help: "Print JSON (schema 1).")
    var json = false

    func run() throws {
        var check = ConfigurationCheck(paths: configuration.paths, now: CertificateAuthority.systemTime())
        check.publishedProfile = state.publishedProfile
        let report = CheckReport.make(check)
        if json {
            print(report.json.pretty)
        } else {
            report.printProblems()
            if report.status == .done {
                print("ok: \(report.summary)\(report.warningCount > 0 ? ", \(report.counts)" : "")")
            } else {
                Terminal.printError("\(configuration.paths.directory): \(report.counts)")
            }
        }
        if report.status != .done { throw ExitCode(report.status.rawValue) }
    }
}
