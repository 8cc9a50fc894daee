import Foundation
import GatewayLab
import NetworkTypes
import Testing

/// Names at routed sites, asked for by dig(1): each gateway answers at its own address in the LAN.
///
///     ufl-host  192.168.10.10 --lan-- [ufl]  --+      under their own addresses
///     lsu-host  192.168.1.10  --lan-- [lsu]  --+--    under leased ones
///     cern-host 192.168.1.10  --lan-- [cern] --+      10.128.200.0/24, fd77:0:200::/64
extension NetworkTests {
    @Suite(.serialized, .lab("names", isBroughtUp: false, prepare: { try $0.mapTwo() })) struct ResolverTests {
        /// A host of each site that ipop.yaml names, at .10.
        fileprivate static let name = "printer"

        @Test(arguments: ["+notcp", "+tcp"])
        func `a LAN host asks for the names of its own site's hosts and of others`(transport: String) throws {
            let lab = try Lab.ofSuite()
            let (near, far, grid) = (LabNode.host(lab.ufl), lab.cern, lab.plan.name)
            func ask(_ question: String...) throws -> String {
                try lab.answer(to: [transport] + question, at: near, of: lab.ufl.lanAddress)
            }

            #expect(try ask("\(Self.name).ufl.\(grid)") == lab.ufl.hostAddress)
            #expect(try ask("ufl.\(grid)") == lab.ufl.lanAddress)
            #expect(try ask("ufl.\(grid)", "AAAA") == lab.ufl.lanAddress6)
            let virtual = try lab.virtual(SharedSubnet.host4, at: far)
            #expect(try ask("\(Self.name).cern.\(grid)") == virtual)
            #expect(try ask("\(Self.name).cern.\(grid)", "AAAA") == lab.virtual(SharedSubnet.host6, at: far))
            #expect(try ask("cern.\(grid)") == lab.virtual(SharedSubnet.gateway4, at: far))
            // And what it is told leads there.
            try lab.expectPing(virtual, from: near)
        }

        @Test func `addresses have names, those of mapped hosts too`() throws {
            let lab = try Lab.ofSuite()
            let (near, grid) = (LabNode.host(lab.ufl), lab.plan.name)
            func ask(_ address: String) throws -> String {
                try lab.answer(to: ["-x", address], at: near, of: lab.ufl.lanAddress)
            }

            #expect(try ask(lab.ufl.hostAddress) == "\(Self.name).ufl.\(grid).")
            #expect(try ask(lab.ufl.lanAddress6) == "ufl.\(grid).")
            #expect(try ask(lab.virtual(SharedSubnet.host4, at: lab.lsu)) == "\(Self.name).lsu.\(grid).")
            #expect(try ask(lab.virtual(SharedSubnet.host6, at: lab.lsu)) == "\(Self.name).lsu.\(grid).")
            #expect(try ask(lab.virtual(SharedSubnet.gateway4, at: lab.lsu)) == "lsu.\(grid).")
            let nobody = try lab.virtual(IPAddress("192.168.1.99")!, at: lab.lsu)
            #expect(try lab.nameStatus(of: ["-x", nobody], at: near, of: lab.ufl.lanAddress) == "NXDOMAIN")
        }

        @Test func `hosts of a mapped LAN are told addresses that they reach`() throws {
            let lab = try Lab.ofSuite()
            let (near, grid, service) = (LabNode.host(lab.lsu), lab.plan.name, "\(SharedSubnet.gateway4)")

            #expect(
                try lab.answer(to: ["\(Self.name).lsu.\(grid)"], at: near, of: service) == "\(SharedSubnet.host4)")
            let far = try lab.answer(to: ["\(Self.name).cern.\(grid)"], at: near, of: service)
            #expect(try far == lab.virtual(SharedSubnet.host4, at: lab.cern))
            try lab.expectPing(far, from: near)
        }

