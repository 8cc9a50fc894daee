import Foundation
import GatewayLab
import Testing

/// `ipop explain` and `ipop doctor` on real faults.
///
///     ufl-host --lan-- [ufl]  --wan--+-- br0
///     lsu-host --lan-- [lsu]  --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("explain", sites: 2)) struct ExplainTests {
        @Test func `when all is well every step passes at both sites, in both families`() throws {
            let lab = try Lab.ofSuite()

            for arguments in [
                [lab.lsu.hostAddress], [lab.ufl.hostAddress, lab.lsu.hostAddress, "tcp/443"],
                [lab.ufl.hostAddress6, lab.lsu.hostAddress6], [lab.lsu.lanAddress],
                [lab.ufl.lanAddress, lab.lsu.hostAddress, "udp/53"],
            ] {
                let found = try lab.explain(arguments, at: lab.ufl)

                #expect(found.status == 0 && found.report.firstFailure == nil, "\(arguments): \(found.report)")
                #expect(found.report.schema == 1)
                #expect(found.report.steps.allSatisfy { $0.ok == true }, "\(arguments): \(found.report)")
                #expect(Set(found.report.steps.map(\.site)) == ["ufl", "lsu"])
            }
        }

        @Test func `forwarding that is off is found here and there, and by the doctor`() throws {
            let lab = try Lab.ofSuite()
            let setting = "/proc/sys/net/ipv4/ip_forward"
            for site in lab.sites {
                try lab.withFault("echo 0 > \(setting)", "echo 1 > \(setting)", site) {
                    try lab.expectFailure("forwarding-off", at: site, [lab.lsu.hostAddress])
                    try lab.expectDoctor(site, "forwarding-ipv4", "failure", status: 1)
                }
                try lab.expectDoctor(site, "forwarding-ipv4", "ok", status: 0)
            }
        }

        @Test func `a host that is not there, here and there`() throws {
            let lab = try Lab.ofSuite()

            try lab.expectFailure("host-absent", at: lab.lsu, ["192.168.20.77"])
            try lab.expectFailure("host-absent", at: lab.lsu, ["fd00:168:20::77"])
            try lab.expectFailure("host-absent", at: lab.ufl, ["192.168.10.77", lab.lsu.hostAddress])
        }

        @Test func `sources and destinations that are nobody's`() throws {
            let lab = try Lab.ofSuite()

            try lab.expectFailure("source-not-exported", at: lab.ufl, ["10.1.1.1", lab.lsu.hostAddress])
            try lab.expectFailure("destination-unknown", at: lab.ufl, ["10.9.9.9"])
            try lab.expectFailure("destination-local", at: lab.ufl, [lab.ufl.hostAddress])
        }

        @Test func `a route that is shadowed, here and on the way back`() throws {
            let lab = try Lab.ofSuite()
            let there = "ip route add \(lab.lsu.hostAddress)/32 via \(lab.lsu.wanAddress)"
            let back = "ip route add \(lab.ufl.hostAddress)/32 via \(lab.ufl.wanAddress)"
            let both = [lab.ufl.hostAddress, lab.lsu.hostAddress]

            try lab.withFault(there, there.replacing("add", with: "del"), lab.ufl) {
                try lab.expectFailure("route-shadowed", at: lab.ufl, both)
            }
            try lab.withFault(back, back.replacing("add", with: "del"), lab.lsu) {
                try lab.expectFailure("route-shadowed", at: lab.lsu, both)
            }
        }

        @Test func `a strict rp_filter stops what has another way back`() throws {
            let lab = try Lab.ofSuite()
            let route = "ip route add \(lab.ufl.hostAddress)/32 via \(lab.ufl.wanAddress)"
            let filter = "/proc/sys/net/ipv4/conf/ipop0/rp_filter"
            let both = [lab.ufl.hostAddress, lab.lsu.hostAddress]

            try lab.withFault("echo 1 > \(filter)", "echo 0 > \(filter)", lab.lsu) {
                let strict = try lab.explain(both, at: lab.ufl)
                #expect(strict.report.firstFailure == nil, "\(strict.report)")
                try lab.withFault(route, route.replacing("add", with: "del"), lab.lsu) {
                    try lab.expectFailure("reverse-path-filter", at: lab.lsu, both)
                }
                try lab.expectDoctor(lab.lsu, "reverse-path", "warning", status: 0)
            }
        }

        @Test func `a route that is gone is missing as long as the daemon holds back`() throws {
            let lab = try Lab.ofSuite()
            let prefix = lab.lsu.subnets[0]

            // Each removal lets the daemon wait longer with the next restoration.
            try until("a route that is missing", timeLimit: Lab.joinLimit) { () throws(LabError) in
                _ = try lab.run(["ip", "route", "del", prefix], at: .gateway(lab.ufl))
                let found = try lab.explain([lab.lsu.hostAddress], at: lab.ufl)
                return found.status == 1 && found.report.firstFailure?.code == "route-missing"
                    && found.report.firstFailure?.site == "ufl"
            }
            try lab.waitForRoutes([prefix], at: lab.ufl)
        }

        @Test func `a forward policy that drops, and a rule for one port`() throws {
            let lab = try Lab.ofSuite()
            let table = "nft add table inet guard", end = "nft delete table inet guard"
            let drop = "nft 'add chain inet guard forward { type filter hook forward priority 0; policy drop; }'"
            let pass = "nft 'add chain inet guard forward { type filter hook forward priority 0; }'"
            let rule = "nft 'add rule inet guard forward tcp dport 22 reject'"
            let both = [lab.ufl.hostAddress, lab.lsu.hostAddress]

            for site in lab.sites {
                try lab.withFault("\(table) && \(drop)", end, site) {
                    #expect(try lab.ping(lab.lsu.hostAddress, from: .host(lab.ufl), count: 1).received == 0)
                    try lab.expectFailure("firewall-drops", at: site, both)
                    try lab.expectDoctor(site, "firewall", "failure", status: 1)
                    #expect(
                        try lab.status(site).problems("E045").first?.fix.hasPrefix("nft add rule inet guard") == true)
                }
                try lab.withFault("\(table) && \(pass) && \(rule)", end, site) {
                    try lab.expectFailure("firewall-drops", at: site, both + ["tcp/22"])
                    let other = try lab.explain(both + ["tcp/443"], at: lab.ufl)
                    #expect(other.status == 0 && other.report.firstFailure == nil, "\(other.report)")
                }
            }
        }

        @Test func `a forward policy of iptables-legacy that drops`() throws {
            let lab = try Lab.ofSuite()

            try lab.withFault("iptables-legacy -P FORWARD DROP", "iptables-legacy -P FORWARD ACCEPT", lab.lsu) {
                #expect(try lab.ping(lab.lsu.hostAddress, from: .host(lab.ufl), count: 1).received == 0)
                try lab.expectFailure("firewall-drops", at: lab.lsu, [lab.lsu.hostAddress])
                try lab.expectDoctor(lab.lsu, "firewall", "failure", status: 1)
            }
        }

        @Test func `a source that is masqueraded into the overlay`() throws {
            let lab = try Lab.ofSuite()
            let chain = "nft 'add chain ip guard post { type nat hook postrouting priority 100; }'"
            let make = "nft add table ip guard && \(chain) && nft add rule ip guard post masquerade"

            try lab.withFault(make, "nft delete table ip guard", lab.ufl) {
                try lab.expectFailure("source-rewritten", at: lab.ufl, [lab.ufl.hostAddress, lab.lsu.hostAddress])
                try lab.expectDoctor(lab.ufl, "source-nat", "failure", status: 1)
            }
        }

        @Test func `the text names the first failure and its fix last, and fits the site's names`() throws {
            let lab = try Lab.ofSuite()
            try lab.withFault(
                "echo 0 > /proc/sys/net/ipv4/ip_forward", "echo 1 > /proc/sys/net/ipv4/ip_forward", lab.lsu
            ) {
                let text = try lab.run(["ipop", "explain", lab.lsu.hostAddress], at: .gateway(lab.ufl), timeLimit: 60)
                let lines = text.output.split(separator: "\n")

                #expect(text.status == 1)
                #expect(lines.contains("lsu  forwarding     FAIL IPv4 forwarding is off"), "\(text.output)")
                #expect(lines.suffix(2).first == "stops at lsu: forwarding-off: IPv4 forwarding is off")
                #expect(lines.last?.contains("sysctl -w net.ipv4.ip_forward=1") == true)
            }
        }
    }

    /// What is left when gateways die.
    @Suite(.serialized, .lab("explaindown", sites: 2)) struct ExplainDownTests {
        @Test func `a peer that is down, then no daemon: the reason, and the kernel's part`() throws {
            let lab = try Lab.ofSuite()

            lab.killGateway(lab.lsu)
            try until("the peer to be missed", timeLimit: Lab.joinLimit) { () throws(LabError) in
                let found = try lab.explain([lab.lsu.hostAddress], at: lab.ufl)
                return found.status == 1 && found.report.firstFailure?.code == "peer-down"
            }
            let down = try lab.explain([lab.lsu.hostAddress], at: lab.ufl)
            #expect(down.report.firstFailure?.site == "ufl" && down.report.firstFailure?.fix.isEmpty == false)
            #expect(down.report.steps.last?.name == "far-gateway" && down.report.steps.last?.ok == nil)

            lab.killGateway(lab.ufl)
            let dead = try lab.explain([lab.lsu.hostAddress], at: lab.ufl)
            #expect(dead.status == 3 && dead.report.firstFailure?.code == "daemon-not-running")
            #expect(dead.report.steps.contains { $0.name == "forwarding" && $0.ok == true })
            try lab.expectDoctor(lab.ufl, "daemon", "failure", status: 1)
        }
    }
}
