import GatewayLab
import Glibc
import Testing

/// Gateways come, go and fall while the others run.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0
///     cern-host -lan-- [cern] --wan--+
///     ornl-host -lan-- [ornl] --wan--+        joins later
extension NetworkTests {
    @Suite(.serialized, .lab("members")) struct MembershipTests {
        @Test func `a fourth site joins without a change at the others, and leaves`() throws {
            let lab = try Lab.ofSuite()
            let others = lab.sites
            let before = try others.map { try lab.configurationChecksums($0) }

            let ornl = try lab.addSite()
            try lab.join(ornl)
            try lab.startGateway(ornl)
            for (index, site) in others.enumerated() {
                let seconds = try lab.waitForRoutes(ornl.subnets, at: site)
                report("route to the new site at \(site.name), waited for \(index) sites before,", seconds, "s")
            }
            try lab.waitUntilInGrid(ornl)
            try lab.expectAllHostsReachEachOther()
            #expect(try others.map { try lab.configurationChecksums($0) } == before)

            #expect(lab.stopGateway(ornl), "ipopd ends when it is asked to")
            for site in others {
                report("end of its route at \(site.name)", try lab.waitForNoRoutes(ornl.subnets, at: site), "s")
                #expect(
                    try Set(lab.ipopRoutes(site).keys).isSuperset(of: others.filter { $0 != site }.flatMap(\.subnets)))
            }
            #expect(try lab.ipopRoutes(ornl).isEmpty)
            #expect(try lab.run(["ip", "link", "show", "ipop0"], at: .gateway(ornl)).status != 0)
        }

        @Test func `a killed gateway keeps device and routes, and its next start takes them over`() throws {
            let lab = try Lab.ofSuite()
            let index = try lab.require(["cat", "/sys/class/net/ipop0/ifindex"], at: .gateway(lab.lsu))
            let routes = try lab.ipopRoutes(lab.lsu)

            lab.killGateway(lab.lsu)

            #expect(try lab.ipopRoutes(lab.lsu) == routes)
            #expect(try lab.ping(lab.ufl.hostAddress, from: .host(lab.lsu), count: 1).received == 0)
            #expect(try lab.run(["ipop", "status"], at: .gateway(lab.lsu)).status == 3)

            try lab.startGateway(lab.lsu)
            try lab.waitForPing(lab.ufl.hostAddress, from: .host(lab.lsu))
            try lab.waitForPing(lab.lsu.hostAddress6, from: .host(lab.cern))
            #expect(try lab.require(["cat", "/sys/class/net/ipop0/ifindex"], at: .gateway(lab.lsu)) == index)
            try lab.waitForRoutes(Array(routes.keys), at: lab.lsu)
        }

        @Test func `routes to a killed site stay, and the site is shown as down`() throws {
            let lab = try Lab.ofSuite()

            lab.killGateway(lab.cern)

            try until("ufl to see that cern is down") { () throws(LabError) in
                try lab.status(lab.ufl).site("cern")?.path == "down"
            }
            #expect(try Set(lab.ipopRoutes(lab.ufl).keys).isSuperset(of: lab.cern.subnets))
            #expect(try lab.run(["ipop", "status", "--check"], at: .gateway(lab.ufl)).status == 1)
            #expect(try !lab.status(lab.ufl).problems("E010").isEmpty)
            for address in [lab.cern.hostAddress, lab.cern.hostAddress6] {
                // The first packets wait for a path; when none comes, their sender is told.
                try until("word from the gateway that \(address) is out of reach") { () throws(LabError) in
                    try lab.ping(address, from: .host(lab.ufl), count: 1).words.contains("nreachable")
                }
            }
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))

            try lab.startGateway(lab.cern)
            try lab.waitForPing(lab.cern.hostAddress, from: .host(lab.ufl))
        }

        @Test func `the grid goes on without its bootstrap member, and a member comes back to it`() throws {
            let lab = try Lab.ofSuite()
            let members = [lab.ufl, lab.lsu, lab.cern]

            lab.killGateway(lab.ufl)
            try lab.expectPing(lab.cern.hostAddress, from: .host(lab.lsu))
            // cern's file names ufl alone; that lsu is there it remembers.
            lab.killGateway(lab.cern)
            try lab.startGateway(lab.cern)
            try lab.waitForPing(lab.cern.hostAddress, from: .host(lab.lsu))

            try lab.startGateway(lab.ufl)
            for site in members {
                try lab.waitUntilInGrid(site, reaching: members.filter { $0 != site })
                let next = try #require(members.first { $0 != site })
                try lab.expectPing(next.hostAddress, from: .host(site))
            }
        }
    }

    /// The lab's commands that end and start gateways.
    @Suite(.serialized, .lab("fallen", sites: 2)) struct KillTests {
        @Test func `a gateway that the lab's command killed is started again by another`() throws {
            let lab = try Lab.ofSuite()
            let before = try #require(lab.gatewayProcess(lab.lsu))
            func command(_ words: String...) throws -> ProgramResult {
                try lab.ownCommand(["lab"] + words + ["--name", lab.plan.name])
            }

            #expect(try command("kill", "lsu").succeeded)

            #expect(!before.isRunning)
            #expect(try command("kill", "ufl", "lsu").status == 1, "lsu does not run, so that nothing is killed")
            #expect(try #require(lab.gatewayProcess(lab.ufl)).isRunning)
            #expect(try command("status").status == 1)

            #expect(try command("start").succeeded)
            let after = try #require(lab.gatewayProcess(lab.lsu))
            #expect(after != before && after.isRunning)
            try lab.waitForPing(lab.ufl.hostAddress, from: .host(lab.lsu))
            #expect(try command("start", "lsu").succeeded)
            #expect(lab.gatewayProcess(lab.lsu) == after, "one that runs goes on")
            #expect(try command("kill", "nowhere").status == 2)
        }
    }

    /// Nobody is there at first.
    @Suite(.serialized, .lab("first", sites: 2, isBroughtUp: false)) struct FirstContactTests {
        @Test func `a gateway waits for its bootstrap member, says so, and joins when that comes`() throws {
            let lab = try Lab.ofSuite()
            try lab.createGrid()
            for site in lab.sites { try lab.join(site) }

            try lab.startGateway(lab.lsu)
            try until("lsu to say that nobody answers") { () throws(LabError) in
                try !lab.status(lab.lsu).problems("E040").isEmpty
            }
            #expect(try lab.status(lab.lsu).state == "joining")
            #expect(try lab.run(["ipop", "wait", "--timeout", "1"], at: .gateway(lab.lsu)).status == 1)

            try lab.startGateway(lab.ufl)
            try lab.waitUntilInGrid(lab.lsu)
            try lab.expectAllHostsReachEachOther()
            #expect(try lab.status(lab.lsu).problems.isEmpty)
        }

        @Test func `a gateway without its state joins again as the same member`() throws {
            let lab = try Lab.ofSuite()
            let node = try lab.status(lab.lsu).node
            lab.killGateway(lab.lsu)
            try ProgramRun.require(["sh", "-c", "rm -rf '\(lab.directories(lab.lsu).state)'/*"])

            try lab.startGateway(lab.lsu)
            try lab.waitUntilInGrid(lab.lsu)

            #expect(try lab.status(lab.lsu).node == node)
            #expect(try lab.status(lab.ufl).sites.count == 1)
            try lab.waitForPing(lab.ufl.hostAddress, from: .host(lab.lsu))
        }
    }
}
