import Foundation
import GatewayLab
import Testing

/// Five gateways of which none is needed: whichever falls, the rest go on.
extension NetworkTests {
    @Suite(.serialized, .lab("nohub", sites: 5)) struct NoHubTests {
        /// Beyond these seconds nothing is expected to come any more, on the slowest machine.
        private static let patience = 60.0

        @Test func `without bootstrap member and authority nothing is lost, and a restarted gateway comes back`() throws
        {
            let lab = try Lab.ofSuite()
            let mesh = try EchoMesh(lab)
            let rest = Array(lab.sites.dropFirst())
            // Nothing at run time needs the authority: its folder is not on any gateway, and now nowhere.
            try ProgramRun.require(["rm", "-r", "--", lab.authority])

            // Every site's file names ufl alone.
            let (traffic, log) = try lab.start(
                ["ping", "-n", "-q", "-i", "0.02", "-c", "200", lab.cern.hostAddress], at: .host(lab.lsu),
                role: "traffic")
            lab.killGateway(lab.ufl)
            mesh.untilAllAnswer(rest, timeLimit: Self.patience).expectNobodySilent(in: lab)
            #expect(traffic.waitForEnd(timeLimit: 30))
            let words = try String(contentsOfFile: log, encoding: .utf8)
            #expect(words.contains(" 200 received"), "traffic between the rest does not notice: \(words)")

            // ornl starts with nobody to ask but those that it remembers.
            lab.killGateway(lab.ornl)
            try lab.startGateway(lab.ornl)
            let back = mesh.untilAllAnswer(rest, timeLimit: Self.patience)
            back.expectNobodySilent(in: lab)
            report("all pairs of four answered after the restart of one", back.seconds, "s")

            try lab.startGateway(lab.ufl)
            mesh.untilAllAnswer(lab.sites, timeLimit: Self.patience).expectNobodySilent(in: lab)
        }

        @Test func `the rest reach each other when the best connected member falls`() throws {
            let lab = try Lab.ofSuite()
            let mesh = try EchoMesh(lab)
            let hub = lab.cern
            let rest = lab.sites.filter { $0 != hub }
            // Everybody has a way to cern, and beside it there is no more than a row: ufl, lsu, ornl, site5.
            let row = zip(rest, rest.dropFirst()).map { lab.pair($0, $1) }
            try lab.allowOnly(row + rest.map { lab.pair(hub, $0) })
            defer { try? lab.openWAN() }
            try waitForDirectPaths(row.count * 2 + rest.count * 2, of: lab.sites)
            let direct = try lab.paths(lab.sites).mapValues { $0.values.count { $0 == "direct-udp" } }
            #expect(direct.max { $0.value < $1.value }?.key == hub, "\(direct)")
            mesh.untilAllAnswer(lab.sites, timeLimit: Self.patience).expectNobodySilent(in: lab)

            lab.killGateway(hub)

            let repaired = mesh.untilAllAnswer(rest, timeLimit: Self.patience)
            repaired.expectNobodySilent(in: lab)
            report("all pairs of a row of four answered without the hub", repaired.seconds, "s")

            try lab.openWAN()
            try lab.startGateway(hub)
            try waitForDirectPaths(lab.pairs.count, of: lab.sites)
            mesh.untilAllAnswer(lab.sites, timeLimit: Self.patience).expectNobodySilent(in: lab)
        }

        /// Waits until the gateways have so many direct paths altogether, each counted at both its ends.
        private func waitForDirectPaths(_ count: Int, of sites: [LabSite]) throws {
            let lab = try Lab.ofSuite()
            try until("\(count) direct paths", timeLimit: Self.patience) { () throws(LabError) in
                try lab.paths(sites).values.map { $0.values.count { $0 == "direct-udp" } }.reduce(0, +) == count
            }
        }
    }
}
