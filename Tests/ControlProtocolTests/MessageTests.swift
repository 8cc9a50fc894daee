import ControlProtocol
import NetworkTypes
import Testing

@Suite struct MessageTests {
    @Test(arguments: [
        ControlRequest.status, .reload, .plan, .ping(site: "ufl", timeoutMilliseconds: 1_000),
        .wait(site: nil, timeoutSeconds: nil), .wait(site: "ufl", timeoutSeconds: 30), .ring,
        .crawl, .leases, .trace(target: "ufl", forcesOverlay: false, timeoutMilliseconds: 5_000),
        .trace(target: "fd00::1", forcesOverlay: true, timeoutMilliseconds: 1), .publications,
        .publish(.revocationList, [UInt8](repeating: 200, count: ControlLimits.publicationByteCount)),
        .explain(
            ExplainedPacket(
                source: IPAddress(192, 0, 2, 1), destination: IPAddress(192, 0, 2, 2), transport: 6, port: 443)),
        .explain(
            ExplainedPacket(
                source: IPAddress(v6High: 1, low: 1), destination: IPAddress(v6High: 1, low: 2), transport: 58)),
    ])
    func `a request reads back as what was written`(request: ControlRequest) throws {
        let line = request.line

        #expect(try ControlRequest(line: Array(line.utf8)) == request)
        #expect(!line.utf8.contains(UInt8(ascii: "\n")))
    }

    @Test(arguments: [
        ("", ControlErrorCode.malformedRequest), ("{", .malformedRequest), ("[]", .badArgument), ("{}", .badArgument),
        (#"{"request":"explode"}"#, .unknownRequest), (#"{"request":1}"#, .badArgument),
        (#"{"request":"ping"}"#, .badArgument), (#"{"request":"wait","timeoutSeconds":-1}"#, .badArgument),
        (#"{"request":"publish","kind":"grid-profile","content":"0"}"#, .badArgument),
        (#"{"request":"explain","source":"10.0.0.1","destination":"fd00::1","protocol":1}"#, .badArgument),
        (#"{"request":"explain","source":"10.0.0.1","destination":"10.0.0.2","protocol":256}"#, .badArgument),
        (#"{"request":"trace"}"#, .badArgument), (#"{"request":"trace","target":"x","overlay":1}"#, .badArgument),
        (#"{"request":"status"} "x""#, .malformedRequest),
        (String(repeating: " ", count: ControlLimits.requestByteCount) + #"{"request":"status"}"#, .requestTooLong),
    ])
    func `a request that is not understood is answered by a number`(line: String, code: ControlErrorCode) {
        let failure = #expect(throws: ControlFailure.self) { try ControlRequest(line: Array(line.utf8)) }

        #expect(failure?.code == code)
    }

    @Test func `the timeout of a ping is kept within its limits`() throws {
        let line = #"{"request":"ping","site":"ufl","timeoutMilliseconds":4000000000}"#

        #expect(try ControlRequest(line: Array(line.utf8)) == .ping(site: "ufl", timeoutMilliseconds: 10_000))
    }

    @Test func `a trace has a timeout, within its limits, and takes the best way unless told`() throws {
        let bare = #"{"request":"trace","target":"ufl"}"#
        let long = #"{"request":"trace","target":"ufl","overlay":true,"timeoutMilliseconds":4000000000}"#

        #expect(
            try ControlRequest(line: Array(bare.utf8))
                == .trace(target: "ufl", forcesOverlay: false, timeoutMilliseconds: 5_000))
        #expect(
            try ControlRequest(line: Array(long.utf8))
                == .trace(target: "ufl", forcesOverlay: true, timeoutMilliseconds: 30_000))
    }

    @Test func `a reply reads back as what was written`() throws {
        let replies: [ControlReply] = [
            .success(.null), .success(Example.report.json),
            .failure(ControlFailure(.configurationRejected, "a.yaml:1:2: error: \"x\"\nb: error: y")),
        ]

        for reply in replies {
            #expect(try ControlReply(line: Array(reply.line.utf8)) == reply)
            #expect(!reply.line.utf8.contains(UInt8(ascii: "\n")))
        }
    }

    @Test func `a reply that no line can hold becomes a failure`() throws {
        let reply = ControlReply.success(.string(String(repeating: "x", count: ControlLimits.replyByteCount)))

        guard case .failure(let failure) = try ControlReply(line: Array(reply.line.utf8)) else {
            Issue.record("the reply went out")
            return
        }
        #expect(failure.code == .replyTooLong)
    }

    @Test(arguments: ["", "null", "{}", #"{"ok":true}"#, #"{"ok":false,"code":1,"text":"x"}"#, #"{"ok":false}"#])
    func `what is no reply is refused`(line: String) {
        #expect(throws: JSONShapeError.self) { try ControlReply(line: Array(line.utf8)) }
    }

    @Test func `a report reads back as what was written`() throws {
        var report = Example.report
        report.problems = [.routeVanished(Example.prefix("10.9.0.0/16"), restored: true)]

        let text = report.json.compact

        #expect(try GatewayReport(json: JSONValue(parsing: text)) == report)
    }

    @Test func `a report without its optional parts keeps every key`() throws {
        var report = Example.report
        report.certificate = nil
        report.overlay.ringConsistent = nil
        report.host.deviceMTU = nil
        report.sites = [SiteReport(site: "x", node: Example.node, path: .down, reason: .noEndpoint)]

        #expect(try GatewayReport(json: JSONValue(parsing: report.json.compact)) == report)
        #expect(keys(report.json) == keys(Example.report.json))
        #expect(
            keys(report.json["sites"]?.elements?.first ?? .null)
                == keys(Example.report.json["sites"]?.elements?.first ?? .null))
    }

    @Test func `the results of reload, ping and wait read back as what was written`() throws {
        let reload = ReloadResult(changes: ["route 10.0.0.0/8 added"], warnings: ["w"])
        let ping = PingResult(
            site: "ufl", node: Example.node, rttMicroseconds: 850, path: .directUDP, endpoint: Endpoint("[::1]:7867"))
        let wait = WaitResult(members: 3, site: nil)

        #expect(try ReloadResult(json: JSONValue(parsing: reload.json.compact)) == reload)
        #expect(try PingResult(json: JSONValue(parsing: ping.json.compact)) == ping)
        #expect(try WaitResult(json: JSONValue(parsing: wait.json.compact)) == wait)
    }

    @Test func `a report with a key of the wrong kind is refused by name`() throws {
        guard case .object(var object) = Example.report.json else { return }
        object["uptimeSeconds"] = "long"

        #expect(throws: JSONShapeError.wrong("uptimeSeconds", expected: "a UInt64")) {
            try GatewayReport(json: .object(object))
        }
    }

    private func keys(_ value: JSONValue) -> [String] {
        guard case .object(let object) = value else { return [] }
        return object.keys
    }
}
