import Foundation
import GatewayLab
import Testing

/// The page for Prometheus, asked for over HTTP.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0
extension NetworkTests {
    @Suite(.serialized, .lab("metrics", sites: 2)) struct MetricsTests {
        private static let port = 9867

        @Test func `the page says what status says`() throws {
            let lab = try Lab.ofSuite()

            try lab.withMetrics(at: lab.ufl, "127.0.0.1:\(Self.port)") { reload throws in
                #expect(reload.status == 0 && reload.output.contains("metrics"), "\(reload.everything)")
                let page = try lab.metrics(lab.ufl), status = try lab.status(lab.ufl)

                #expect(page.head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(page.head.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
                #expect(page.head.contains("\r\nContent-Length: \(page.body.utf8.count)\r\n"))
                #expect(page.value("ipop_up") == 1)
                #expect(page.value("ipop_overlay_members") == 2)
                #expect(page.value("ipop_site_up{site=\"lsu\",node=\"\(status.sites[0].node!)\"}") == 1)
                #expect(page.body.contains("path=\"direct-udp\""))
                #expect(page.value("ipop_routes{kernel=\"installed\"}") == Double(lab.lsu.subnets.count))
                #expect(page.value("ipop_device_up{device=\"ipop0\"}") == 1)
                #expect(page.value("ipop_device_mtu_bytes{device=\"ipop0\"}") == status.device?.mtu.map(Double.init))
                #expect(page.value("ipop_problems{code=\"E010\"}") == 0)
                #expect(page.value("ipop_dropped_packets_total{reason=\"source-check\"}") == 0)
                #expect(page.body.matches(of: #/(?m)^ipop_[a-z_]+(\{.*\})? [0-9.e+-]+$/#).count > 50)
            }
        }

        @Test func `nothing is served unless asked for, nor any longer`() throws {
            let lab = try Lab.ofSuite()

            #expect(throws: (any Error).self) { try lab.metrics(lab.ufl) }
            try lab.withMetrics(at: lab.ufl, "[::]:\(Self.port)") { _ throws in
                #expect(try lab.metrics(lab.ufl).value("ipop_up") == 1, "IPv4 comes with [::]")
                #expect(try lab.metrics(lab.ufl, from: "::1").value("ipop_up") == 1)
            }
            #expect(throws: (any Error).self) { try lab.metrics(lab.ufl) }
        }

        @Test(arguments: [
            ("HEAD /metrics HTTP/1.1", "200"), ("GET / HTTP/1.1", "404"), ("POST /metrics HTTP/1.1", "405"),
            ("nonsense", "400"),
        ])
        func `other requests get their status`(line: String, code: String) throws {
            let lab = try Lab.ofSuite()

            try lab.withMetrics(at: lab.ufl, "127.0.0.1:\(Self.port)") { _ throws in
                let page = try lab.metrics(lab.ufl, request: "\(line)\r\nHost: x\r\n\r\n")

                #expect(page.head.hasPrefix("HTTP/1.1 \(code) "))
                #expect(page.body.isEmpty == line.hasPrefix("HEAD"))
            }
        }

        @Test func `an address that cannot be had is a problem and nothing more, until it can`() throws {
            let lab = try Lab.ofSuite()
            let taker = try lab.start(
                ["nc", "-l", "-k", "127.0.0.1", "\(Self.port)"], at: .gateway(lab.ufl), role: "taker"
            ).0
            defer { taker.stop() }
            try until("the port to be taken") { () throws(LabError) in
                try lab.run(["nc", "-z", "127.0.0.1", "\(Self.port)"], at: .gateway(lab.ufl)).status == 0
            }

            try lab.withMetrics(at: lab.ufl, "127.0.0.1:\(Self.port)") { reload throws in
                #expect(reload.status == 0, "\(reload.everything)")
                let problems = try lab.status(lab.ufl).problems("E009")
                #expect(problems.count == 1 && problems[0].text.contains("127.0.0.1:\(Self.port)"))
                #expect(try lab.run(["ipop", "status"], at: .gateway(lab.ufl)).status == 0)
                try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))

                taker.stop()

                try until("metrics at the free address") { () throws(LabError) in
                    try lab.status(lab.ufl).problems("E009").isEmpty
                }
                #expect(try lab.metrics(lab.ufl).value("ipop_up") == 1)
            }
        }

        @Test func `who connects and says nothing keeps nobody else out for long`() throws {
            let lab = try Lab.ofSuite()

            try lab.withMetrics(at: lab.ufl, "127.0.0.1:\(Self.port)") { _ throws in
                var idle: [RecordedProcess] = []
                defer { for process in idle { process.stop() } }
                for number in 0..<20 {
                    idle.append(
                        try lab.start(
                            ["nc", "-d", "127.0.0.1", "\(Self.port)"], at: .gateway(lab.ufl), role: "idle\(number)"
                        ).0)
                }
                try until("twenty connections") { () throws(LabError) in
                    try lab.require(
                        ["ss", "-Htn", "state", "established", "( sport = :\(Self.port) )"], at: .gateway(lab.ufl)
                    )
                    .split(separator: "\n").count >= 20
                }

                #expect(try lab.metrics(lab.ufl).value("ipop_up") == 1)
                try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
            }
        }
    }
}

/// What came over one connection.
private struct Page {
    let head: String
    let body: String

    /// The value of a sample, by its name and all its labels as they stand on the page.
    func value(_ sample: String) -> Double? {
        body.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
            .flatMap { Double($0.dropFirst(sample.count + 1)) }
    }
}

extension Lab {
    fileprivate func withMetrics(
        at site: LabSite, _ address: String, _ body: (ProgramResult) throws -> Void
    ) throws {
        try withChange(to: .settings, at: site, { $0 + "metrics: {listen: \"\(address)\"}\n" }, body)
    }

    /// Sends a request to a gateway's metrics server and reads until it closes.
    fileprivate func metrics(
        _ site: LabSite, from address: String = "127.0.0.1",
        request: String = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    ) throws -> Page {
        let escaped = request.replacingOccurrences(of: "\r", with: "\\r").replacingOccurrences(of: "\n", with: "\\n")
        // The answer ends by the server's closing, so that `nc` needs no word that its own input has ended.
        let answer = try require(
            ["sh", "-c", "printf '\(escaped)' | timeout 30 nc \(address) 9867"], at: .gateway(site), timeLimit: 40)
        let parts = answer.components(separatedBy: "\r\n\r\n")
        return Page(head: parts[0] + "\r\n", body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }
}
