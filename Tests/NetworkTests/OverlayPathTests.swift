import GatewayLab
import Testing

/// What the commands say of gateways that cannot talk directly, and of one that is gone.
///
///     [ufl]  --wan--+
///         x         |     ufl and lsu are kept apart
///     [lsu]  --wan--+-- br0
///     [cern] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("detour")) struct OverlayPathTests {
        @Test func `what cannot go directly goes over the third, and trace says so`() throws {
            let lab = try Lab.ofSuite()
            try lab.block([lab.pair(lab.ufl, lab.lsu)])
            defer { try? lab.openWAN() }
            try until("paths through a relay", timeLimit: Lab.joinLimit) { () throws(LabError) in
                let there = try lab.status(lab.ufl).site("lsu")?.path, back = try lab.status(lab.lsu).site("ufl")?.path
                return there == "relay" && back == "relay"
            }

            for target in ["lsu", lab.lsu.hostAddress, lab.lsu.hostAddress6] {
                let trace = try lab.trace(target, from: lab.ufl)

                #expect(trace.status == 0 && trace.report.path == "relay", "\(trace.report)")
                #expect(trace.report.hops.map(\.site) == ["cern", "lsu"])
                #expect(trace.report.hops.map(\.index) == [1, 2])
                for hop in trace.report.hops {
                    #expect(hop.path == "direct-udp" && hop.reason == "ok" && hop.endpoint != nil, "\(hop)")
                    #expect(hop.rttMicroseconds != nil && hop.linkRttMicroseconds != nil, "\(hop)")
                }
                #expect(trace.report.hops.last?.endpoint == "\(lab.lsu.wanAddress):7867")
            }
            #expect(try lab.trace("cern", from: lab.ufl).report.path == "direct-udp")
            #expect(try lab.require(["ipop", "status"], at: .gateway(lab.ufl)).contains("relay via cern"))
            try lab.waitForPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }

        /// The two that are kept apart stand beside each other in a ring of three.
        @Test func `a crawl finds the ring consistent although two neighbours cannot talk`() throws {
            let lab = try Lab.ofSuite()
            try lab.block([lab.pair(lab.ufl, lab.lsu)])
            defer { try? lab.openWAN() }
            try until("the two to name another linked neighbour", timeLimit: Lab.joinLimit) { () throws(LabError) in
                let (ufl, lsu) = (try lab.ring(lab.ufl), try lab.ring(lab.lsu))
                return !ufl.links.contains { $0.site == "lsu" } && !lsu.links.contains { $0.site == "ufl" }
            }
            try until("the ring to be found consistent", timeLimit: Lab.joinLimit) { () throws(LabError) in
                try lab.crawl(lab.cern).status == 0
            }

            let crawl = try lab.crawl(lab.ufl)

            #expect(crawl.status == 0)
            #expect(crawl.report.answered == 3 && crawl.report.consistent && crawl.report.inconsistent.isEmpty)
        }

        @Test func `a gateway that is gone answers no trace and is silent in a crawl`() throws {
            let lab = try Lab.ofSuite()
            lab.killGateway(lab.cern)
            defer {
                try? lab.startGateway(lab.cern)
                try? lab.waitUntilInGrid([lab.cern])
            }

            let trace = try lab.trace("cern", from: lab.ufl, ["--timeout", "0.5"])
            let crawl = try lab.crawl(lab.ufl)

            #expect(trace.status == 1 && trace.report.error != nil)
            #expect(crawl.report.members == 3 && crawl.report.silent.map(\.site).contains("cern"))
            #expect(crawl.report.answered == 3 - crawl.report.silent.count)
        }
    }
}
