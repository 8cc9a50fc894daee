import GatewayLab
import Testing

/// A gateway with two uplinks.
///
///     [ufl] --wan-- br0 --+
///           --wan2- br1 --+-- [lsu], [cern]
extension NetworkTests {
    @Suite(.serialized, .lab("uplinks", sites: 3)) struct UplinkTests {
        @Test func `a stream goes on when one of two uplinks lets nothing through any more`() throws {
            let lab = try Lab.ofSuite()
            try untilChosen("wan")
            defer { try? lab.openWAN() }

            // No carrier goes, so the kernel notices nothing.
            let gap = try lab.streamGap(from: lab.ufl, to: lab.lsu) { try lab.setUDPBlocked(lab.ufl, true) }

            report("gap in a stream whose uplink let nothing through any more", gap, "s")
            try expectPath(over: "wan2")
        }

        @Test func `a stream goes on when the cable of one of two uplinks is pulled`() throws {
            let lab = try Lab.ofSuite()
            try untilChosen("wan")
            defer { try? lab.setPlugged(lab.ufl, true) }

            let gap = try lab.streamGap(from: lab.ufl, to: lab.lsu) { try lab.setPlugged(lab.ufl, false) }

            report("gap in a stream whose uplink had its cable pulled", gap, "s")
            try expectPath(over: "wan2")
        }

        /// Gives ufl its second uplink, if it has none, and waits until it reaches lsu over one of its uplinks.
        private func untilChosen(_ uplink: String) throws {
            let lab = try Lab.ofSuite()
            #expect(try lab.status(lab.cern).site("ufl")?.uplink == nil, "one uplink is no choice")
            // Back over the first, from whatever was before: the second goes, and comes again.
            if try lab.hasSecondUplink(lab.ufl) { try lab.setSecondPlugged(lab.ufl, false) }
            try lab.addSecondUplink(lab.ufl)
            try until("a direct path over \(uplink)", timeLimit: Lab.joinLimit) { () throws(LabError) in
                let site = try lab.status(lab.ufl).site("lsu")
                return site?.path == "direct-udp" && [nil, uplink].contains(site?.uplink)
            }
            try lab.setSecondPlugged(lab.ufl, true)
            try until("a name for the uplink", timeLimit: Lab.joinLimit) { () throws(LabError) in
                try lab.status(lab.ufl).site("lsu")?.uplink == uplink
            }
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }

        private func expectPath(over uplink: String) throws {
            let lab = try Lab.ofSuite()
            let site = try #require(try lab.status(lab.ufl).site("lsu"))
            #expect(site.path == "direct-udp" && site.uplink == uplink && site.reason == "ok")
        }
    }
}
