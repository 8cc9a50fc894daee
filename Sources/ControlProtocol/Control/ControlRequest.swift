import NetworkTypes

/// What `ipop` asks `ipopd` over the control socket: one line of JSON, answered by one line, then the connection ends.
package enum ControlRequest: Equatable, Sendable {
    /// The daemon's half of `ipop status`; answered by a `GatewayReport`.
    case status
    /// Read the configuration again and apply the difference; answered when that is done, by a `ReloadResult`.
    case reload
    /// What a reload would change, and who has the prefixes that the new files export; answered within
    /// `ControlLimits.planMilliseconds` by a `PlanReport`. Errors of the files are a failure, as with `reload`.
    case plan
    /// One probe through the overlay to a site's gateway; answered by a `PingResult`, or by `noAnswer` after the
    /// timeout.
    case ping(site: String, timeoutMilliseconds: UInt32)
    /// Answered by a `WaitResult` when this gateway is in the grid, or when `site` is reachable if one is named; by
    /// `timedOut` after the timeout, if one is given. The daemon drops the request when the asker hangs up.
    case wait(site: String?, timeoutSeconds: UInt32?)
    /// This gateway's place on the ring; answered by a `RingReport`.
    case ring
    /// Asks every member for its neighbours; answered by a `CrawlReport` within `ControlLimits.crawlSeconds`.
    case crawl
    /// The way to `target`, a site or an address; over the ring even where there is a direct path if `forcesOverlay`.
    /// Answered by a `TraceReport`, or by `noAnswer` after the timeout.
    case trace(target: String, forcesOverlay: Bool, timeoutMilliseconds: UInt32)
    /// Answered by a `LeasesReport`.
    case leases
    /// Answered by a `PublicationsReport`.
    case publications
    /// Brings in what the grid's authority has signed: a revocation list in DER, or a grid profile as the text that
    /// `GridProfile.yamlText` makes. Answered by a `PublishResult`, or by `publicationRefused`.
    case publish(PublishedKind, [UInt8])
    /// What the gateway of the destination's site finds on the way of such a packet; answered by a `FarHalf`, by
    /// `noRoute` or `siteDown`, or by `noAnswer` within `ControlLimits.explainMilliseconds`.
    case explain(ExplainedPacket)
}

/// Limits of the control socket.
package enum ControlLimits {
    /// Bytes of one reply, without its line break: the status of 10,000 sites at 800 bytes each, twice.
    package static let replyByteCount = 16 << 20
    /// Bytes of one request; the longest is `publish` with a content of `publicationByteCount` in hexadecimal digits.
    package static let requestByteCount = publicationByteCount * 2 + 4_096
    /// Bytes of a publication: a revocation list of 5,000 certificates.
    package static let publicationByteCount = 200_000
    /// The longest time that a ping may wait for its answer.
    package static let pingTimeoutMilliseconds: UInt32 = 10_000
    /// The longest time that a trace may wait for its answer.
    package static let traceTimeoutMilliseconds: UInt32 = 30_000
    /// The longest time that a crawl takes.
    package static let crawlSeconds: UInt32 = 30
    /// The longest time that the far gateway's half of an explanation takes.
    package static let explainMilliseconds: UInt32 = 1_500
    /// The longest time that the owners of prefixes are waited for.
    package static let planMilliseconds: UInt32 = 700
    /// The socket's name in the run directory.
    package static let socketName = "control.sock"
}

extension ControlRequest {
    /// The request's name on the wire.
    package var name: String {
        switch self {
        case .status: "status"
        case .reload: "reload"
        case .plan: "plan"
        case .ping: "ping"
        case .wait: "wait"
        case .ring: "ring"
        case .crawl: "crawl"
        case .trace: "trace"
        case .leases: "leases"
        case .publications: "publications"
        case .publish: "publish"
        case .explain: "explain"
        }
    }

    /// The request as one line, without a line break.
    package var line: String { json.compact }

    var json: JSONValue {
        switch self {
        case .status, .reload, .plan, .ring, .crawl, .leases, .publications:
            ["request": .string(name)]
        case .ping(let site, let timeout):
            ["request": .string(name), "site": .string(site), "timeoutMilliseconds": JSONValue(timeout)]
        case .wait(let site, let timeout):
            ["request": .string(name), "site": .text(site), "timeoutSeconds": .count(timeout)]
        case .trace(let target, let forcesOverlay, let timeout):
            [
                "request": .string(name), "target": .string(target), "overlay": JSONValue(forcesOverlay),
                "timeoutMilliseconds": JSONValue(timeout),
            ]
        case .publish(let kind, let content):
            [
                "request": .string(name), "kind": .string(kind.rawValue),
                "content": .string(Hexadecimal.encode(content)),
            ]
        case .explain(let packet):
            [
                "request": .string(name), "source": .text(packet.source), "destination": .text(packet.destination),
                "protocol": JSONValue(packet.transport), "port": .count(packet.port),
            ]
        }
    }

    /// Reads one line, without its line break. The error is the reply to send back.
    package init(line: [UInt8]) throws(ControlFailure) {
        guard line.count <= ControlLimits.requestByteCount else {
            throw ControlFailure(.requestTooLong, "a request has at most \(ControlLimits.requestByteCount) bytes")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: line)
        } catch {
            throw ControlFailure(.malformedRequest, "not a JSON text: \(error)")
        }
        let request: ControlRequest?
        do throws(JSONShapeError) {
            let shape = try JSONShape(value, name: "request")
            request = try Self.read(name: try shape.text("request"), shape)
        } catch {
            throw ControlFailure(.badArgument, error.description)
        }
        guard let request else { throw ControlFailure(.unknownRequest, "this gateway knows no such request") }
        self = request
    }

    /// `nil` when no request has that name.
    private static func read(name: String, _ shape: JSONShape) throws(JSONShapeError) -> ControlRequest? {
        switch name {
        case "status": return .status
        case "reload": return .reload
        case "plan": return .plan
        case "ping":
            let timeout: UInt32 = try shape.optionalInteger("timeoutMilliseconds") ?? 1_000
            return .ping(
                site: try shape.text("site"),
                timeoutMilliseconds: min(max(timeout, 1), ControlLimits.pingTimeoutMilliseconds))
        case "wait":
            return .wait(
                site: try shape.optionalText("site"), timeoutSeconds: try shape.optionalInteger("timeoutSeconds"))
        case "ring": return .ring
        case "crawl": return .crawl
        case "trace":
            let timeout: UInt32 = try shape.optionalInteger("timeoutMilliseconds") ?? 5_000
            return .trace(
                target: try shape.text("target"), forcesOverlay: try shape.optionalTruth("overlay") ?? false,
                timeoutMilliseconds: min(max(timeout, 1), ControlLimits.traceTimeoutMilliseconds))
        case "leases": return .leases
        case "publications": return .publications
        case "publish":
            guard let content = Hexadecimal.decode(try shape.text("content")) else {
                throw .wrong("content", expected: "hexadecimal digits")
            }
            return .publish(try shape.code("kind"), content)
        case "explain":
            let packet = ExplainedPacket(
                source: try shape.parsed("source"), destination: try shape.parsed("destination"),
                transport: try shape.integer("protocol"), port: try shape.optionalInteger("port"))
            guard packet.source.family == packet.destination.family else {
                throw .wrong("source", expected: "of the destination's family")
            }
            return .explain(packet)
        default: return nil
        }
    }
}
