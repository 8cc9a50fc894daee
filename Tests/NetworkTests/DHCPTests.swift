import Foundation
import GatewayLab
import Testing

/// Unmodified hosts in one virtual subnet get addresses and names from their gateways.
///
///     alpha (dhclient), gamma (udhcpc) --switch-- [ufl: ipop-lan] --wan--+
///                                                                        +-- br0
///     beta (udhcpc), second host       --switch-- [lsu: ipop-lan] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("dhcp", sites: 2, bridged: ["ufl", "lsu"])) struct DHCPTests {
        /// The clients, by the lab that they run in: they live as long as the suite.
        private nonisolated(unsafe) static var clients: (alpha: DHCPClient, beta: DHCPClient)?
        /// In the subnet, and nobody's.
        private static let free = "10.128.31.250"

        /// Both sites' clients with their leases, after they have reached each other.
        private static func leased() throws -> (
            lab: Lab, alpha: (client: DHCPClient, lease: GivenLease), beta: (client: DHCPClient, lease: GivenLease)
        ) {
            let lab = try Lab.ofSuite()
            if clients == nil {
                clients = (
                    try lab.startDHCPClient(.dhclient, name: "alpha", at: .host(lab.ufl)),
                    try lab.startDHCPClient(.udhcpc, name: "beta", at: .host(lab.lsu))
                )
            }
            let (alpha, beta) = try #require(clients)
            let leases = (try lab.waitForLease(alpha), try lab.waitForLease(beta))
            try lab.waitForPing(leases.1.address, from: alpha.node)
            try lab.waitForPing(leases.0.address, from: beta.node)
            return (lab, (alpha, leases.0), (beta, leases.1))
        }

        @Test func `clients of two sites get different addresses and reach each other`() throws {
            let (lab, alpha, beta) = try Self.leased()

            #expect(alpha.lease.address != beta.lease.address)
            try lab.expectPing(beta.lease.address, from: alpha.client.node)
            try lab.expectPing(alpha.lease.address, from: beta.client.node)
        }

        @Test func `a lease says everything that a host needs`() throws {
            let (lab, alpha, beta) = try Self.leased()

            #expect(alpha.lease.length == "255.255.240.0" && beta.lease.length == "20")
            for lease in [alpha.lease, beta.lease] {
                #expect(lease.router == LabAddresses.bridgedService)
                #expect(lease.nameServer == LabAddresses.bridgedService)
                #expect(lease.mtu == "1500")
            }
            #expect(alpha.lease.domain == "ufl.\(lab.plan.name)" && beta.lease.domain == "lsu.\(lab.plan.name)")
            // The grid's pool, 10.128.0.0/9, leads to the service address.
            #expect(alpha.lease.routes.contains("9 10 128 10 128 16 1"), "\(alpha.lease.routes)")
            #expect(beta.lease.routes.contains("10.128.0.0/9 10.128.16.1"), "\(beta.lease.routes)")
        }

        @Test func `hosts of both sites have names, and nobody else has`() throws {
            let (lab, alpha, beta) = try Self.leased()

            #expect(try lab.answer(to: ["alpha.ufl.\(lab.plan.name)"], at: alpha.client.node) == alpha.lease.address)
            #expect(try lab.answer(to: ["beta.lsu.\(lab.plan.name)"], at: alpha.client.node) == beta.lease.address)
            #expect(try lab.answer(to: ["alpha.ufl.\(lab.plan.name)"], at: beta.client.node) == alpha.lease.address)
            for asker in [alpha, beta] {
                #expect(
                    try lab.answer(to: ["-x", alpha.lease.address], at: asker.client.node)
                        == "alpha.ufl.\(lab.plan.name).")
            }
            #expect(
                try lab.answer(to: ["ufl.\(lab.plan.name)"], at: alpha.client.node) == LabAddresses.bridgedService)
            #expect(try lab.nameStatus(of: "nobody.lsu.\(lab.plan.name)", at: alpha.client.node) == "NXDOMAIN")
            #expect(try lab.nameStatus(of: "www.example.com", at: alpha.client.node) == "REFUSED")
        }

        @Test func `ARP is answered for remote hosts and the service address, and for nobody else`() throws {
            let (lab, alpha, beta) = try Self.leased()

            #expect(try lab.macs(answeringFor: beta.lease.address, at: alpha.client.node) == [Self.gatewayMAC])
            #expect(
                try lab.macs(answeringFor: LabAddresses.bridgedService, at: alpha.client.node) == [Self.gatewayMAC])
            #expect(try lab.macs(answeringFor: Self.free, at: alpha.client.node).isEmpty)
            let own = try lab.require(["cat", "/sys/class/net/lan/address"], at: alpha.client.node)
            // A host without an address asks as one that is about to take this one.
            let answers = try lab.macs(answeringFor: alpha.lease.address, at: .secondHost(lab.ufl), extra: ["-D"])
            #expect(answers == [own.trimmingCharacters(in: .whitespacesAndNewlines).uppercased()])
        }

        @Test func `duplicate address detection finds a holder at another site, and lets a free address be`() throws {
            let (lab, _, beta) = try Self.leased()
            let detect = ["arping", "-D", "-c", "3", "-w", "4", "-I", "lan"]

            let taken = try lab.run(detect + [beta.lease.address], at: .secondHost(lab.ufl))
            let free = try lab.run(detect + [Self.free], at: .secondHost(lab.ufl))

            #expect(taken.status == 1, "\(taken.everything)")
            #expect(free.status == 0, "\(free.everything)")
        }

        @Test func `a client that finds its address in use gets another one`() throws {
            let (lab, alpha, _) = try Self.leased()
            let (squatter, _) = try lab.startScript(
                Script.squatter, [try lab.mac(.secondHost(lab.ufl))], at: alpha.client.node, role: "squatter")
            defer { squatter.stop(timeLimit: 1) }

            // -a: it asks for the address itself before it takes it.
            let gamma = try lab.startDHCPClient(
                .udhcpc, name: "gamma", at: .secondHost(lab.ufl), options: ["-a"])
            defer { lab.end(gamma) }
            let lease = try lab.waitForLease(gamma)

            #expect(lab.text(gamma.log).contains("declin"), "\(lab.text(gamma.log))")
            #expect(lab.log(lab.ufl).contains("an address is in use"))
            try lab.waitForPing(lease.address, from: .host(lab.lsu))
        }

        @Test(arguments: [DHCPClient.Kind.dhclient, .udhcpc])
        func `a released address is held no more`(kind: DHCPClient.Kind) throws {
            let (lab, _, _) = try Self.leased()
            let client = try lab.startDHCPClient(kind, name: "delta", at: .secondHost(lab.lsu))
            defer { lab.end(client) }
            let lease = try lab.waitForLease(client)
            try until("the lease to be listed") { () throws(LabError) in
                try lab.listsLease(of: lease.address, at: lab.lsu)
            }

            // Clients take the address away right behind their last message: its way must be known.
            try lab.waitForPing(LabAddresses.bridgedService, from: client.node)
            try lab.require(client.release, at: client.node)

            try until("the lease to be gone") { () throws(LabError) in
                try !lab.listsLease(of: lease.address, at: lab.lsu)
            }
        }

        @Test func `a restarted gateway knows its hosts, and they keep their addresses`() throws {
            let (lab, alpha, beta) = try Self.leased()
            for restart in [lab.killGateway, { _ = lab.stopGateway($0) }] {
                restart(lab.lsu)
                try lab.startGateway(lab.lsu)
                try lab.waitUntilInGrid(lab.lsu)

                try lab.waitForPing(beta.lease.address, from: alpha.client.node)
                let count = lab.given(beta.client).count
                beta.client.process.signal(SIGUSR1)
                #expect(try lab.waitForLease(beta.client, count: count + 1).address == beta.lease.address)
            }
        }

        @Test func `an address that another site's host has is refused, and shown with its holder`() throws {
            let (lab, _, beta) = try Self.leased()
            let thief = LabNode.secondHost(lab.ufl)
            try lab.takeAddress(beta.lease.address, at: thief)
            defer { _ = try? lab.run(["ip", "address", "flush", "dev", "lan", "scope", "global"], at: thief) }

            let mac = try lab.mac(thief)
            try until("the clash to be shown") { () throws(LabError) in
                try lab.status(lab.ufl).problems("E090").contains { $0.text.contains(mac) && $0.text.contains("lsu") }
            }
            let line = try lab.require(["ipop", "leases"], at: .gateway(lab.ufl)).split(separator: "\n")
                .first { $0.hasPrefix(beta.lease.address + " ") }
            #expect(line?.contains("lsu") == true && line?.contains(mac) == true)
        }

        @Test func `a site that is cut off goes on serving from its blocks`() throws {
            let (lab, alpha, _) = try Self.leased()
            try lab.block([lab.pair(lab.ufl, lab.lsu)])
            defer { try? lab.openWAN() }

            let client = try lab.startDHCPClient(.udhcpc, name: "epsilon", at: .secondHost(lab.lsu))
            defer { lab.end(client) }
            let lease = try lab.waitForLease(client)
            try lab.openWAN()

            try lab.waitForPing(lease.address, from: alpha.client.node)
        }

        private static let gatewayMAC = "02:69:70:6F:70:01"
    }

    /// A LAN that has a DHCP server already.
    @Suite(.serialized, .lab("dnsmasq", sites: 1, bridged: ["ufl"], isBroughtUp: false)) struct OtherServerTests {
        @Test func `beside another DHCP server only admitted clients are served, and its own are left alone`() throws {
            let lab = try Lab.ofSuite()
            let site = lab.ufl
            try lab.createGrid()
            try lab.join(site)
            let admitted = try lab.mac(.host(site))
            let settings = try lab.read(.settings, at: site)
            let restricted = settings.replacingOccurrences(
                of: "lease: 3600", with: "lease: 3600, allow-macs: [\"\(admitted)\"]")
            #expect(restricted != settings)
            try lab.write(restricted, to: .settings, at: site)
            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)
            try lab.startDnsmasq(at: .secondHost(site), ignoring: admitted)

            let ours = try lab.startDHCPClient(.udhcpc, name: "ours", at: .host(site))
            #expect(try lab.waitForLease(ours).address.hasPrefix("10.128."))
            lab.end(ours)

            // Another machine in its place.
            try lab.require(["ip", "link", "set", "lan", "address", "02:00:00:00:00:77"], at: .host(site))
            let theirs = try lab.startDHCPClient(.udhcpc, name: "theirs", at: .host(site))
            let lease = try lab.waitForLease(theirs)
            #expect(lease.address.hasPrefix("192.168.77."))
            theirs.process.signal(SIGUSR1)
            #expect(try lab.waitForLease(theirs, count: 2).address == lease.address)
        }
    }
}

