import Foundation
import GatewayLab

// What a stream between two hosts notices.
extension Lab {
    /// The longest time without a byte at the receiver of a stream under which something happens, in seconds.
    ///
    /// The stream must have flowed before, and flow again after it.
    func streamGap(from: LabSite, to: LabSite, _ happens: () throws -> Void) throws -> Double {
        let (server, serverLog) = try start(["iperf3", "-s", "-1", "--forceflush"], at: .host(from), role: "iperf3")
        defer { server.stop(timeLimit: 1) }
        try until("iperf3's server") { server.isRunning && words(serverLog).contains("Server listening") }
        let (client, log) = try start(
            [
                "iperf3", "-c", from.hostAddress, "--reverse", "--bitrate", "20M", "--time", String(Self.streamSeconds),
                "--interval", String(Self.interval), "--forceflush", "--format", "k",
            ], at: .host(to), role: "iperf3 client")
        defer { client.stop(timeLimit: 1) }
        try until("ten intervals with data") { intervals(log).filter { $0 > 0 }.count >= 10 }
        let before = intervals(log).count

        try happens()

        // From the first silence on, a second's worth of data again; or no silence at all in five seconds.
        try until("data again", timeLimit: Double(Self.streamSeconds)) { () throws(LabError) in
            let after = intervals(log).dropFirst(before)
            guard let silence = after.firstIndex(of: 0) else { return after.count >= 50 }
            return after[silence...].filter { $0 > 0 }.count >= 10
        }
        let runs = intervals(log).dropFirst(before).split { $0 > 0 }
        return Double(runs.map(\.count).max() ?? 0) * Self.interval
    }

    /// Seconds of a stream, enough for two of the slowest repairs.
    private static let streamSeconds = 40
    private static let interval = 0.1

    /// Kilobits a second in each interval of what iperf3 has printed so far.
    private func intervals(_ log: String) -> [Double] {
        // [  5]   0.10-0.20   sec   256 KBytes  20970 Kbits/sec
        words(log).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard let unit = fields.firstIndex(of: "Kbits/sec"), unit > 0,
                !line.hasSuffix("sender"), !line.hasSuffix("receiver")
            else { return nil }
            return Double(fields[unit - 1])
        }
    }

    private func words(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
