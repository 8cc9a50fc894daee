import Foundation
import GatewayLab
import Testing

/// What iperf3 moved.
struct IperfResult {
    /// Bytes that arrived at the receiver.
    let bytes: Double
    let bitsPerSecond: Double
    let lostPercent: Double?
    /// Bytes that arrived, by stream.
    let streams: [Double]
}

extension Lab {
    /// Pings between all pairs of hosts over both families and expects every packet back.
    func expectAllHostsReachEachOther(sourceLocation: SourceLocation = #_sourceLocation) throws {
        for (from, to) in pairs {
            for address in [to.hostAddress, to.hostAddress6] {
                try expectPing(address, from: .host(from), sourceLocation: sourceLocation)
            }
        }
    }

    /// Pings an address three times and expects three answers.
    func expectPing(_ address: String, from node: LabNode, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let result = try ping(address, from: node)
        if result.received == result.sent { return }
        Issue.record(
            "\(namespace(node)) to \(address): \(result.words)\n\(gatewaysInWords)", sourceLocation: sourceLocation)
    }

    /// What every gateway dropped and logged, for the message of a test that failed.
    private var gatewaysInWords: String {
        sites.map { site in
            let drops = (try? status(site).drops.map { "\($0.reason) \($0.packets)" }.joined(separator: ", ")) ?? "?"
            return "\(site.name) dropped: \(drops)\n\(logEnd(site))"
        }.joined(separator: "\n")
    }

    /// Waits until one host gets an answer from another. Returns the seconds it took.
    @discardableResult
    func waitForPing(_ address: String, from node: LabNode) throws(LabError) -> Double {
        try until("an answer from \(address)", timeLimit: Lab.joinLimit) { () throws(LabError) in
            try ping(address, from: node, count: 1).received == 1
        }
    }

    /// Sends a number of bytes with iperf3 from one host to another, or the other way round with `-R` in `extra`.
    func iperf(_ extra: [String], bytes: Int, from: LabSite, to: LabSite, address: String) throws -> IperfResult {
        let (server, log) = try start(["iperf3", "-s", "-1", "--forceflush"], at: .host(to), role: "iperf3")
        defer { server.stop(timeLimit: 1) }
        try until("iperf3's server") { text(log).contains("Server listening") && server.isRunning }
        let output = try require(
            ["iperf3", "-J", "-c", address, "-n", String(bytes)] + extra, at: .host(from), timeLimit: 120)
        let result = try JSONDecoder().decode(IperfOutput.self, from: Data(output.utf8))
        let sum = try #require(result.end.sumReceived ?? result.end.sum)
        return IperfResult(
            bytes: sum.bytes, bitsPerSecond: sum.bitsPerSecond, lostPercent: result.end.sum?.lostPercent,
            streams: result.end.streams.compactMap { $0.receiver?.bytes })
    }

    /// What a program has printed so far.
    func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

private struct IperfOutput: Decodable {
    struct Sum: Decodable {
        let bytes, bitsPerSecond: Double
        let lostPercent: Double?

        enum CodingKeys: String, CodingKey {
            case bytes
            case bitsPerSecond = "bits_per_second"
            case lostPercent = "lost_percent"
        }
    }
    struct Stream: Decodable {
        struct Receiver: Decodable { let bytes: Double }
        let receiver: Receiver?
    }
    struct End: Decodable {
        let sumReceived, sum: Sum?
        let streams: [Stream]

        enum CodingKeys: String, CodingKey {
            case sum, streams
            case sumReceived = "sum_received"
        }
    }
    let end: End
}

/// Prints a measured figure that no test depends on.
func report(_ what: String, _ value: Double, _ unit: String) {
    print(String(format: "    measured: %@ %.3g %@", what, value, unit))
}