        @Test func `a host asks another site's gateway, and hears what that site is called there`() throws {
            let lab = try Lab.ofSuite()
            let service = try lab.virtual(SharedSubnet.gateway4, at: lab.lsu)

            let found = try lab.answer(
                to: ["\(Self.name).lsu.\(lab.plan.name)"], at: .host(lab.ufl), of: service)

            #expect(try found == lab.virtual(SharedSubnet.host4, at: lab.lsu))
        }

        @Test func `other names are refused or do not exist, and a stranger is not answered`() throws {
            let lab = try Lab.ofSuite()
            let (near, grid, service) = (LabNode.host(lab.ufl), lab.plan.name, lab.ufl.lanAddress)

            #expect(try lab.nameStatus(of: ["www.example.com"], at: near, of: service) == "REFUSED")
            #expect(try lab.nameStatus(of: ["nobody.ufl.\(grid)"], at: near, of: service) == "NXDOMAIN")
            #expect(try lab.nameStatus(of: ["nobody.lsu.\(grid)"], at: near, of: service) == "NXDOMAIN")
            #expect(try lab.nameStatus(of: ["ornl.\(grid)"], at: near, of: service) == "NXDOMAIN")
            // It has a way there and back, and no address of the grid.
            let way = ["ip", "route", "replace", "\(service)/32", "via", lab.ufl.wanAddress]
            try lab.require(way, at: .wan)
            defer { _ = try? lab.run(["ip", "route", "del", "\(service)/32"], at: .wan) }
            try lab.expectPing(service, from: .wan)
            for transport in ["+notcp", "+tcp"] {
                let result = try lab.run(
                    ["dig", transport, "+tries=1", "+time=1", "@\(service)", "ufl.\(grid)"], at: .wan)
                #expect(!result.succeeded && !result.output.contains("status:"), "\(result.everything)")
            }
            #expect(try lab.status(lab.ufl).drops("name-stranger") > 0)
        }

        @Test func `a client that opens a hundred connections and says nothing keeps nobody else out`() throws {
            let lab = try Lab.ofSuite()
            let (grid, service) = (lab.plan.name, lab.ufl.lanAddress)
            // It opens anew what is closed.
            let (clients, _) = try lab.startScript(
                Script.slowClients, [service, "53", "100"], at: .host(lab.ufl), role: "slow clients")
            defer { clients.stop(timeLimit: 1) }

            #expect(try lab.answer(to: ["+notcp", "ufl.\(grid)"], at: .host(lab.ufl), of: service) == service)
            #expect(try lab.answer(to: ["+tcp", "ufl.\(grid)"], at: .gateway(lab.ufl), of: service) == service)
        }

        @Test func `many questions in one connection are all answered`() throws {
            let lab = try Lab.ofSuite()
            let grid = lab.plan.name
            let questions = (0..<20).map { $0 % 2 == 0 ? "\(Self.name).cern.\(grid)" : "ufl.\(grid)" }

            let text = try lab.require(
                ["dig", "+tcp", "+keepopen", "+short", "@\(lab.ufl.lanAddress)"] + questions, at: .host(lab.ufl))

            #expect(text.split(separator: "\n").count == questions.count, "\(text)")
        }

        @Test func `when the gateway has another address in the LAN, that one answers`() throws {
            let lab = try Lab.ofSuite()
            let (site, other) = (lab.ufl, "192.168.10.2")
            func move(_ from: String, _ to: String) throws {
                try lab.require(["ip", "address", "add", "\(to)/24", "dev", "lan"], at: .gateway(site))
                try lab.require(["ip", "address", "del", "\(from)/24", "dev", "lan"], at: .gateway(site))
                try until("an answer from \(to)") { () throws(LabError) in
                    try lab.run(
                        ["dig", "+short", "+tries=1", "+time=1", "@\(to)", "ufl.\(lab.plan.name)"], at: .host(site)
                    ).output.hasPrefix(to)
                }
            }

            try move(site.lanAddress, other)
            try move(other, site.lanAddress)
        }

