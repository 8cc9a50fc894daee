import ArgumentParser
import ControlProtocol

/// `ipop ring`: this gateway's place in the overlay.
struct RingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ring",
        abstract: "Show this gateway's place on the ring, its neighbours and its links",
        discussion: """
            Members stand on a ring in the order of their node addresses. Left are the neighbours with lower \
            addresses, right those with higher ones, nearest first. FOR is what this gateway keeps a link for, THEY \
            FOR what the other end does: near (a ring neighbour), far (a long way round, so that routes are short), \
            shortcut (traffic), leaf (the way into the ring while joining).

            With --crawl every member is asked for its neighbours, one after the other round the ring, and those that \
            do not fit together are listed. That takes up to 30 seconds in a large grid.

            Exit codes: 0 done, 1 the crawl found the ring inconsistent or did not come round, 3 daemon not running, \
            4 no permission to ask it.
            """)

    @Flag(help: "Ask every member for its neighbours; blocks until all have been asked.")
    var crawl = false

    @Flag(help: "Print one JSON document.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory

    func run() throws {
        let question = DaemonQuestion(runDirectory)
        do throws(QuestionFailure) {
            guard crawl else {
                let report = try question.read(try question.ask(.ring), RingReport.init(json:))
                show(report.json, RingText(report).text(colour: Screen.hasColour))
                return
            }
            let limit = Duration.seconds(Int64(ControlLimits.crawlSeconds)) + DaemonQuestion.timeout
            let report = try question.read(try question.ask(.crawl, timeout: limit), CrawlReport.init(json:))
            show(report.json, CrawlText(report).text(colour: Screen.hasColour))
            if report.isConsistent { return }
        } catch {
            throw error.commandFailure
        }
        throw ExitCode(ExitStatus.degraded.rawValue)
    }

    private func show(_ document: JSONValue, _ text: String) {
        if json { Screen.write(document: document) } else { Screen.write(text) }
    }
}
