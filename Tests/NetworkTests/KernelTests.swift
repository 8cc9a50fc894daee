import GatewayLab
import Testing

/// What a gateway does to the kernel, and what others do to it.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0
///     cern-host -lan-- [cern] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("kernel")) struct KernelTests {
        @Test func `a route of ours that somebody removes comes back and is told of`() throws {
            let lab = try Lab.ofSuite()
            let prefix = lab.lsu.subnets[0]

            try lab.require(["ip", "route", "del", prefix], at: .gateway(lab.ufl))
            report("restoring a route", try lab.waitForRoutes([prefix], at: lab.ufl), "s")

            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            #expect(try lab.status(lab.ufl).problems("E012").contains { $0.text.contains(prefix) })
        }

        @Test func `a device of ours that somebody removes comes back with its routes`() throws {
            let lab = try Lab.ofSuite()

            try lab.require(["ip", "link", "del", "ipop0"], at: .gateway(lab.ufl))
            try lab.waitForRoutes(lab.lsu.subnets + lab.cern.subnets, at: lab.ufl)

            try lab.waitForPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            try lab.waitForPing(lab.lsu.hostAddress6, from: .host(lab.ufl))
        }

        @Test func `a device of ours that somebody sets down comes up again`() throws {
            let lab = try Lab.ofSuite()

            try lab.require(["ip", "link", "set", "ipop0", "down"], at: .gateway(lab.ufl))

            try lab.waitForPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            try lab.waitForPing(lab.lsu.hostAddress6, from: .host(lab.ufl))
        }

        @Test func `the next hop's entry comes back`() throws {
            let lab = try Lab.ofSuite()

            try lab.require(["ip", "neigh", "flush", "nud", "all", "dev", "ipop0"], at: .gateway(lab.ufl))

            try lab.waitForPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            try lab.waitForPing(lab.lsu.hostAddress6, from: .host(lab.ufl))
        }

        @Test func `routes of others stay as they are, whatever we do`() throws {
            let lab = try Lab.ofSuite()
            let foreign = ["ip", "route", "add", "10.99.0.0/16", "via", lab.ufl.hostAddress, "proto", "static"]
            try lab.require(foreign, at: .gateway(lab.ufl))
            defer { _ = try? lab.run(["ip", "route", "del", "10.99.0.0/16"], at: .gateway(lab.ufl)) }
            let show = ["ip", "route", "show", "10.99.0.0/16"]
            let before = try lab.require(show, at: .gateway(lab.ufl))

            try lab.require(["ipop", "reload"], at: .gateway(lab.ufl))
            #expect(lab.stopGateway(lab.ufl))
            let stopped = try lab.require(show, at: .gateway(lab.ufl))
            try lab.startGateway(lab.ufl)
            try lab.waitUntilInGrid(lab.ufl)

            #expect(stopped == before)
            #expect(try lab.require(show, at: .gateway(lab.ufl)) == before)
        }

        @Test func `forwarding that is off is reported with the fix, and not changed`() throws {
            let lab = try Lab.ofSuite()
            let path = "/proc/sys/net/ipv4/ip_forward"
            try lab.require(["sh", "-c", "echo 0 > \(path)"], at: .gateway(lab.lsu))
            defer { _ = try? lab.run(["sh", "-c", "echo 1 > \(path)"], at: .gateway(lab.lsu)) }

            let problems = try lab.status(lab.lsu).problems("E033")

            #expect(problems.contains { $0.fix.contains("net.ipv4.ip_forward=1") })
            #expect(try lab.require(["cat", path], at: .gateway(lab.lsu)) == "0\n")
        }
    }

    /// A fourth site exports what others have already.
    @Suite(.serialized, .lab("overlap")) struct OverlapTests {
        @Test func `networks that overlap are refused with the reason, and the rest works`() throws {
            let lab = try Lab.ofSuite()
            let ornl = try lab.addSite()
            // Its own LAN, one half of cern's LAN, and all of ufl's.
            let inside = "192.168.30.128/25", same = lab.ufl.subnets[0]
            try lab.join(ornl, subnets: [ornl.subnets[0], inside, same])
            try lab.startGateway(ornl)
            for site in [lab.ufl, lab.lsu, lab.cern] { try lab.waitForRoutes([ornl.subnets[0]], at: site) }

            // Where the prefix lies inside a connected network it is never installed.
            #expect(try lab.ipopRoutes(lab.cern)[inside] == nil)
            let refused = try #require(try lab.status(lab.cern).route(inside))
            #expect(refused.kernel == "refused" && refused.reason == "inside-connected-prefix")
            #expect(try !lab.status(lab.cern).problems("E013").isEmpty)
            #expect(try lab.ipopRoutes(lab.ufl)[same] == nil)
            // Elsewhere it is as good as any.
            #expect(try lab.ipopRoutes(lab.lsu)[inside] != nil)

            // Who owns the prefix that two sites announce is the same everywhere, and both are told.
            let owner = try #require(try lab.status(lab.lsu).route(same)?.site)
            #expect([lab.ufl.name, ornl.name].contains(owner))
            #expect(try lab.status(lab.cern).route(same)?.site == owner)
            let loser = owner == lab.ufl.name ? ornl : lab.ufl
            try until("\(loser.name) to be told that \(owner) owns \(same)") { () throws(LabError) in
                try lab.status(loser).export(same)?.state == "refused"
            }
            #expect(try lab.status(loser).export(same)?.reason == "owned-by-another-site")

            // The first three sites' other networks are as reachable as before.
            try lab.expectPing(lab.cern.hostAddress, from: .host(lab.lsu))
            try lab.expectPing(lab.ufl.hostAddress6, from: .host(lab.lsu))
            try lab.expectPing(ornl.hostAddress, from: .host(lab.lsu))
        }
    }
}
