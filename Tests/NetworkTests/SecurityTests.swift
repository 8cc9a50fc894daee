import Foundation
import GatewayLab
import Testing

/// What does not belong into the grid does not get in, and both sides are told why.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0 --- an outsider in the namespace `wan`
///     cern-host -lan-- [cern] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("spoof")) struct SourceCheckTests {
        @Test(arguments: [false, true])
        func `a packet with another site's source does not leave its site`(isIPv6: Bool) throws {
            let lab = try Lab.ofSuite()
            // A host at ufl pretends to live at cern and writes to lsu.
            let stolen = isIPv6 ? "fd00:168:30::99" : "192.168.30.99"
            let length = isIPv6 ? 128 : 32, target = isIPv6 ? lab.lsu.hostAddress6 : lab.lsu.hostAddress
            try lab.require(["ip", "addr", "add", "\(stolen)/\(length)", "dev", "lo"], at: .host(lab.ufl))
            defer { _ = try? lab.run(["ip", "addr", "del", "\(stolen)/\(length)", "dev", "lo"], at: .host(lab.ufl)) }
            let family = isIPv6 ? "ip6" : "ip"
            let rules = """
                table inet spoof {
                    chain in {
                        type filter hook prerouting priority 0;
                        \(family) saddr \(stolen) counter name arrived
                    }
                    counter arrived { }
                }
                """
            try ProgramRun.require(["ip", "netns", "exec", lab.lsu.host, "nft", "-f", "-"], input: rules)
            defer { _ = try? lab.run(["nft", "delete", "table", "inet", "spoof"], at: .host(lab.lsu)) }

            let before = try lab.status(lab.ufl).drops("source-not-exported")

            _ = try lab.ping(target, from: .host(lab.ufl), count: 5, extra: ["-I", stolen])

            let arrived = try lab.require(["nft", "list", "counter", "inet", "spoof", "arrived"], at: .host(lab.lsu))
            #expect(arrived.contains("packets 0 "), "\(arrived)")
            #expect(try lab.status(lab.ufl).drops("source-not-exported") >= before + 5)
            try lab.expectPing(target, from: .host(lab.ufl))
        }

        @Test func `a packet from a source that the sending site may not use is dropped, counted and named`() throws {
            let lab = try Lab.ofSuite()

            // From ufl lsu takes the IPv6 prefix alone, and ufl knows nothing of that.
            try lab.withChange(
                to: .subnetMap, at: lab.lsu, { $0 + "\nufl * \(lab.ufl.subnets[1])\n" }
            ) { reload throws in
                #expect(reload.status == 0, "\(reload.everything)")
                #expect(try lab.ping(lab.lsu.hostAddress, from: .host(lab.ufl), count: 5).received == 0)

                let status = try lab.status(lab.lsu)
                #expect(status.problems("E043").contains { $0.text.contains("ufl") }, "\(status.problems)")
                #expect(try #require(status.site("ufl")?.sourceDrops) >= 5)
                try lab.expectPing(lab.lsu.hostAddress6, from: .host(lab.ufl))
            }
            try lab.waitForPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }
    }

    @Suite(.serialized, .lab("outside", sites: 2)) struct OutsiderTests {
        @Test func `openssl completes a handshake with a certificate of the grid`() throws {
            let lab = try Lab.ofSuite()
            // A member that runs no gateway, so that no session of its own is in the way.
            let tls = try Self.identity(lab)

            let result = try lab.opensslClient(["-cert", "\(tls)/site.crt", "-key", "\(tls)/site.key"], to: lab.ufl)

            #expect(result.output.contains("Verify return code: 0 (ok)"), "\(result.everything)")
            #expect(result.output.contains("Cipher is ECDHE-ECDSA-"), "\(result.everything)")
            #expect(result.output.contains("Protocol  : DTLSv1.2"), "\(result.everything)")
            #expect(result.output.contains("Extended master secret: yes"), "\(result.everything)")
        }

        @Test func `openssl is refused without a certificate`() throws {
            let lab = try Lab.ofSuite()

            let result = try lab.opensslClient([], to: lab.ufl)

            #expect(result.status != 0, "\(result.everything)")
            #expect(result.everything.contains("alert"), "\(result.everything)")
        }

        @Test func `openssl is refused with a certificate of its own making`() throws {
            let lab = try Lab.ofSuite()
            let key = "\(lab.directory)/own.key", certificate = "\(lab.directory)/own.crt"
            try ProgramRun.require([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "1", "-subj", "/CN=lsu", "-keyout", key, "-out", certificate,
            ])

            let result = try lab.opensslClient(["-cert", certificate, "-key", key], to: lab.ufl)

            #expect(result.status != 0, "\(result.everything)")
            #expect(result.everything.contains("alert"), "\(result.everything)")
        }

        @Test func `older protocols are refused`() throws {
            let lab = try Lab.ofSuite()

            let result = try lab.run(
                ["timeout", "10", "openssl", "s_client", "-dtls1", "-connect", "\(lab.ufl.wanAddress):7867"], at: .wan)

            #expect(result.status != 0)
            #expect(!result.output.contains("Cipher is ECDHE"))
        }

        @Test func `noise on the port disturbs nobody`() throws {
            let lab = try Lab.ofSuite()
            let process = try #require(lab.gatewayProcess(lab.ufl))
            // First bytes of every kind: STUN, DTLS records, sealed datagrams of no session, and nothing known.
            let script = """
                for first in 000 001 024 026 063 200 201 300 377; do
                    for size in 1 12 13 15 16 31 32 40 400 1400; do
                        { printf "\\\\$first"; head -c $size /dev/urandom; } | nc -n -u -q 0 -w 1 "$1" 7867
                    done
                done
                """
            _ = try lab.run(["sh", "-c", script, "sh", lab.ufl.wanAddress], at: .wan, timeLimit: 120)

            #expect(process.isRunning)
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            #expect(try lab.status(lab.ufl).state == "up")
        }

        /// The directory of the certificate and key of a site that is in the grid and runs no gateway.
        private static func identity(_ lab: Lab) throws -> String {
            let idle = try lab.addSite()
            try lab.join(idle)
            return lab.directories(idle).configuration + "/tls"
        }
    }

    @Suite(.serialized) struct RefusalTests {
        @Test(
            .lab("foreign", sites: 2),
            arguments: [
                ("othergrid", ["certificate-untrusted", "certificate-wrong-grid"]),
                ("", ["certificate-untrusted"]),
            ])
        func `a gateway with a certificate of another authority is refused at both ends`(
            grid: String, reasons: [String]
        ) throws {
            let lab = try Lab.ofSuite()
            let stranger = try lab.addSite()
            try lab.joinForeign(stranger, grid: grid.isEmpty ? lab.plan.name : grid)
            try lab.startGateway(stranger)

            try expectRefusal(lab, stranger, reasons)
        }

        @Test(.lab("expired", sites: 2)) func `an expired certificate is refused by check, daemon and peer`() throws {
            let lab = try Lab.ofSuite()
            let late = try lab.addSite(), tls = lab.directories(late).configuration + "/tls"
            try lab.join(late)
            try lab.replaceCertificate(late, notAfter: Date(timeIntervalSince1970: 1_600_000_000))

            let check = try lab.run(["ipop", "check"], at: .gateway(late))
            let daemon = try lab.run(["ipopd"], at: .gateway(late))
            let client = try lab.opensslClient(["-cert", "\(tls)/site.crt", "-key", "\(tls)/site.key"], to: lab.ufl)

            #expect(check.status == 2 && check.everything.contains("expired"), "\(check.everything)")
            #expect(daemon.status == 2 && daemon.everything.contains("expired"), "\(daemon.everything)")
            #expect(client.status != 0 && client.everything.contains("certificate expired"), "\(client.everything)")
            #expect(lab.log(lab.ufl).contains("certificate-expired"))
            #expect(try !lab.status(lab.ufl).problems("E042").isEmpty)
        }

        @Test(.lab("ends", sites: 2))
        func `a session ends with its certificate, and both ends say why`() throws {
            let lab = try Lab.ofSuite()
            let late = try lab.addSite()
            try lab.join(late)
            try lab.replaceCertificate(late, notAfter: Date(timeIntervalSinceNow: 10))
            try lab.startGateway(late)
            try lab.waitForPing(late.hostAddress, from: .host(lab.ufl))

            try lab.waitForNoRoutes(late.subnets, at: lab.ufl)

            try until("ufl to say that cern's certificate expired") { () throws(LabError) in
                let status = try lab.status(lab.ufl)
                return status.site(late.name)?.reason == "certificate-expired"
                    || status.problems("E042").contains { $0.text.contains("expired") }
            }
            try until("cern to say that its own did") { () throws(LabError) in
                let status = try lab.status(late)
                return !status.problems("E004").isEmpty && status.site("ufl")?.path == "down"
            }
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }
    }
}

/// Expects that a gateway got no routes and gave none, and that it and the lab's first gateway know why.
private func expectRefusal(_ lab: Lab, _ stranger: LabSite, _ reasons: [String]) throws {
    try until("the refusal in \(lab.ufl.name)'s log") { () throws(LabError) in
        reasons.contains { lab.log(lab.ufl).contains($0) }
    }
    try until("the refusal in \(stranger.name)'s log") { () throws(LabError) in
        reasons.contains { lab.log(stranger).contains("peer-refused-\($0)") || lab.log(stranger).contains($0) }
    }
    for site in [lab.ufl, stranger] {
        #expect(try !lab.status(site).problems("E042").isEmpty, "\(site.name)")
    }
    #expect(try lab.ipopRoutes(stranger).isEmpty)
    for site in [lab.ufl, lab.lsu] {
        #expect(try Set(lab.ipopRoutes(site).keys).isDisjoint(with: stranger.subnets))
    }
    try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
    // Told once, counted after.
    let lines = lab.log(lab.ufl).split(separator: "\n").filter { line in reasons.contains { line.contains($0) } }
    #expect(lines.count <= 3, "\(lines)")
}
