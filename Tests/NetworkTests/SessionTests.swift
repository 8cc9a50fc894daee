import Foundation
import GatewayLab
import Testing

/// Sessions outlive their keys and their addresses.
///
///     ufl-host --lan-- [ufl] --wan--+
///                                   +-- br0
///     lsu-host --lan-- [lsu] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("session", sites: 2, isBroughtUp: false)) struct SessionTests {
        @Test func `keys are replaced under traffic without a loss`() throws {
            let lab = try Lab.ofSuite()
            try lab.createGrid()
            for site in lab.sites {
                try lab.join(site)
                let settings = try lab.read(.settings, at: site)
                    .replacingOccurrences(of: "rekey-after: 3600", with: "rekey-after: 10")
                    .replacingOccurrences(of: "level: info", with: "level: debug")
                try lab.write(settings, to: .settings, at: site)
                try lab.startGateway(site)
            }
            for site in lab.sites { try lab.waitUntilInGrid(site) }
            try lab.waitForPing(lab.lsu.hostAddress, from: .host(lab.ufl))

            let (ping, log) = try lab.start(
                ["ping", "-q", "-i", "0.01", lab.lsu.hostAddress], at: .host(lab.ufl), role: "ping")
            try until("new keys at both gateways") { () throws(LabError) in
                lab.sites.allSatisfy { lab.log($0).contains("keys replaced") }
            }
            ping.signal(SIGINT)
            #expect(ping.waitForEnd(timeLimit: 10))

            let text = try String(contentsOfFile: log, encoding: .utf8)
            let counts = try #require(text.firstMatch(of: #/(\d+) packets transmitted, (\d+) received/#), "\(text)")
            // The last one may be on its way when ping ends.
            #expect(try #require(Int(counts.1)) - #require(Int(counts.2)) <= 1, "\(text)")
        }

        @Test func `a gateway that changes its address keeps its session`() throws {
            let lab = try Lab.ofSuite()
            let script = """
                echo 1 > /proc/sys/net/ipv4/conf/wan/promote_secondaries
                ip addr add 198.18.0.77/24 dev wan
                ip addr del \(lab.lsu.wanAddress)/24 dev wan
                ip addr del \(lab.lsu.wanAddress6)/64 dev wan
                """

            try lab.require(["sh", "-ec", script], at: .gateway(lab.lsu))
            try lab.waitForPing(lab.ufl.hostAddress, from: .host(lab.lsu))

            try until("ufl to see where lsu is now") { () throws(LabError) in
                try lab.status(lab.ufl).site("lsu")?.endpoint == "198.18.0.77:7867"
            }
            try lab.expectPing(lab.lsu.hostAddress6, from: .host(lab.ufl))
            #expect(!lab.log(lab.ufl).contains("site lost"), "\(lab.logEnd(lab.ufl))")
        }
    }
}
