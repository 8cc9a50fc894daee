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

            let gap = try lab.streamGap(from: lab.ufl, to: lab.ornl) { try lab.block([lab.pair(lab.ufl, lab.ornl)]) }

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

            let gap = try lab.streamGap(from: lab.lsu, to: lab.cern) { lab.killGateway(killed) }

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

            let gap = try lab.streamGap(from: lab.ufl, to: moving) { _ = try lab.renumber(moving) }

            report("gap in a stream whose site \(name) moved", gap, "s")
        }
    }
}
