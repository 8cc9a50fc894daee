import Foundation
import GatewayLab
import Testing

/// Unmodified LAN hosts of three sites reach each other through the gateways.
///
///     ufl-host 192.168.10.10 --lan-- [ufl]  --wan--+
///     lsu-host 192.168.20.10 --lan-- [lsu]  --wan--+-- br0
///     cern-host 192.168.30.10 -lan-- [cern] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("traffic")) struct TrafficTests {
        @Test func `all hosts reach each other over IPv4 and IPv6`() throws {
            try Lab.ofSuite().expectAllHostsReachEachOther()
        }

        @Test func `gateways reach the hosts of other sites, and are reached`() throws {
            let lab = try Lab.ofSuite()

            for address in [lab.lsu.hostAddress, lab.lsu.hostAddress6, lab.lsu.lanAddress, lab.lsu.lanAddress6] {
                let result = try lab.ping(address, from: .gateway(lab.ufl))
                #expect(result.received == result.sent, "\(address): \(result.words)")
            }
        }

        @Test func `the way has two hops, the two gateways`() throws {
            let lab = try Lab.ofSuite()

            #expect(try lab.ping(lab.lsu.hostAddress, from: .host(lab.ufl)).words.contains("ttl=62"))
            #expect(try lab.ping(lab.lsu.hostAddress6, from: .host(lab.ufl)).words.contains("ttl=62"))
        }

        @Test func `packets larger than the LAN's MTU arrive in fragments`() throws {
            let lab = try Lab.ofSuite()

            for address in [lab.cern.hostAddress, lab.cern.hostAddress6] {
                let result = try lab.ping(address, from: .host(lab.ufl), extra: ["-s", "8000"])
                #expect(result.received == result.sent, "\(address): \(result.words)")
            }
        }

        @Test(arguments: [[], ["-R"], ["-P", "4"], ["-P", "4", "-R"]])
        func `TCP carries what is sent`(options: [String]) throws {
            let lab = try Lab.ofSuite()
            let size = Transfer.short

            let result = try lab.iperf(
                options, bytes: size, from: lab.ufl, to: lab.lsu, address: lab.lsu.hostAddress)

            // The sender counts what it gave its socket, and the run ends then: what is still on the way, up to some
            // megabytes a stream, is not counted at the receiver.
            #expect(result.bytes > Double(size) / 5)
            #expect(result.streams.allSatisfy { $0 > 0 })
            report("TCP \(options.joined(separator: " "))", result.bitsPerSecond / 1e6, "Mbit/s")
        }

        @Test func `TCP over IPv6 carries what is sent`() throws {
            let lab = try Lab.ofSuite()

            let result = try lab.iperf(
                [], bytes: Transfer.short, from: lab.lsu, to: lab.cern, address: lab.cern.hostAddress6)

            #expect(result.bytes > Double(Transfer.short) / 5)
            report("TCP over IPv6", result.bitsPerSecond / 1e6, "Mbit/s")
        }

        @Test(arguments: [200, 1200, 4000])
        func `UDP arrives`(datagram: Int) throws {
            let lab = try Lab.ofSuite()

            // 2 Mbit/s: so little that even a slow machine has no reason to lose any.
            let result = try lab.iperf(
                ["-u", "-b", "2M", "-l", String(datagram)], bytes: 250_000, from: lab.cern, to: lab.ufl,
                address: lab.ufl.hostAddress)

            #expect(try #require(result.lostPercent) < 10)
        }

        @Test func `a large file arrives unchanged`() throws {
            let lab = try Lab.ofSuite()
            let source = Transfer.stream(bytes: Transfer.long)

            let start = Date()
            let received = try lab.transfer(
                source: source, from: .host(lab.ufl), sink: "sha256sum", to: .host(lab.cern),
                address: lab.cern.hostAddress, timeLimit: Transfer.timeLimit)
            report("\(Transfer.long / 1_000_000) MB by nc", Date().timeIntervalSince(start), "s")

            let sent = try lab.require(
                ["sh", "-c", "\(source) | sha256sum"], at: .host(lab.ufl), timeLimit: Transfer.timeLimit)
            #expect(received == sent)
        }

        @Test func `nothing crosses the WAN in the clear`() throws {
            let lab = try Lab.ofSuite()
            let rules = """
                table inet clear {
                    chain out {
                        type filter hook postrouting priority 0;
                        oifname "wan" udp sport 7867 counter name sealed accept
                        oifname "wan" ip protocol icmp counter name open
                        oifname "wan" icmpv6 type { echo-request, echo-reply } counter name open
                    }
                    counter sealed { }
                    counter open { }
                }
                """
            try ProgramRun.require(["ip", "netns", "exec", lab.ufl.gateway, "nft", "-f", "-"], input: rules)
            defer { _ = try? lab.run(["nft", "delete", "table", "inet", "clear"], at: .gateway(lab.ufl)) }

            _ = try lab.ping(lab.lsu.hostAddress, from: .host(lab.ufl))
            _ = try lab.ping(lab.lsu.hostAddress6, from: .host(lab.ufl))

            let sealed = try lab.require(["nft", "list", "counter", "inet", "clear", "sealed"], at: .gateway(lab.ufl))
            let open = try lab.require(["nft", "list", "counter", "inet", "clear", "open"], at: .gateway(lab.ufl))
            #expect(open.contains("packets 0 "))
            #expect(!sealed.contains("packets 0 "))
        }
    }
}

/// How much the tests move, and how.
enum Transfer {
    /// Bytes of the iperf3 runs.
    static let short = 60_000_000

    /// Bytes of the large file: 1 GB under CI, less elsewhere; `IPOP_TEST_BYTES` says otherwise.
    static let long: Int = {
        if let text = ProcessInfo.processInfo.environment["IPOP_TEST_BYTES"], let bytes = Int(text) { return bytes }
        return Ground.isContinuousIntegration ? 1_000_000_000 : 100_000_000
    }()

    /// Seconds that the large file may take on a slow machine.
    static let timeLimit = 240.0

    /// A shell command that prints bytes which look random and are the same each time.
    static func stream(bytes: Int) -> String {
        let key = "00112233445566778899aabbccddeeff"
        return "openssl enc -aes-128-ctr -K \(key) -iv 0 -in /dev/zero 2>/dev/null | head -c \(bytes)"
    }
}
