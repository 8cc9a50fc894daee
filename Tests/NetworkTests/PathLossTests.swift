import Foundation
import GatewayLab
import Testing

/// What a stream between two hosts notices when the path under it goes.
///
///     [lsu], [cern] -- a symmetric NAT each --+
///     [ufl], [ornl] -- public ----------------+-- br0
extension NetworkTests {
    @Suite(
        .serialized,
        .lab("loss", sites: 4, nats: ["lsu": .own(.symmetric), "cern": .own(.symmetric)]))
    struct PathLossTests {
        @Test func `a stream goes on when its direct path is cut`() throws {
            let lab = try Lab.ofSuite()
            try until("a direct path", timeLimit: Lab.joinLimit) { () throws(LabError) in
                try lab.status(lab.ufl).site("ornl")?.path == "direct-udp"
            }
            defer { try? lab.openWAN() }

            let gap = try gap(from: lab.ufl, to: lab.ornl) { try lab.block([lab.pair(lab.ufl, lab.ornl)]) }

            report("gap in a stream whose direct path was cut", gap, "s")
        }

        @Test func `a stream goes on when the member in the middle of its path is killed`() throws {
            let lab = try Lab.ofSuite()
            var middle: LabSite?
            try until("a path by way of a public member", timeLimit: Lab.joinLimit) { () throws(LabError) in
                let name = try lab.trace("cern", from: lab.lsu).report.hops.first?.site
                middle = [lab.ufl, lab.ornl].first { $0.name == name }
                return middle != nil
            }
            let killed = try #require(middle)
            defer {
                try? lab.startGateway(killed)
                try? lab.waitUntilInGrid([killed])
            }

            let gap = try gap(from: lab.lsu, to: lab.cern) { lab.killGateway(killed) }

            report("gap in a stream whose relay was killed", gap, "s")
        }

        /// lsu's NAT gets another public address, ornl's gateway itself: sessions and the hosts' connections live on.
        @Test(arguments: ["lsu", "ornl"]) func `a stream goes on when its site's public address changes`(
            name: String
        ) throws {
            let lab = try Lab.ofSuite(), moving = try lab.site(named: name)
            try until("a direct path", timeLimit: Lab.joinLimit) { () throws(LabError) in
                try lab.status(lab.ufl).site(name)?.path == "direct-udp"
            }
            defer { _ = try? lab.renumber(moving) }

            let gap = try gap(from: lab.ufl, to: moving) { _ = try lab.renumber(moving) }

            report("gap in a stream whose site \(name) moved", gap, "s")
        }

        /// Seconds of a stream, enough for two of the slowest repairs.
        private static let seconds = 40
        private static let interval = 0.1

        /// The longest time without a byte at the receiver of a stream under which something happens, in seconds.
        ///
        /// The stream must have flowed before, and flow again after it.
        private func gap(from: LabSite, to: LabSite, _ happens: () throws -> Void) throws -> Double {
            let lab = try Lab.ofSuite()
            let (server, serverLog) = try lab.start(
                ["iperf3", "-s", "-1", "--forceflush"], at: .host(from), role: "iperf3")
            defer { server.stop(timeLimit: 1) }
            try until("iperf3's server") { server.isRunning && words(serverLog).contains("Server listening") }
            let (client, log) = try lab.start(
                [
                    "iperf3", "-c", from.hostAddress, "--reverse", "--bitrate", "20M", "--time", String(Self.seconds),
                    "--interval", String(Self.interval), "--forceflush", "--format", "k",
                ], at: .host(to), role: "iperf3 client")
            defer { client.stop(timeLimit: 1) }
            try until("ten intervals with data") { intervals(log).filter { $0 > 0 }.count >= 10 }
            let before = intervals(log).count

            try happens()

            // From the first silence on, a second's worth of data again; or no silence at all in five seconds.
            try until("data again", timeLimit: Double(Self.seconds)) { () throws(LabError) in
                let after = intervals(log).dropFirst(before)
                guard let silence = after.firstIndex(of: 0) else { return after.count >= 50 }
                return after[silence...].filter { $0 > 0 }.count >= 10
            }
            let runs = intervals(log).dropFirst(before).split { $0 > 0 }
            return Double(runs.map(\.count).max() ?? 0) * Self.interval
        }

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
}
