import GatewayLab
import Testing

/// What the emulated WAN lets through, gateway to gateway, with the kernel routing between the sites.
///
///     [ufl] --wan--+
///     [lsu] --wan--+-- br0, ports kept apart by nftables
///     [cern] -wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("wan", sites: 3, mode: .plain)) struct WANTests {
        @Test func `a blocked pair has no way over either family, in silence, and the others have`() throws {
            let lab = try Lab.ofSuite()
            try expectReachable(allExcept: [])

            try lab.block([lab.pair(lab.lsu, lab.ufl)])
            defer { try? lab.openWAN() }

            try expectReachable(allExcept: [lab.pair(lab.ufl, lab.lsu)])
            let silence = try lab.ping(lab.lsu.wanAddress, from: .gateway(lab.ufl), count: 1)
            #expect(!silence.words.contains("nreachable"), "\(silence.words)")
            try lab.unblock([lab.pair(lab.ufl, lab.lsu)])
            try expectReachable(allExcept: [])
        }

        @Test func `only the pairs allowed have a way, until the WAN is open again`() throws {
            let lab = try Lab.ofSuite()

            try lab.allowOnly([lab.pair(lab.ufl, lab.cern)])
            defer { try? lab.openWAN() }

            try expectReachable(allExcept: [lab.pair(lab.ufl, lab.lsu), lab.pair(lab.lsu, lab.cern)])
            try lab.openWAN()
            try expectReachable(allExcept: [])
        }

        @Test func `the command blocks, shows, narrows and opens`() throws {
            let lab = try Lab.ofSuite()
            defer { try? lab.openWAN() }
            func wan(_ arguments: String...) throws -> ProgramResult {
                try lab.ownCommand(["lab", "wan"] + arguments + ["--name", lab.plan.name])
            }

            #expect(try wan("block", "ufl").succeeded)
            #expect(try lab.blockedPairs() == [lab.pair(lab.ufl, lab.lsu), lab.pair(lab.ufl, lab.cern)])
            #expect(try wan("show").output.contains("ufl: lsu cern"))
            #expect(try wan("unblock", "lsu", "ufl").succeeded)
            #expect(try lab.blockedPairs() == [lab.pair(lab.ufl, lab.cern)])
            #expect(try wan("only", "cern:ufl").succeeded)
            #expect(try lab.blockedPairs() == [lab.pair(lab.ufl, lab.lsu), lab.pair(lab.lsu, lab.cern)])
            #expect(try wan("open").succeeded)
            #expect(try lab.blockedPairs().isEmpty)
        }

        @Test func `a site without UDP keeps everything else, until the WAN is open again`() throws {
            let lab = try Lab.ofSuite()
            defer { try? lab.openWAN() }
            let ufl = try UDPProbe(lab, at: .gateway(lab.ufl)), lsu = try UDPProbe(lab, at: .gateway(lab.lsu))
            _ = try ufl.source(seenBy: lsu, at: lab.lsu.wanAddress)

            try lab.setUDPBlocked(lab.lsu, true)

            ufl.send("to lsu", to: try endpoint(lab.lsu.wanAddress, lsu.port))
            lsu.send("to ufl", to: try endpoint(lab.ufl.wanAddress, ufl.port))
            try expectReachable(allExcept: [])
            #expect(try ufl.take() == nil && lsu.take() == nil)
            #expect(try lab.udpBlockedSites() == [lab.lsu])
            try lab.openWAN()
            _ = try ufl.source(seenBy: lsu, at: lab.lsu.wanAddress)
        }

        @Test func `a site that is unplugged has no carrier and reaches nobody, until it is plugged in again`() throws {
            let lab = try Lab.ofSuite()
            func wan(_ arguments: String...) throws -> ProgramResult {
                try lab.ownCommand(["lab", "wan"] + arguments + ["--name", lab.plan.name])
            }
            func carrier() throws -> String {
                try lab.require(["cat", "/sys/class/net/wan/carrier"], at: .gateway(lab.cern))
            }

            #expect(try wan("unplug", "cern").succeeded)
            defer { try? lab.setPlugged(lab.cern, true) }

            #expect(try carrier() == "0\n")
            #expect(try wan("show").output.contains("unplugged: cern"))
            try expectReachable(allExcept: [lab.pair(lab.ufl, lab.cern), lab.pair(lab.lsu, lab.cern)])
            #expect(try wan("plug", "cern").succeeded)
            #expect(try carrier() == "1\n")
            try expectReachable(allExcept: [])
        }

        @Test func `a second uplink is another way in, and the way out when the first is unplugged`() throws {
            let lab = try Lab.ofSuite()
            func wan(_ arguments: String...) throws -> ProgramResult {
                try lab.ownCommand(["lab", "wan"] + arguments + ["--name", lab.plan.name])
            }
            func isReached(_ address: String, from site: LabSite) throws -> Bool {
                try lab.ping(address, from: .gateway(site), count: 1).received == 1
            }
            #expect(try wan("unplug", "--second", "cern").status == 2)
            #expect(try !isReached(lab.cern.secondAddress, from: lab.ufl))

            #expect(try wan("second-uplink", "cern").succeeded && wan("second-uplink", "cern").succeeded)

            #expect(try isReached(lab.cern.secondAddress, from: lab.ufl))
            try lab.setPlugged(lab.cern, false)
            #expect(try isReached(lab.cern.secondAddress, from: lab.ufl))
            #expect(try isReached(lab.ufl.wanAddress, from: lab.cern))
            #expect(try wan("unplug", "--second", "cern").succeeded)
            #expect(try !isReached(lab.cern.secondAddress, from: lab.ufl))
            try lab.setPlugged(lab.cern, true)
            #expect(try isReached(lab.ufl.wanAddress, from: lab.cern))
            #expect(try wan("plug", "--second", "cern").succeeded)
        }

        @Test(arguments: [["block", "nowhere"], ["block", "ufl", "ufl"], ["only", "ufl"], ["only", "ufl:nowhere"]])
        func `what names no pair is refused and changes nothing`(arguments: [String]) throws {
            let lab = try Lab.ofSuite()

            let result = try lab.ownCommand(["lab", "wan"] + arguments + ["--name", lab.plan.name])

            #expect(result.status == 2, "\(result.everything)")
            #expect(try lab.blockedPairs().isEmpty)
        }

        /// Pings between all gateways' WAN addresses over both families, all at once.
        private func expectReachable(
            allExcept blocked: Set<SitePair>, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let lab = try Lab.ofSuite()
            let asked = lab.pairs.flatMap { from, to in
                [to.wanAddress, to.wanAddress6].map { (from: from, to: to, address: $0) }
            }
            let calls = try asked.map {
                try lab.call(["ping", "-n", "-c", "1", "-W", "1", $0.address], at: .gateway($0.from))
            }
            for (pair, result) in zip(asked, try ProgramRun.run(calls, atOnce: calls.count)) {
                let isBlocked = blocked.contains(lab.pair(pair.from, pair.to))
                #expect(
                    result.succeeded != isBlocked, "\(pair.from.name) to \(pair.address): \(result.everything)",
                    sourceLocation: sourceLocation)
            }
        }
    }
}
