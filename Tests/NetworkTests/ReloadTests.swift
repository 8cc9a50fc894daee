import GatewayLab
import Testing

/// Changes to the files of a gateway that runs.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0
///     cern-host -lan-- [cern] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("reload")) struct ReloadTests {
        /// What is wrong with ipop.yaml, and where: the text that is appended, and a word of the error.
        static let badSettings: [(added: String, word: String)] = [
            ("mtuu: 1400\n", "mtu"),
            ("mtu: many\n", "mtu"),
            ("device: ipop1\ndevice: ipop2\n", "device"),
            ("listen: [7867]\n", "listen"),
            ("metrics: {listen: nowhere}\n", "listen"),
            ("\tmtu: 1400\n", "error"),
        ]

        @Test(arguments: badSettings)
        func `a bad ipop.yaml is refused by place and the old configuration goes on`(
            added: String, word: String
        ) throws {
            let lab = try Lab.ofSuite()
            let routes = try lab.ipopRoutes(lab.ufl)

            try lab.withChange(to: .settings, at: lab.ufl, { $0 + added }) { reload throws in
                let check = try lab.run(["ipop", "check"], at: .gateway(lab.ufl))

                for result in [reload, check] {
                    #expect(result.status == 2, "\(result.everything)")
                    #expect(
                        result.everything.contains(#/ipop\.yaml:\d+:\d+: error: /#) && result.everything.contains(word),
                        "\(result.everything)")
                }
                #expect(try lab.status(lab.ufl).problems("E006").count == 1)
                #expect(try lab.ipopRoutes(lab.ufl) == routes)
                try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            }
            #expect(try lab.status(lab.ufl).problems("E006").isEmpty)
        }

        @Test(arguments: [
            "ufl 192.168.10.0/33 same\n", "ufl 192.168.10.1/24 same\n", "ufl 192.168.10.0/24\n", "lsu * maybe\n",
            "ufl 224.0.0.0/24 auto\n", "ufl 10.0.0.0/24 10.128.7.0/25\n", "ufl 192.168.10.0/25 same\n",
        ])
        func `a bad subnets.map is refused by place and the old configuration goes on`(line: String) throws {
            let lab = try Lab.ofSuite()
            let routes = try lab.ipopRoutes(lab.ufl)

            try lab.withChange(to: .subnetMap, at: lab.ufl, { $0 + line }) { reload throws in
                #expect(reload.status == 2, "\(reload.everything)")
                #expect(reload.everything.contains(#/subnets\.map:\d+:\d+: error: /#), "\(reload.everything)")
                #expect(try lab.ipopRoutes(lab.ufl) == routes)
                try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            }
        }

        @Test func `a reload without a change changes nothing`() throws {
            let lab = try Lab.ofSuite()
            let node = try lab.status(lab.ufl).node, routes = try lab.ipopRoutes(lab.ufl)

            try lab.require(["ipop", "reload"], at: .gateway(lab.ufl))

            #expect(try lab.status(lab.ufl).node == node)
            #expect(try lab.ipopRoutes(lab.ufl) == routes)
        }

        @Test func `an export that is taken away and added again reaches the others, and sessions stay`() throws {
            let lab = try Lab.ofSuite()
            let prefix = lab.lsu.subnets[1]

            try lab.withChange(
                to: .subnetMap, at: lab.lsu, { $0.split(separator: "\n").filter { !$0.contains(prefix) }.lines }
            ) { reload throws in
                #expect(reload.status == 0, "\(reload.everything)")
                for site in [lab.ufl, lab.cern] { try lab.waitForNoRoutes([prefix], at: site) }
                #expect(try lab.ipopRoutes(lab.ufl)[lab.lsu.subnets[0]] != nil)
                try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            }

            for site in [lab.ufl, lab.cern] {
                report("route to an added export at \(site.name)", try lab.waitForRoutes([prefix], at: site), "s")
            }
            try lab.waitForPing(lab.lsu.hostAddress6, from: .host(lab.ufl))
            #expect(!lab.log(lab.ufl).contains("site lost"), "\(lab.logEnd(lab.ufl))")
        }

        @Test func `an export that the certificate does not cover is refused, and all else goes on`() throws {
            let lab = try Lab.ofSuite()
            let foreign = "10.55.0.0/16"

            try lab.withChange(to: .subnetMap, at: lab.lsu, { $0 + "\nlsu \(foreign) same\n" }) { _ throws in
                let check = try lab.run(["ipop", "check"], at: .gateway(lab.lsu))

                #expect(check.status == 2 && check.everything.contains(foreign), "\(check.everything)")
                #expect(try lab.ipopRoutes(lab.ufl)[foreign] == nil)
                try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            }
        }

        @Test func `a site that is denied loses its routes here and nowhere else`() throws {
            let lab = try Lab.ofSuite()

            try lab.withChange(to: .subnetMap, at: lab.ufl, { $0 + "\ncern * deny\n" }) { reload throws in
                #expect(reload.status == 0, "\(reload.everything)")
                try lab.waitForNoRoutes(lab.cern.subnets, at: lab.ufl)
                #expect(try lab.status(lab.ufl).route(lab.cern.subnets[0])?.reason == "refused-by-policy")
                #expect(try Set(lab.ipopRoutes(lab.lsu).keys).isSuperset(of: lab.cern.subnets))
                try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            }
            try lab.waitForRoutes(lab.cern.subnets, at: lab.ufl)
            try lab.waitForPing(lab.cern.hostAddress, from: .host(lab.ufl))
        }

        @Test func `SIGHUP reloads as the command does`() throws {
            let lab = try Lab.ofSuite()
            let map = try lab.read(.subnetMap, at: lab.ufl)
            try lab.write(map + "\nlsu * deny\n", to: .subnetMap, at: lab.ufl)
            defer {
                try? lab.write(map, to: .subnetMap, at: lab.ufl)
                _ = try? lab.run(["ipop", "reload"], at: .gateway(lab.ufl))
            }

            lab.gatewayProcess(lab.ufl)?.signal(1)

            try lab.waitForNoRoutes(lab.lsu.subnets, at: lab.ufl)
        }
    }
}

extension [Substring] {
    /// The lines as a text.
    fileprivate var lines: String { map { "\($0)\n" }.joined() }
}
