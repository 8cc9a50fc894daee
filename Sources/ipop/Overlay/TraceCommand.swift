import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import NetworkTypes

/// `ipop trace`: the members on the way to a site.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show hop by hop how packets to a site travel",
        discussion: """
            A probe goes the way that traffic takes now; each member that passes it on leaves its name, and is then \
            asked for its path to the next one: kind, endpoint, reason and round trip (LINK). RTT is from this gateway \
            to the hop. What a hop did not say, within a second, is a dash. An address stands for the site whose route \
            it falls under. Blocks until the answers are back, 5 seconds unless --timeout says otherwise.

            Exit codes: 0 the answer came, 1 nothing came back, or no route leads to the address, 2 there is no such \
            site, or it is this one, 3 daemon not running, 4 no permission to ask it.
            """)

    @Argument(help: ArgumentHelp("A site, or an address behind one.", valueName: "site-or-address"))
    var target: String

    @Flag(help: "Take the ring's route even when a direct path exists.")
    var overlay = false

    @Option(help: ArgumentHelp("Give up after so many seconds, 0.1 to 30.", valueName: "seconds"))
    var timeout = 5.0

    @Flag(help: "Print one JSON document, also when nothing came back.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory

    func validate() throws {
        guard IPAddress(target) != nil || SiteName.isValid(target) else {
            throw ValidationError("'\(target)' is no address, and no site name: \(SiteName.rule)")
        }
        guard (0.1...30).contains(timeout) else { throw ValidationError("--timeout takes 0.1 to 30 seconds") }
    }

    func run() throws {
        let question = DaemonQuestion(runDirectory)
        let milliseconds = UInt32((timeout * 1_000).rounded())
        let request = ControlRequest.trace(target: target, forcesOverlay: overlay, timeoutMilliseconds: milliseconds)
        do throws(QuestionFailure) {
            let payload = try question.ask(
                request, timeout: .milliseconds(Int64(milliseconds)) + DaemonQuestion.timeout)
            let report = try question.read(payload, TraceReport.init(json:))
            if json {
                Screen.write(document: document(report, error: nil))
            } else {
                Screen.write(TraceText(report).text(colour: Screen.hasColour))
            }
        } catch {
            if json, case .refused(let failure) = error {
                Screen.write(document: document(nil, error: failure.text))
            }
            throw error.commandFailure
        }
    }

    /// Every key always there: what has no answer has its error.
    private func document(_ report: TraceReport?, error: String?) -> JSONValue {
        [
            "schema": JSONValue(StatusReport.schema), "target": .string(target),
            "site": report?.json["site"] ?? .null, "node": report?.json["node"] ?? .null,
            "path": report?.json["path"] ?? .null, "hops": report?.json["hops"] ?? [],
            "roundTripMicroseconds": report?.json["roundTripMicroseconds"] ?? .null, "error": .text(error),
        ]
    }
}
