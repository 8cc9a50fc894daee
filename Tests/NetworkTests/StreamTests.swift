import Foundation
import GatewayLab
import Testing

/// TLS over TCP, where the network lets no UDP through.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0 --- an outsider in the namespace `wan`: a proxy, strangers
///     cern-host -lan-- [cern] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("streams")) struct StreamTests {
        @Test func `a site without UDP is reached over TLS, and over UDP again when that is let through`() throws {
            let lab = try Lab.ofSuite()
            try lab.setUDPBlocked(lab.lsu, true)
            defer { try? lab.openWAN() }

            report("to all paths over TLS", try waitForPaths("direct-tcp", "udp-blocked"), "s")
            for site in [lab.ufl, lab.cern] {
                try lab.expectPing(lab.lsu.hostAddress, from: .host(site))
                try lab.expectPing(site.hostAddress6, from: .host(lab.lsu))
            }
            let shown = try #require(try lab.status(lab.lsu).site("ufl")?.endpoint)
            let own = ["\(lab.ufl.wanAddress):", "[\(lab.ufl.wanAddress6)]:"]
            #expect(own.contains { shown.hasPrefix($0) }, "\(shown)")
            #expect(try lab.require(["ipop", "status"], at: .gateway(lab.ufl)).contains("direct tcp"))
            #expect(try lab.status(lab.cern).site("ufl")?.path == "direct-udp")
            // Nothing of a stream's stand-in endpoint gets out of the process.
            for site in lab.sites {
                let routes = try lab.require(["ip", "-6", "route", "show", "table", "all"], at: .gateway(site))
                #expect(!routes.contains("100:0:0:1") && !lab.log(site).contains("100:0:0:1"))
            }

            try lab.openWAN()
            report("back to UDP", try waitForPaths("direct-udp", "ok", timeLimit: 120), "s")
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }

        @Test func `a file crosses over TLS, and LAN hosts still answer while it does`() throws {
            let lab = try Lab.ofSuite()
            try lab.setUDPBlocked(lab.lsu, true)
            defer { try? lab.openWAN() }
            try waitForPaths("direct-tcp", "udp-blocked")

            let sum = try lab.transfer(
                source: "head -c 20000000 /dev/zero", from: .host(lab.lsu), sink: "wc -c", to: .host(lab.ufl),
                address: lab.ufl.hostAddress, timeLimit: 120)

            #expect(sum == "20000000\n")
            try lab.expectPing(lab.ufl.hostAddress, from: .host(lab.lsu))
        }

        @Test func `a stream that is cut is replaced`() throws {
            let lab = try Lab.ofSuite()
            try lab.setUDPBlocked(lab.lsu, true)
            defer { try? lab.openWAN() }
            try waitForPaths("direct-tcp", "udp-blocked")

            for site in [lab.ufl, lab.cern] {
                try lab.require(["ss", "-K", "sport", "=", ":7867", "or", "dport", "=", ":7867"], at: .gateway(site))
            }

            report("after a cut", try lab.waitForPing(lab.lsu.hostAddress, from: .host(lab.ufl)), "s")
            try waitForPaths("direct-tcp", "udp-blocked")
        }

        @Test func `1,000 strangers by TLS are refused, told, and disturb nobody`() throws {
            let lab = try Lab.ofSuite()
            try lab.setUDPBlocked(lab.lsu, true)
            defer { try? lab.openWAN() }
            try waitForPaths("direct-tcp", "udp-blocked")
            let key = "\(lab.directory)/own.key", certificate = "\(lab.directory)/own.crt"
            try ProgramRun.require([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "1", "-subj", "/CN=mallory", "-keyout", key, "-out", certificate,
            ])
            let before = try memory(lab.ufl)

            let strangers = try lab.run(
                ["python3", "-c", Script.strangers, lab.ufl.wanAddress, "7867", certificate, key, "1000"], at: .wan,
                timeLimit: 300)

            #expect(strangers.output == "ready\n1000\n", "\(strangers.everything)")
            let grown = try memory(lab.ufl) - before
            report("1,000 strangers by TLS: memory", Double(grown), "kB")
            #expect(grown < 10_000)
            #expect(try lab.status(lab.ufl).problems("E042").contains { $0.text.contains("untrusted") })
            let lines = lab.log(lab.ufl).split(separator: "\n").filter { $0.contains("certificate-") }
            #expect(lines.count <= 3, "\(lines)")
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            #expect(try lab.status(lab.ufl).site("lsu")?.path == "direct-tcp")
        }

        @Test func `slow clients that say nothing keep nobody out`() throws {
            let lab = try Lab.ofSuite()
            try lab.setUDPBlocked(lab.lsu, true)
            defer { try? lab.openWAN() }
            let (clients, _) = try lab.startScript(
                Script.slowClients, [lab.ufl.wanAddress, "7867", "200"], at: .wan, role: "slow clients")
            defer { clients.stop() }

            // Connections of before would need no new one.
            lab.killGateway(lab.lsu)
            try lab.startGateway(lab.lsu)
            try waitForPaths("direct-tcp", "udp-blocked")

            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            #expect(clients.isRunning)
        }

        @Test func `openssl completes a handshake over TCP with TLS 1.3 alone`() throws {
            let lab = try Lab.ofSuite()
            let tls = lab.directories(lab.cern).configuration + "/tls"
            func client(_ options: [String]) throws -> ProgramResult {
                try lab.run(
                    [
                        "timeout", "15", "openssl", "s_client", "-connect", "\(lab.ufl.wanAddress):7867", "-CAfile",
                        "\(lab.authority)/ca.crt", "-verify_return_error", "-alpn", "ipop/1", "-cert",
                        "\(tls)/site.crt", "-key", "\(tls)/site.key",
                    ] + options, at: .wan)
            }
            let right = try client([])
            #expect(right.output.contains("Verify return code: 0 (ok)"), "\(right.everything)")
            #expect(right.output.contains("New, TLSv1.3"), "\(right.everything)")
            #expect(right.output.contains("ALPN protocol: ipop/1"), "\(right.everything)")
            let old = try client(["-tls1_2"])
            #expect(old.status != 0 && old.everything.contains("alert protocol version"), "\(old.everything)")
        }

        @Test func `who accepts no TLS still reaches others by it`() throws {
            let lab = try Lab.ofSuite()
            try lab.setUDPBlocked(lab.lsu, true)
            defer { try? lab.openWAN() }
            let quiet = { (text: String) in text.replacingOccurrences(of: "port: 7867", with: "port: 7867, tcp: false")
            }
            try lab.withChange(to: .settings, at: lab.lsu, quiet) { reload throws in
                #expect(reload.status == 0, "\(reload.everything)")
                #expect(try lab.require(["ss", "-Hltn", "sport", "=", ":7867"], at: .gateway(lab.lsu)).isEmpty)
                try waitForPaths("direct-tcp", "udp-blocked")
            }
            #expect(try !lab.require(["ss", "-Hltn", "sport", "=", ":7867"], at: .gateway(lab.lsu)).isEmpty)
        }

        /// Waits until both ends of lsu's paths are of a kind and have a reason.
        @discardableResult
        private func waitForPaths(_ path: String, _ reason: String, timeLimit: Double = 60) throws -> Double {
            let lab = try Lab.ofSuite()
            let ends = [(lab.ufl, lab.lsu), (lab.lsu, lab.ufl), (lab.cern, lab.lsu), (lab.lsu, lab.cern)]
            return try until("\(path) with reason \(reason)", timeLimit: timeLimit) { () throws(LabError) in
                for (near, far) in ends {
                    let found = try lab.status(near).site(far.name)
                    guard found?.path == path, found?.reason == reason else { return false }
                }
                return true
            }
        }

        /// Resident memory of a gateway, in kB.
        private func memory(_ site: LabSite) throws -> Int {
            let lab = try Lab.ofSuite()
            let process = try #require(lab.gatewayProcess(site))
            let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
            return try #require(Int(line.split(separator: " ").dropLast().last ?? ""))
        }
    }

    @Suite(.serialized, .lab("proxied", sites: 2)) struct ProxyTests {
        @Test(arguments: [
            ("socks5", "socks5://", []), ("socks5", "socks5://me:p%3A%20w@", ["me", "p: w"]), ("http", "http://", []),
            ("http", "http://me:p%3A%20w@", ["me", "p: w"]),
        ])
        func `a site that only has a proxy reaches the grid through it`(
            kind: String, url: String, login: [String]
        ) throws {
            let lab = try Lab.ofSuite()
            try lab.block([lab.pair(lab.ufl, lab.lsu)])
            defer { try? lab.openWAN() }
            let (proxy, log) = try lab.startScript(
                Script.proxy, [kind, "1080"] + login, at: .wan, role: "\(kind) proxy")
            defer { proxy.stop() }

            try lab.withChange(to: .settings, at: lab.lsu, setting("\(url)\(LabAddresses.wan):1080")) { reload throws in
                #expect(reload.status == 0, "\(reload.everything)")
                try until("a path through the proxy", timeLimit: 60) { () throws(LabError) in
                    try lab.status(lab.lsu).site("ufl")?.path == "direct-tcp"
                }

                try lab.waitForPing(lab.ufl.hostAddress, from: .host(lab.lsu))
                #expect(lab.text(log).contains("connected "))
                let found = try #require(try lab.status(lab.ufl).site("lsu"))
                let proxies = [LabAddresses.wan + ":", "[\(LabAddresses.wan6)]:"]
                #expect(found.reason == "udp-blocked")
                #expect(proxies.contains { found.endpoint?.hasPrefix($0) == true }, "\(found.endpoint ?? "")")
                #expect(try lab.status(lab.lsu).problems("E055").isEmpty)
            }
        }

        @Test func `a proxy that does not know the password is told`() throws {
            let lab = try Lab.ofSuite()
            try lab.block([lab.pair(lab.ufl, lab.lsu)])
            defer { try? lab.openWAN() }
            let (proxy, _) = try lab.startScript(
                Script.proxy, ["socks5", "1081", "me", "right"], at: .wan, role: "strict proxy")
            defer { proxy.stop() }

            let url = "socks5://me:wrong@\(LabAddresses.wan):1081"
            try lab.withChange(to: .settings, at: lab.lsu, setting(url)) { _ throws in
                try until("the problem in status", timeLimit: 60) { () throws(LabError) in
                    try lab.status(lab.lsu).problems("E055").contains { $0.text.contains("user and password") }
                }
                let told = try lab.run(["ipop", "status"], at: .gateway(lab.lsu)).everything + lab.log(lab.lsu)
                #expect(!told.contains("wrong"), "the password is shown")
            }
        }

        private func setting(_ url: String) -> (String) -> String {
            { text in
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                return (lines.filter { !$0.hasPrefix("proxy:") } + ["proxy: \"\(url)\"", ""]).joined(separator: "\n")
            }
        }
    }
}