        @Test func `another name server keeps the port, also over a restart, until somebody asks for it`() throws {
            let lab = try Lab.ofSuite()
            let (site, service) = (lab.lsu, "\(SharedSubnet.gateway4)")
            let isOff: (String) -> String = { $0.replacingOccurrences(of: "listen: auto", with: "listen: off") }

            try lab.withChange(to: .settings, at: site, isOff) { reload throws in
                #expect(reload.succeeded && reload.output.contains("names answered: off"), "\(reload.everything)")
                let silence = try lab.run(
                    ["dig", "+tries=1", "+time=1", "@\(service)", "lsu.\(lab.plan.name)"], at: .host(site))
                #expect(!silence.succeeded)
                try lab.startNameServer(at: .gateway(site))
            }
            #expect(lab.log(site).contains("names are not answered"), "\(lab.logEnd(site))")
            let problems = try lab.status(site).problems("E093")
            #expect(problems.contains { $0.text.contains(service) && $0.text.contains("in use") })
            #expect(try lab.answer(to: ["theirs.example"], at: .host(site), of: service) == "192.0.2.53")
            #expect(try lab.status(site).state == "up", "it is told and degrades nothing")

            // The port is free for long enough to be seen so.
            lab.processes.first { $0.role == "name server" }?.stop()
            try until("the gateway to find the port free") { lab.log(site).contains("another name server is gone") }
            try lab.startNameServer(at: .gateway(site))
            #expect(try lab.answer(to: ["theirs.example"], at: .host(site), of: service) == "192.0.2.53")

            lab.processes.first { $0.role == "name server" }?.stop()
            try lab.require(["ipop", "reload"], at: .gateway(site))
            #expect(try lab.status(site).problems("E093").isEmpty)
            #expect(
                try lab.answer(to: ["lsu.\(lab.plan.name)"], at: .host(site), of: service)
                    == "\(SharedSubnet.gateway4)")
        }
    }
}

extension Lab {
    /// The second and the third site have the same LAN; every gateway names its host.
    fileprivate func mapTwo() throws {
        try joinSameSubnets([
            (lsu, SharedSubnet.lines(lsu)), (cern, SharedSubnet.lines(cern, SharedSubnet.explicit)),
        ])
        for site in sites {
            let host =
                site == ufl
                ? [site.hostAddress, site.hostAddress6] : ["\(SharedSubnet.host4)", "\(SharedSubnet.host6)"]
            let list = host.map { "\"\($0)\"" }.joined(separator: ", ")
            let text = try read(.settings, at: site)
            let named = text.replacingOccurrences(
                of: "names: {listen: auto}",
                with: "names: {listen: auto, hosts: {\(NetworkTests.ResolverTests.name): [\(list)]}}")
            try #require(named != text)
            try write(named, to: .settings, at: site)
            try require(["ipop", "reload"], at: .gateway(site))
        }
        try waitForVirtualRoutes([lsu, cern])
    }

    /// What dig prints, in short, for a question to a name server.
    fileprivate func answer(to question: [String], at node: LabNode, of server: String) throws -> String {
        try require(["dig", "+short", "+tries=4", "@\(server)"] + question, at: node)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The status of the answer: NOERROR, NXDOMAIN, ...
    fileprivate func nameStatus(of question: [String], at node: LabNode, of server: String) throws -> String? {
        let text = try require(["dig", "+tries=4", "@\(server)"] + question, at: node)
        return text.firstMatch(of: #/status: (\w+)/#).map { String($0.1) }
    }

    /// A name server on all addresses of a node, as distributions start it.
    fileprivate func startNameServer(at node: LabNode) throws {
        let (_, log) = try start(
            [
                "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                "--user=root", "--log-facility=-", "--pid-file=\(directory)/names.pid",
                "--address=/theirs.example/192.0.2.53",
            ], at: node, role: "name server")
        try until("dnsmasq") { () throws(LabError) in text(log).contains("started") }
    }
}
