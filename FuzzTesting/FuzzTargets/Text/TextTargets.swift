import ControlProtocol
import NetworkTypes

/// Addresses and names, wherever they are written.
enum AddressTextTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let text = String(decoding: input, as: UTF8.self)
        try survives(IPAddress(text), IPAddress.init(_:))
        try survives(IPPrefix(text), IPPrefix.init(_:))
        try survives(Endpoint(text), Endpoint.init(_:))
        try survives(HostAndPort(text), HostAndPort.init(_:))
        try survives(NodeAddress(text), NodeAddress.init(_:))
        try survives(MACAddress(text), MACAddress.init(_:))
        try survives(UTCTime(text), UTCTime.init(_:))
        if SiteName.isValid(text) {
            try expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "a site's name can be printed")
        }
    }

    private static func survives<Value: Equatable & CustomStringConvertible>(
        _ value: Value?, _ read: (String) -> Value?
    ) throws(PropertyViolation) {
        guard let value else { return }
        try expect(read(value.description) == value, "\(Value.self) \(value) survives being written and read")
    }
}

/// Any JSON text.
enum JSONTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let value = try? JSONValue(parsing: input) else { return }
        let text = value.compact
        try expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }, "no control character is printed")
        try expect((try? JSONValue(parsing: text)) == value, "JSON survives being written and read: \(text)")
        try expect(text.utf8.count <= 6 * input.count + 32, "JSON does not grow beyond its escapes")
        _ = try? GatewayReport(json: value)
        _ = try? ReloadResult(json: value)
        _ = try? PingResult(json: value)
        _ = try? WaitResult(json: value)
    }
}

/// A line that a program writes to the daemon's control socket.
enum ControlRequestTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let result = Result { () throws(ControlFailure) in try ControlRequest(line: input) }
        switch result {
        case .success(let request):
            let same = try? ControlRequest(line: Array(request.line.utf8))
            try expect(same == request, "a request survives being written and read")
        case .failure(let failure):
            let line = ControlReply.failure(failure).line
            try expect(!line.utf8.contains(UInt8(ascii: "\n")), "a reply is one line")
            try expect(line.utf8.count <= 6 * input.count + 500, "an error is short")
        }
    }
}

/// What somebody sends to the metrics server.
enum MetricsRequestTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        // As it comes: once it is understood, more bytes change nothing.
        guard let request = MetricsRequest(input) else {
            try expect(input.count < MetricsRequest.byteLimit, "a request that does not end is refused")
            return
        }
        let isFinal = request == MetricsRequest(input + [UInt8(ascii: "x")])
        try expect(isFinal || input.count >= MetricsRequest.byteLimit, "what comes later changes nothing")
        var isDrawn = false
        let answer = MetricsResponse.bytes(to: request, unixSeconds: 0) {
            isDrawn = true
            return []
        }
        try expect(answer.count < 400, "an answer without the page is short")
        try expect(!isDrawn || input.containsText("/metrics"), "the page is drawn for its path only")
    }
}

extension [UInt8] {
    fileprivate func containsText(_ text: String) -> Bool { String(decoding: self, as: UTF8.self).contains(text) }
}

/// A line that the daemon, or who sits in its place, answers.
enum ControlReplyTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let reply = try? ControlReply(line: input) else { return }
        let same = try? ControlReply(line: Array(reply.line.utf8))
        try expect(same == reply, "a reply survives being written and read")
        guard case .success(let payload) = reply, let report = try? GatewayReport(json: payload) else { return }
        // Percentages are written in tenths, so it is the written form that stays.
        let again = try? GatewayReport(json: report.json)
        try expect(again?.json == report.json, "a report survives being written and read")
    }
}
