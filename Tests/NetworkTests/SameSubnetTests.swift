import Foundation
import GatewayLab
import NetworkTypes
import Testing

/// Three sites with the same LAN reach each other's hosts under virtual addresses.
///
///     ufl-host  192.168.1.10 --lan-- [ufl]  --+      leased by the grid
///     lsu-host  192.168.1.10 --lan-- [lsu]  --+--    leased by the grid
///     cern-host 192.168.1.10 --lan-- [cern] --+      10.128.200.0/24, fd77:0:200::/64
extension NetworkTests {
    @Suite(.serialized, .lab("same", isBroughtUp: false, prepare: SharedSubnet.mapAll)) struct SameSubnetTests {
        @Test func `every host reaches every other under its virtual address`() throws {
            let lab = try Lab.ofSuite()

            for (from, to) in lab.pairs {
                for address in [SharedSubnet.host4, SharedSubnet.host6, SharedSubnet.gateway4, SharedSubnet.gateway6] {
                    try lab.expectPing(try lab.virtual(address, at: to), from: .host(from))
                }
            }
        }

        @Test func `prefixes lie in the pool, differ, and are shown as what they are`() throws {
            let lab = try Lab.ofSuite()
            let prefixes = try lab.sites.map { try lab.virtualPrefix(of: SharedSubnet.v4, at: $0) }

            #expect(Set(prefixes).count == 3)
            #expect(prefixes.allSatisfy { IPPrefix("10.128.0.0/9")!.covers($0) && $0.length == 24 })
            #expect("\(prefixes[2])" == SharedSubnet.explicit.v4)
            for site in lab.sites {
                let status = try lab.status(site)
                #expect(status.problems.isEmpty, "\(status.problems)")
                #expect(status.exports.map(\.state) == ["announced", "announced"])
                let others = zip(lab.sites, prefixes).filter { $0.0 != site }
                for (other, prefix) in others {
                    #expect(status.route("\(prefix)")?.site == other.name)
                    #expect(status.route("\(prefix)")?.kernel == "installed")
                }
                let leases = try lab.run(["ipop", "leases"], at: .gateway(site)).output
                let own = try #require(status.export("\(SharedSubnet.v4)")?.virtual)
                #expect(leases.contains("prefix:\(own)"))
            }
        }

        @Test func `a host that sends to its own site's virtual prefix is told that nobody is there`() throws {
            let lab = try Lab.ofSuite()

            // What goes by the default route is never heard of again.
            let silence = "route add blackhole default metric 4000", undo = "route del blackhole default metric 4000"
            try lab.withFault("ip \(silence) && ip -6 \(silence)", "ip \(undo); ip -6 \(undo)", lab.ufl) {
                for host in [SharedSubnet.host4, SharedSubnet.host6] {
                    let address = try lab.virtual(host, at: lab.ufl)
                    let result = try lab.run(["ping", "-n", "-c", "1", "-W", "5", address], at: .host(lab.ufl))
                    #expect(result.status == 1 && result.output.contains("nreachable"), "\(result.everything)")
                }
            }

            let status = try lab.status(lab.ufl)
            for subnet in [SharedSubnet.v4, SharedSubnet.v6] {
                let route = status.route("\(try lab.virtualPrefix(of: subnet, at: lab.ufl))")
                #expect(route?.site == lab.ufl.name && route?.kernel == "installed" && route?.deadEnd == true)
            }
            let table = try lab.require(["ipop", "routes"], at: .gateway(lab.ufl))
            #expect(table.contains("unreachable") && table.contains("a dead end"), "\(table)")
        }

        @Test func `gateways reach hosts behind others`() throws {
            let lab = try Lab.ofSuite()

            for address in [SharedSubnet.host4, SharedSubnet.host6, SharedSubnet.gateway4] {
                try lab.expectPing(try lab.virtual(address, at: lab.lsu), from: .gateway(lab.ufl))
            }
        }

        @Test(arguments: [[], ["-R"]])
        func `TCP carries what is sent`(options: [String]) throws {
            let lab = try Lab.ofSuite()

            for host in [SharedSubnet.host4, SharedSubnet.host6] {
                let result = try lab.iperf(
                    options, bytes: Transfer.short, from: lab.ufl, to: lab.lsu,
                    address: try lab.virtual(host, at: lab.lsu))
                #expect(result.bytes > Double(Transfer.short) / 5)
                report("TCP through the map", result.bitsPerSecond / 1e6, "Mbit/s")
            }
        }

        @Test(arguments: [200, 1200, 4000])
        func `UDP arrives, in fragments too`(datagram: Int) throws {
            let lab = try Lab.ofSuite()

            for host in [SharedSubnet.host4, SharedSubnet.host6] {
                let address = try lab.virtual(host, at: lab.ufl)
                let result = try lab.iperf(
                    ["-u", "-b", "2M", "-l", String(datagram)], bytes: 250_000, from: lab.cern, to: lab.ufl,
                    address: address)
                #expect(try #require(result.lostPercent) < 10)
                let large = try lab.ping(address, from: .host(lab.cern), extra: ["-s", "8000"])
                #expect(large.received == large.sent, "\(large.words)")
            }
        }

        @Test func `a closed port is told to the socket that asked`() throws {
            let lab = try Lab.ofSuite()

            for host in [SharedSubnet.host4, SharedSubnet.host6] {
                let address = try lab.virtual(host, at: lab.lsu)
                let answer = try lab.require(
                    ["python3", "-c", Script.refusedDatagram, address], at: .host(lab.ufl), timeLimit: 30)
                #expect(answer.contains("refused"))
            }
        }

        @Test(arguments: [
            ["traceroute", "-n", "-w", "2"], ["traceroute", "-n", "-w", "2", "-I"], ["tracepath", "-n"],
        ])
        func `the way is told hop by hop, in addresses that the sender knows`(command: [String]) throws {
            let lab = try Lab.ofSuite()

            for (gateway, host) in [
                (SharedSubnet.gateway4, SharedSubnet.host4), (SharedSubnet.gateway6, SharedSubnet.host6),
            ] {
                let address = try lab.virtual(host, at: lab.lsu)
                let output = try lab.require(command + [address], at: .host(lab.ufl), timeLimit: 60)
                // Own gateway, the far one, the host.
                for hop in ["\(gateway)", try lab.virtual(gateway, at: lab.lsu), address] {
                    #expect(output.contains(" \(hop) "), "\(hop) in \(output)")
                }
            }
        }

        @Test func `no checksum on either LAN is wrong`() throws {
            let lab = try Lab.ofSuite()
            let addresses = try [SharedSubnet.host4, SharedSubnet.host6].map { try lab.virtual($0, at: lab.lsu) }

            let seen = try lab.captured(at: [lab.ufl, lab.lsu]) {
                for address in addresses {
                    _ = try lab.ping(address, from: .host(lab.ufl))
                    _ = try lab.ping(address, from: .host(lab.ufl), extra: ["-s", "4000"])
                    _ = try lab.iperf([], bytes: 2_000_000, from: lab.ufl, to: lab.lsu, address: address)
                    _ = try lab.iperf(["-R"], bytes: 2_000_000, from: lab.ufl, to: lab.lsu, address: address)
                    _ = try lab.iperf(
                        ["-u", "-b", "2M", "-l", "1000"], bytes: 50_000, from: lab.ufl, to: lab.lsu, address: address)
                    _ = try lab.require(
                        ["python3", "-c", Script.refusedDatagram, address], at: .host(lab.ufl), timeLimit: 30)
                }
            }

            let lines = seen.split(separator: "\n")
            let complaints = ["(incorrect", "bad cksum", "bad udp cksum", "bad icmp6 cksum", "wrong icmp cksum"]
            let wrong = lines.filter { line in complaints.contains { line.contains($0) } }
            #expect(wrong.isEmpty, "\(wrong.prefix(10).joined(separator: "\n"))")
            #expect(lines.count { $0.contains("(correct)") } > 100)
            #expect(lines.contains { $0.contains("[udp sum ok]") } && lines.contains { $0.contains("[icmp6 sum ok]") })
        }

        @Test func `explain walks to the real host and tells both addresses`() throws {
            let lab = try Lab.ofSuite()
            let address = try lab.virtual(SharedSubnet.host4, at: lab.lsu)

            let result = try lab.run(["ipop", "explain", "\(SharedSubnet.host4)", address], at: .gateway(lab.ufl))

            #expect(result.status == 0, "\(result.everything)")
            #expect(result.output.contains("\(address) is \(SharedSubnet.host4) on this LAN"), "\(result.output)")
            let own = try lab.virtual(SharedSubnet.host4, at: lab.ufl)
            #expect(result.output.contains("there \(own)"), "\(result.output)")
            let absent = try lab.virtual(try #require(IPAddress("192.168.1.77")), at: lab.lsu)
            let missing = try lab.run(["ipop", "explain", own, absent], at: .gateway(lab.ufl))
            #expect(missing.output.contains("192.168.1.77"), "\(missing.output)")
            #expect(missing.status == 1)
        }

        @Test func `a restarted gateway has the prefix that it had`() throws {
            let lab = try Lab.ofSuite()
            let before = try lab.virtualPrefix(of: SharedSubnet.v4, at: lab.lsu)

            lab.killGateway(lab.lsu)
            try lab.startGateway(lab.lsu)
            try lab.waitUntilInGrid([lab.lsu])

            #expect(try lab.virtualPrefix(of: SharedSubnet.v4, at: lab.lsu) == before)
            try lab.waitForPing(try lab.virtual(SharedSubnet.host4, at: lab.lsu), from: .host(lab.ufl))
        }
    }

    /// Of two sites with one LAN the first keeps its addresses, the second has a leased prefix; a third site, with
    /// another LAN, reaches both.
    @Suite(.serialized, .lab("one", isBroughtUp: false)) struct OneMappedTests {
        @Test func `a clash is told with the way out, and one line ends it`() throws {
            let lab = try Lab.ofSuite()
            try lab.joinSameSubnets([
                (lab.ufl, SharedSubnet.lines(lab.ufl, ("same", "same"))),
                (lab.lsu, SharedSubnet.lines(lab.lsu, ("same", "same"))),
            ])
            try until("the clash to be told", timeLimit: Lab.joinLimit) { () throws(LabError) in
                let told = try lab.status(lab.lsu).problems("E022") + lab.status(lab.ufl).problems("E022")
                return told.contains { $0.fix.contains("auto") }
            }

            try lab.writeMap(SharedSubnet.lines(lab.lsu), at: lab.lsu)
            _ = try lab.require(["ipop", "check"], at: .gateway(lab.lsu))
            _ = try lab.require(["ipop", "reload"], at: .gateway(lab.lsu))

            let address = try lab.virtual(SharedSubnet.host4, at: lab.lsu)
            try lab.waitForPing(address, from: .host(lab.cern))
            try lab.waitForPing("\(SharedSubnet.host4)", from: .host(lab.cern))
            try lab.expectPing(lab.cern.hostAddress, from: .host(lab.ufl))
            try lab.expectPing(lab.cern.hostAddress, from: .host(lab.lsu))
            // A prefix that is not of the pool is refused, and nothing else changes.
            try lab.writeMap("lsu \(SharedSubnet.v4) 172.31.0.0/24\n", at: lab.lsu)
            let refused = try lab.run(["ipop", "check"], at: .gateway(lab.lsu))
            #expect(refused.status == 2 && refused.everything.contains("not in the grid's pools"))
        }
    }
}