extension Lab {
    /// Whether `ipop leases` has an address.
    fileprivate func listsLease(of address: String, at site: LabSite) throws(LabError) -> Bool {
        try require(["ipop", "leases"], at: .gateway(site)).split(separator: "\n")
            .contains { $0.hasPrefix(address + " ") }
    }

    /// What dig prints, in short, for a question to the service address.
    fileprivate func answer(to question: [String], at node: LabNode) throws -> String {
        try require(["dig", "+short", "+tries=4", "@\(LabAddresses.bridgedService)"] + question, at: node)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The status of the answer: NOERROR, NXDOMAIN, ...
    fileprivate func nameStatus(of name: String, at node: LabNode) throws -> String? {
        let text = try require(["dig", "+tries=4", "@\(LabAddresses.bridgedService)", name], at: node)
        return text.firstMatch(of: #/status: (\w+)/#).map { String($0.1) }
    }

    /// The interfaces that answer ARP for an address.
    fileprivate func macs(
        answeringFor address: String, at node: LabNode, extra: [String] = []
    ) throws -> Set<String> {
        let result = try run(["arping", "-c", "2", "-w", "3", "-I", "lan"] + extra + [address], at: node)
        return Set(result.output.matches(of: #/reply from \S+ \[([0-9A-F:]+)\]/#).map { String($0.1) })
    }

    /// A DHCP server for 192.168.77.0/24 that leaves one client alone.
    fileprivate func startDnsmasq(at node: LabNode, ignoring mac: String) throws {
        try require(["ip", "address", "add", "192.168.77.1/24", "dev", "lan"], at: node)
        let (_, log) = try start(
            [
                "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=lan",
                "--bind-interfaces", "--no-hosts", "--no-ping", "--user=root", "--log-facility=-", "--log-dhcp",
                "--pid-file=\(directory)/dnsmasq.pid", "--dhcp-leasefile=\(directory)/dnsmasq.leases",
                "--dhcp-range=192.168.77.10,192.168.77.50,1h", "--dhcp-host=\(mac),ignore",
            ], at: node, role: "dnsmasq")
        try until("dnsmasq") { () throws(LabError) in text(log).contains("DHCP, IP range") }
    }
}
