import ControlProtocol
import LinuxSystem

/// Why a question to the daemon brought no answer of the kind that was asked for.
enum QuestionFailure: Error {
    /// There is no daemon to ask; the text says how that showed.
    case absent(DaemonAbsence, String)
    /// The daemon answered that it could not.
    case refused(ControlFailure)

    /// The failure as the end of a command.
    var commandFailure: CommandFailure {
        switch self {
        case .absent(let absence, let text):
            CommandFailure("\(text). \(absence.problem.fix)", ExitStatus(absence.exit))
        case .refused(let failure):
            CommandFailure(failure.text, Self.exit(of: failure.code))
        }
    }

    /// A daemon that refuses to say how it is counts as one that does not answer.
    var absence: DaemonAbsence {
        switch self {
        case .absent(let absence, _): absence
        case .refused: .notAnswering
        }
    }

    /// What the asker could have known is a usage error; the rest is how things stand.
    private static func exit(of code: ControlErrorCode) -> ExitStatus {
        switch code {
        case .unknownSite, .ownSite, .configurationRejected, .badArgument, .publicationRefused: .usage
        case .noAnswer, .timedOut, .busy, .stopping, .replyTooLong, .siteDown, .noRoute: .degraded
        case .malformedRequest, .unknownRequest, .requestTooLong: .degraded
        }
    }
}

/// Asks the daemon over its control socket.
struct DaemonQuestion {
    private let socket: String

    /// The longest time that a command waits for an answer that needs no waiting.
    static let timeout = Duration.milliseconds(900)

    init(_ directory: RunDirectory) {
        socket = "\(directory.path)/\(ControlLimits.socketName)"
    }

    /// One question, one answer. `timeout` is from connecting to the last byte; `nil` waits for ever.
    func ask(
        _ request: ControlRequest, timeout: Duration? = Self.timeout
    ) throws(QuestionFailure) -> JSONValue {
        var bytes: [UInt8]
        do throws(ControlClientError) {
            bytes = try ControlClient.request(path: socket, bytes: Array((request.line + "\n").utf8), timeout: timeout)
        } catch {
            throw .absent(Self.absence(error), error.description)
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        let reply: ControlReply
        do throws(JSONShapeError) {
            reply = try ControlReply(line: bytes)
        } catch {
            throw .absent(.notAnswering, "\(socket): the answer is not understood: \(error)")
        }
        switch reply {
        case .success(let payload): return payload
        case .failure(let failure): throw .refused(failure)
        }
    }

    /// The daemon's process; `nil` when nobody listens or the socket may not be used.
    var process: Int32? { try? ControlClient.process(path: socket) }

    /// The daemon's half of status.
    func report() throws(QuestionFailure) -> GatewayReport {
        try read(try ask(.status), GatewayReport.init(json:))
    }

    /// Makes a result of an answer's payload.
    func read<Result>(
        _ payload: JSONValue, _ form: (JSONValue) throws(JSONShapeError) -> Result
    ) throws(QuestionFailure) -> Result {
        do throws(JSONShapeError) {
            return try form(payload)
        } catch {
            throw .absent(.notAnswering, "\(socket): the answer is of another version: \(error)")
        }
    }

    private static func absence(_ error: ControlClientError) -> DaemonAbsence {
        switch error {
        case .noSocket, .refused: .notRunning
        case .permissionDenied: .permissionDenied
        case .timedOut, .closed, .tooLong, .system: .notAnswering
        }
    }
}
