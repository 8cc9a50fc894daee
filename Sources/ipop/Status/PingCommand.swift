import ArgumentParser
import ControlProtocol
import LinuxSystem
import NetworkTypes

import enum GatewayLab.Interruption

/// `ipop ping`: probes through the overlay to a site's gateway.
struct PingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping",
        abstract: "Measure round trips to a site's gateway through the overlay",
        discussion: """
            Each probe goes from this daemon to the site's over the path that traffic takes now, and is answered by \
            the daemon there: LAN hosts and their firewalls have no part in it. Blocks until the probes are done.

            Exit codes: 0 something came back, 1 nothing did, 2 there is no such site, 3 daemon not running, 4 no \
            permission to ask it.
            """)

    @Argument(help: ArgumentHelp("The site to probe.", valueName: "site"))
    var site: String

    @Option(name: .shortAndLong, help: "How many probes; 0 goes on until interrupted.")
    var count = 4

    @Option(name: .shortAndLong, help: ArgumentHelp("Seconds from probe to probe, 0.01 to 3600.", valueName: "seconds"))
    var interval = 1.0

    @Flag(help: "Print one JSON document at the end.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory

    /// How long a probe waits for its answer.
    private static let answerTimeoutMilliseconds: UInt32 = 2_000

    func validate() throws {
        guard SiteName.isValid(site) else { throw ValidationError("'\(site)' is no site name: \(SiteName.rule)") }
        guard (0...1_000_000).contains(count) else { throw ValidationError("--count takes 0 to 1000000") }
        guard (0.01...3_600).contains(interval) else { throw ValidationError("--interval takes 0.01 to 3600 seconds") }
        if json, count == 0 { throw ValidationError("--json needs a --count: the document is printed at the end") }
    }

    func run() throws {
        Interruption.listen()
        let question = DaemonQuestion(runDirectory)
        var statistics = PingStatistics(site: site)
        while count == 0 || statistics.sent < count {
            let sent = MonotonicClock.now()
            do throws(QuestionFailure) {
                let answer = try probe(question)
                statistics.note(answer)
                if !json { Screen.write(statistics.line(of: answer)) }
            } catch {
                throw error.commandFailure
            }
            if Interruption.isRequested || statistics.sent == count { break }
            Screen.pause(max(.zero, .seconds(interval) - (MonotonicClock.now() - sent)))
            if Interruption.isRequested { break }
        }
        if json { Screen.write(document: statistics.json) } else { Screen.write(statistics.summary) }
        if statistics.received == 0 { throw ExitCode(ExitStatus.degraded.rawValue) }
    }

    /// What became of one probe: the answer, or why there is none.
    private func probe(_ question: DaemonQuestion) throws(QuestionFailure) -> Result<PingResult, ControlFailure> {
        let request = ControlRequest.ping(site: site, timeoutMilliseconds: Self.answerTimeoutMilliseconds)
        do throws(QuestionFailure) {
            let payload = try question.ask(
                request, timeout: .milliseconds(Int64(Self.answerTimeoutMilliseconds)) + DaemonQuestion.timeout)
            return .success(try question.read(payload, PingResult.init(json:)))
        } catch {
            // These are findings about the path; the rest ends the command.
            if case .refused(let failure) = error, [.noAnswer, .siteDown, .busy].contains(failure.code) {
                return .failure(failure)
            }
            throw error
        }
    }
}
