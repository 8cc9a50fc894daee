import ControlProtocol
import NetworkTypes

/// What a row of probes brought.
struct PingStatistics {
    let site: String
    private(set) var answers: [Result<PingResult, ControlFailure>] = []
    private(set) var sent = 0
    private(set) var received = 0
    private var total: UInt64 = 0
    private var least: UInt64?
    private var most: UInt64?

    /// Answers that are kept for the document; the sums go on.
    static let keptAnswers = 100_000

    init(site: String) { self.site = site }

    mutating func note(_ answer: Result<PingResult, ControlFailure>) {
        sent += 1
        if answers.count < Self.keptAnswers { answers.append(answer) }
        guard case .success(let result) = answer else { return }
        received += 1
        // A daemon that makes no sense must not trap the sum.
        total &+= result.rttMicroseconds
        least = min(least ?? .max, result.rttMicroseconds)
        most = max(most ?? 0, result.rttMicroseconds)
    }

    /// The line of the newest probe.
    func line(of answer: Result<PingResult, ControlFailure>) -> String {
        switch answer {
        case .success(let result):
            var way = result.path.rawValue
            if let endpoint = result.endpoint { way += " \(endpoint)" }
            if let via = result.via { way += " via \(via)" }
            let time = HumanUnits.roundTrip(microseconds: result.rttMicroseconds)
            return "answer from \(site) (\(result.node.abbreviated)): seq=\(sent) path=\(way) time=\(time)\n"
                .printableLine
        case .failure(let failure):
            return "no answer from \(site): seq=\(sent) \(failure.text)\n".printableLine
        }
    }

    /// The lines at the end.
    var summary: String {
        var text = "\n--- \(site): \(sent) sent, \(received) received, \(HumanUnits.percent(lossPercent)) loss"
        if let least, let most {
            let times = [least, total / UInt64(received), most].map { HumanUnits.roundTrip(microseconds: $0) }
            text += "; round trip min/avg/max \(times.joined(separator: "/"))"
        }
        return text + "\n"
    }

    /// The document that `--json` prints.
    var json: JSONValue {
        [
            "schema": 1, "site": .string(site), "sent": JSONValue(sent), "received": JSONValue(received),
            "lossPercent": .tenths(lossPercent), "minimumMicroseconds": .count(least),
            "averageMicroseconds": .count(received > 0 ? total / UInt64(received) : nil),
            "maximumMicroseconds": .count(most),
            "answers": .array(answers.enumerated().map { Self.json($0.offset + 1, $0.element) }),
        ]
    }

    private var lossPercent: Double { sent > 0 ? 100 * Double(sent - received) / Double(sent) : 0 }

    /// Every key always there: what has no answer has its error.
    private static func json(_ sequence: Int, _ answer: Result<PingResult, ControlFailure>) -> JSONValue {
        let result = try? answer.get()
        var error: String?
        if case .failure(let failure) = answer { error = failure.text }
        return [
            "sequence": JSONValue(sequence), "rttMicroseconds": .count(result?.rttMicroseconds),
            "node": .text(result?.node), "path": .text(result?.path.rawValue), "endpoint": .text(result?.endpoint),
            "via": .text(result?.via), "error": .text(error),
        ]
    }
}

extension String {
    /// One line, its control characters gone but for the line break at its end.
    fileprivate var printableLine: String { String(dropLast()).printable + "\n" }
}
