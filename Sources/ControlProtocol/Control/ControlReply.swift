package import NetworkTypes

/// What `ipopd` answers: one line of JSON.
package enum ControlReply: Equatable, Sendable {
    /// Done; the payload depends on the request.
    case success(JSONValue)
    case failure(ControlFailure)
}

/// Why a request was not done.
package struct ControlFailure: Error, Equatable, Sendable {
    package var code: ControlErrorCode
    /// For the operator; may have several lines (a reload's errors, one a line).
    package var text: String

    package init(_ code: ControlErrorCode, _ text: String) {
        self.code = code
        self.text = text
    }
}

/// Numbers of failures, stable: 8xxx the request could not be done, 9xxx the request is not understood.
package enum ControlErrorCode: Int, Sendable, CaseIterable {
    case unknownSite = 8_001
    case noAnswer = 8_002
    case timedOut = 8_003
    case configurationRejected = 8_004
    case ownSite = 8_005
    case busy = 8_006
    case stopping = 8_007
    case replyTooLong = 8_008
    case siteDown = 8_009
    case noRoute = 8_010
    case publicationRefused = 8_011
    case malformedRequest = 9_001
    case unknownRequest = 9_002
    case badArgument = 9_003
    case requestTooLong = 9_004

    /// Phrase, cause and fix.
    package var explanation: CodeExplanation {
        switch self {
        case .unknownSite:
            CodeExplanation(
                "no such site", cause: "No announcement of a site of that name is known.",
                fix: "See `ipop sites` for the names.")
        case .noAnswer:
            CodeExplanation(
                "no answer", cause: "A ping or a trace got no answer within its time.",
                fix: "See `ipop status` for the path.")
        case .timedOut:
            CodeExplanation(
                "not in time", cause: "What `ipop wait` or a crawl waits for did not happen within its time.",
                fix: "See `ipop status` for what is missing.")
        case .configurationRejected:
            CodeExplanation(
                "configuration rejected",
                cause: "A reload found errors in the files; the configuration of before goes on.",
                fix: "Correct what the text says, one error a line, and reload again.")
        case .ownSite:
            CodeExplanation(
                "own site", cause: "The request names this gateway's own site where another one is meant.",
                fix: "Name another site.")
        case .busy:
            CodeExplanation("busy", cause: "Too many requests are waiting already.", fix: "Ask again later.")
        case .stopping:
            CodeExplanation("stopping", cause: "The daemon is stopping.", fix: "Ask again when it runs.")
        case .replyTooLong:
            CodeExplanation(
                "reply too long", cause: "The reply has more bytes than a line may have.",
                fix: "Read the metrics instead.")
        case .siteDown:
            CodeExplanation(
                "site down", cause: "The site is known, and no path to it is up.",
                fix: "See `ipop status` for the reason.")
        case .noRoute:
            CodeExplanation(
                "no route", cause: "No accepted route leads to the address.",
                fix: "See `ipop routes` for the prefixes that can be reached.")
        case .publicationRefused:
            CodeExplanation(
                "publication refused",
                cause: "The file is not of this grid's authority, was changed, or is older than what the grid has.",
                fix: "Publish the newest file of the authority's directory; `ipop publish` shows what holds.")
        case .malformedRequest:
            CodeExplanation("not JSON", cause: "The request is not one JSON text.", fix: "Correct the asking program.")
        case .unknownRequest:
            CodeExplanation(
                "unknown request", cause: "The daemon knows no request of that name.",
                fix: "Use an `ipop` of the daemon's version.")
        case .badArgument:
            CodeExplanation(
                "bad argument", cause: "A member of the request is missing or of the wrong kind.",
                fix: "Correct the asking program.")
        case .requestTooLong:
            CodeExplanation(
                "request too long", cause: "The request has more bytes than a line may have.",
                fix: "Correct the asking program.")
        }
    }
}

extension ControlReply {
    /// The reply as one line, without a line break; a `replyTooLong` failure when it would not fit.
    package var line: String {
        let text = json.compact
        guard text.utf8.count <= ControlLimits.replyByteCount else {
            return ControlReply.failure(
                ControlFailure(.replyTooLong, "the reply has over \(ControlLimits.replyByteCount) bytes")
            ).json.compact
        }
        return text
    }

    var json: JSONValue {
        switch self {
        case .success(let payload):
            ["ok": true, "payload": payload]
        case .failure(let failure):
            ["ok": false, "code": JSONValue(failure.code.rawValue), "text": .string(failure.text)]
        }
    }

    /// Reads one line, without its line break. Throws `JSONShapeError.wrong("reply", …)` for what is no reply at all.
    package init(line: [UInt8]) throws(JSONShapeError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: line, byteCountLimit: ControlLimits.replyByteCount)
        } catch {
            throw .wrong("reply", expected: "a JSON text: \(error)")
        }
        let shape = try JSONShape(value, name: "reply")
        if try shape.truth("ok") {
            self = .success(try shape.value("payload"))
        } else {
            guard let code = ControlErrorCode(rawValue: try shape.integer("code")) else {
                throw .wrong("code", expected: "a known code")
            }
            self = .failure(ControlFailure(code, try shape.text("text")))
        }
    }
}

/// What a reload did.
package struct ReloadResult: Equatable, Sendable {
    /// One sentence a change, in the order in which they were applied; empty when the files say what is so already.
    package var changes: [String]
    /// Warnings of the files, one a line.
    package var warnings: [String]

    package init(changes: [String], warnings: [String] = []) {
        self.changes = changes
        self.warnings = warnings
    }

    /// The payload of a reply.
    package var json: JSONValue { ["changes": .texts(changes), "warnings": .texts(warnings)] }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "reload")
        changes = try shape.parsedList("changes")
        warnings = try shape.parsedList("warnings")
    }
}

/// One answered ping.
package struct PingResult: Equatable, Sendable {
    package var site: String
    package var node: NodeAddress
    /// From the request's arrival at the daemon's link to the answer's.
    package var rttMicroseconds: UInt64
    package var path: PathKind
    /// Where the probe was sent to, for a direct path.
    package var endpoint: Endpoint?
    /// The relaying site, for a relayed path.
    package var via: String?

    package init(
        site: String, node: NodeAddress, rttMicroseconds: UInt64, path: PathKind, endpoint: Endpoint? = nil,
        via: String? = nil
    ) {
        self.site = site
        self.node = node
        self.rttMicroseconds = rttMicroseconds
        self.path = path
        self.endpoint = endpoint
        self.via = via
    }

    /// The payload of a reply.
    package var json: JSONValue {
        [
            "site": .string(site), "node": .text(node), "rttMicroseconds": JSONValue(rttMicroseconds),
            "path": .string(path.rawValue), "endpoint": .text(endpoint), "via": .text(via),
        ]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "ping")
        site = try shape.text("site")
        node = try shape.parsed("node")
        rttMicroseconds = try shape.integer("rttMicroseconds")
        path = try shape.code("path")
        endpoint = try shape.optionalParsed("endpoint")
        via = try shape.optionalText("via")
    }
}

/// What `wait` waited for.
package struct WaitResult: Equatable, Sendable {
    /// Members of the grid now, this gateway included.
    package var members: Int
    /// The site that was waited for.
    package var site: String?

    package init(members: Int, site: String?) {
        self.members = members
        self.site = site
    }

    /// The payload of a reply.
    package var json: JSONValue { ["members": JSONValue(members), "site": .text(site)] }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "wait")
        members = try shape.integer("members")
        site = try shape.optionalText("site")
    }
}
