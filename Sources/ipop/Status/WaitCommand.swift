import ArgumentParser
import ControlProtocol
import LinuxSystem
import NetworkTypes

/// `ipop wait`: blocks until in the grid, or until a site is reachable.
struct WaitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until this gateway is in the grid, or until sites are reachable",
        discussion: """
            Without a site it waits for the grid, with sites until each of them has been seen reachable. \
            Blocks as long as it takes, or as --timeout says. A daemon that does not run is waited for too when \
            there is a timeout; without one that ends the waiting at once.

            Exit codes: 0 it is so, 1 not in time, 3 daemon not running, 4 no permission to ask it.
            """)

    @Argument(help: ArgumentHelp("The sites that shall be reachable.", valueName: "site"))
    var sites: [String] = []

    @Option(help: ArgumentHelp("Give up after so many seconds, 1 to 86400.", valueName: "seconds"))
    var timeout: UInt32?

    @OptionGroup var runDirectory: RunDirectory

    /// How often a daemon that is not there is looked for.
    private static let retryInterval = Duration.milliseconds(200)
    /// How much longer than the daemon the socket waits, so that it is the daemon that says "not in time".
    private static let grace = Duration.seconds(1)

    func validate() throws {
        for site in sites where !SiteName.isValid(site) {
            throw ValidationError("'\(site)' is no site name: \(SiteName.rule)")
        }
        if let timeout, !(1...86_400).contains(timeout) {
            throw ValidationError("--timeout takes 1 to 86400 seconds")
        }
    }

    func run() throws {
        let question = DaemonQuestion(runDirectory)
        let deadline = timeout.map { MonotonicClock.now() + .seconds(Int64($0)) }
        if sites.isEmpty { return try wait(for: nil, question, until: deadline) }
        for site in sites { try wait(for: site, question, until: deadline) }
    }

    private func wait(for site: String?, _ question: DaemonQuestion, until deadline: Instant?) throws {
        while true {
            let left = deadline.map { $0 - MonotonicClock.now() }
            do throws(QuestionFailure) {
                let request = ControlRequest.wait(site: site, timeoutSeconds: left.map(Self.wholeSeconds))
                let payload = try question.ask(request, timeout: left.map { max($0, .zero) + Self.grace })
                report(try question.read(payload, WaitResult.init(json:)), site)
                return
            } catch {
                // Only a daemon that is starting or starting again is worth another try.
                guard case .absent(let absence, _) = error, absence != .permissionDenied, let deadline,
                    MonotonicClock.now() < deadline
                else { throw error.commandFailure }
            }
            Screen.pause(Self.retryInterval)
        }
    }

    private func report(_ result: WaitResult, _ site: String?) {
        let members = HumanUnits.count(result.members, "member")
        Screen.write(site.map { "site \($0) is reachable\n" } ?? "in the grid, \(members)\n")
    }

    /// Rounded up, and at least one.
    private static func wholeSeconds(_ duration: Duration) -> UInt32 {
        let (seconds, attoseconds) = duration.components
        return UInt32(max(1, seconds + (attoseconds > 0 ? 1 : 0)))
    }
}
