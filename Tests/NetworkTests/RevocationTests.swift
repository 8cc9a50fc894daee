import Foundation
import GatewayLab
import Testing

/// A site is cut off by the commands that an operator would type.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0
///     cern-host -lan-- [cern] --wan--+        revoked
extension NetworkTests {
    @Suite(.serialized, .lab("revoked")) struct RevocationTests {
        @Test func `a revoked site is cut off everywhere, told why, and not brought back by restarts`() throws {
            let lab = try Lab.ofSuite()
            let list = "\(lab.authority)/ca.crl"
            try lab.expectPing(lab.cern.hostAddress, from: .host(lab.ufl))

            let revoked = try lab.ownCommand(["cert", "revoke", "cern", "--ca", lab.authority])
            #expect(revoked.succeeded && revoked.output.contains("ipop publish \(list)"), "\(revoked.everything)")
            let published = try lab.require(["ipop", "publish", list], at: .gateway(lab.ufl))
            #expect(published.contains("revocation list 1, 1 certificate: published"), "\(published)")

            let rest = [lab.ufl, lab.lsu]
            try expectCutOff(lab, rest)
            try until("the reason at the revoked site", timeLimit: 60) { () throws(LabError) in
                try lab.status(lab.cern).sites.contains { $0.reason == "peer-refused-certificate-revoked" }
            }
            try until("the reason at the others", timeLimit: 60) { () throws(LabError) in
                try lab.status(lab.ufl).problems("E042").contains { $0.text.contains("peer's certificate revoked") }
            }

            lab.killGateways(lab.sites)
            for site in lab.sites { try lab.startGateway(site) }
            try lab.waitUntilInGrid(rest, reaching: rest)

            try expectCutOff(lab, rest)
            let held = try lab.require(["ipop", "publish"], at: .gateway(lab.lsu))
            #expect(held == "revocation list 1, 1 certificate\n")
            try expectRefusals(lab, list)
        }

        /// Nothing is left of the revoked site at the rest, who still have each other.
        private func expectCutOff(_ lab: Lab, _ rest: [LabSite]) throws {
            for site in rest {
                try until("\(site.name) without cern", timeLimit: 10) { () throws(LabError) in
                    let status = try lab.status(site)
                    return !status.sites.contains { $0.site == "cern" } && !status.routes.contains { $0.site == "cern" }
                }
            }
            for site in rest {
                #expect(try lab.ping(lab.cern.hostAddress, from: .host(site), count: 2).received == 0)
                #expect(try lab.ping(site.hostAddress, from: .host(lab.cern), count: 2).received == 0)
            }
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }

        /// A list of another grid, an older one, and a file that is none.
        private func expectRefusals(_ lab: Lab, _ list: String) throws {
            let (foreign, older) = ("\(lab.directory)/foreign", "\(lab.directory)/older.crl")
            for command in [
                ["grid", "create", "other", "--pool", "10.128.0.0/9", "--out", foreign],
                ["cert", "issue", "cern", "--ca", foreign, "--out", "\(foreign)/cern.ipop"],
                ["cert", "revoke", "cern", "--ca", foreign],
            ] { #expect(try lab.ownCommand(command).succeeded, "\(command)") }
            try FileManager.default.copyItem(atPath: list, toPath: older)
            for command in [
                ["cert", "issue", "ornl", "--ca", lab.authority, "--out", "\(lab.directory)/ornl.ipop"],
                ["cert", "revoke", "ornl", "--ca", lab.authority],
            ] { #expect(try lab.ownCommand(command).succeeded, "\(command)") }
            try lab.require(["ipop", "publish", list], at: .gateway(lab.lsu))

            for (file, words) in [
                (older, "the grid has a newer revocation list: 2"),
                ("\(foreign)/ca.crl", "not signed by this grid's authority"),
                ("\(foreign)/grid.yaml", "not signed by this grid's authority"),
                ("/etc/hostname", "error"),
            ] {
                let answer = try lab.run(["ipop", "publish", file], at: .gateway(lab.lsu))
                #expect(answer.status == 2 && answer.errors.contains(words), "\(file): \(answer.everything)")
            }
            let profile = try lab.require(
                ["ipop", "publish", "\(lab.authority)/grid.yaml"], at: .gateway(lab.lsu))
            #expect(profile.contains("grid profile"), "\(profile)")
            let again = try lab.require(["ipop", "publish", list], at: .gateway(lab.ufl))
            #expect(again.contains("was published before"), "\(again)")
        }
    }
}
