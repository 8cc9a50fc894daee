import Foundation
import GatewayLab
import Testing

/// The whole grid loses its power at once.
extension NetworkTests {
    @Suite(.serialized, .lab("powercut")) struct PowerCutTests {
        @Test func `after a power cut of all gateways each site has its leases in their epochs`() throws {
            let lab = try Lab.ofSuite()
            let before = try lab.sites.map { try heldEpochs(lab, $0) }

            lab.killGateways(lab.sites)
            for site in lab.sites { try lab.startGateway(site) }
            try lab.waitUntilInGrid(lab.sites)

            let after = try lab.sites.map { try heldEpochs(lab, $0) }
            #expect(after == before)
        }

        @Test func `a file of leases that is damaged is left out, told, and made anew`() throws {
            let lab = try Lab.ofSuite()
            let before = try heldEpochs(lab, lab.cern)
            let file = savedLeases(lab, lab.cern)
            lab.killGateway(lab.cern)
            try "ipop".write(toFile: file, atomically: true, encoding: .utf8)
            try lab.startGateway(lab.cern)
            try lab.waitUntilInGrid(lab.cern)

            // The other two have kept what it held.
            #expect(try heldEpochs(lab, lab.cern) == before)
            #expect(lab.log(lab.cern).contains("state not read"))
        }

        private func savedLeases(_ lab: Lab, _ site: LabSite) -> String { "\(lab.directories(site).state)/leases" }

        /// The epoch of each lease of a site, once all are held, kept by all and written down.
        private func heldEpochs(_ lab: Lab, _ site: LabSite) throws -> [String: UInt64] {
            try until("the leases of \(site.name)", timeLimit: Lab.joinLimit) { () throws(LabError) in
                let leases = try lab.leases(site)
                return leases.count == site.subnets.count && leases.allSatisfy { $0.state == "held" && $0.stored == 3 }
            }
            try until("the file of them", timeLimit: Lab.joinLimit) { () throws(LabError) in
                guard let bytes = FileManager.default.contents(atPath: savedLeases(lab, site)) else { return false }
                return site.subnets.allSatisfy { bytes.range(of: Data("prefix:\($0)".utf8)) != nil }
            }
            return Dictionary(uniqueKeysWithValues: try lab.leases(site).map { ($0.key, $0.epoch ?? 0) })
        }
    }
}
