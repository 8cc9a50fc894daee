import NetworkTypes
import SimulationKit
import Testing

/// The language of scenarios.
@Suite struct ScenarioReaderTests {
    private func read(_ text: String) throws -> [Directive] {
        try Scenario(reading: text, file: "a.scenario").steps.map(\.directive)
    }

    static let samples: [(String, Directive)] = [
        ("members 1000", .members(1_000)), ("announcers 0", .announcers(0)), ("bootstrap 3", .bootstrap(3)),
        ("connectivity 700", .connectivity(perMille: 700)),
        (
            "nat 30% address-and-port-dependent/endpoint-independent",
            .translators(
                .perMille(300), TranslatorBehaviour(mapping: .addressAndPortDependent, filtering: .endpointIndependent))
        ),
        (
            "nat 5 address-dependent/address-dependent expiry 2m",
            .translators(
                .count(5),
                TranslatorBehaviour(mapping: .addressDependent, filtering: .addressDependent, expiry: .seconds(120)))
        ),
        (
            "network delay 5..95ms loss 10 duplicate 5 reorder 10 mtu 1400 jitter 20 tail 3",
            .network([
                .delay(least: .milliseconds(5), most: .milliseconds(95)), .loss(perMille: 10),
                .duplicate(perMille: 5), .reorder(perMille: 10), .mtu(1_400), .jitter(percent: 20), .tail(perMille: 3),
            ])
        ),
        ("network delay 900ms..1s", .network([.delay(least: .milliseconds(900), most: .seconds(1))])),
        ("join all within 60s", .join(.perMille(1_000), within: .seconds(60))),
        ("join 5 within 1m", .join(.count(5), within: .seconds(60))),
        ("churn 100 within 60s", .churn(.count(100), within: .seconds(60))),
        ("kill 30%", .kill(.drawn(.perMille(300)))), ("kill 0.5%", .kill(.drawn(.perMille(5)))),
        ("kill best-connected 20%", .kill(.bestConnected(.perMille(200)))), ("kill bootstrap", .kill(.bootstrap)),
        ("leave 2", .leave(.count(2))), ("restart killed", .restartKilled(within: .zero)),
        ("restart killed within 5s", .restartKilled(within: .seconds(5))),
        ("slow 5% by 500ms", .slow(.perMille(50), by: .milliseconds(500))),
        ("partition half", .partition(.perMille(500))), ("partition 3", .partition(.count(3))), ("heal", .heal),
        ("bridged 10.128.0.0/16", .bridged(IPPrefix("10.128.0.0/16")!)),
        ("hosts 3", .hosts(3, lifetime: .seconds(3_600))), ("hosts 3 lease 2m", .hosts(3, lifetime: .seconds(120))),
        ("move hosts 10%", .moveHosts(.drawn(.perMille(100)))), ("move hosts of killed", .moveHosts(.ofKilled)),
        ("expect hosts 99%", .expect(.hosts(perMille: 990))), ("expect no host conflicts", .expect(.noHostConflicts)),
        ("leases 1000", .leases(.count(1_000))), ("route 1000%", .route(.perMille(10_000))),
        ("idle 60s", .idle(.seconds(60))), ("run 2h", .run(.seconds(7_200))),
        ("expect converged within 30s", .expect(.converged(within: .seconds(30)))),
        ("expect reachable 99.5%", .expect(.reachable(perMille: 995))), ("expect no conflicts", .expect(.noConflicts)),
        ("expect leases 99%", .expect(.leases(perMille: 990))), ("expect hops bounded", .expect(.hops(atMost: nil))),
        ("expect hops at most 8.5", .expect(.hops(atMost: 8_500))),
        ("expect idle at most 1000", .expect(.idle(bitsPerSecondAndLink: 1_000))),
    ]

    @Test(arguments: samples) func `each directive is understood`(text: String, directive: Directive) throws {
        #expect(try read(text) == [directive])
        #expect(try read("  \(text)\t # with a comment") == [directive])
    }

    static let errors: [(String, Int, Int, String)] = [
        ("jump", 1, 1, "'members'"), ("heal\nkill", 2, 5, "'bootstrap', 'best-connected', or members"),
        ("members 0", 1, 9, "1 to 1000000"), ("members many # all", 1, 9, "a count of members"),
        ("join all", 1, 9, "'within'"), ("join all within soon", 1, 17, "such as 30s"),
        ("run 99999h", 1, 5, "such as 30s"), ("kill 101%", 1, 6, "such as 100 or 30%"),
        ("heal now", 1, 6, "the end of the line"), ("network delay 95..5ms", 1, 15, "such as 5..95ms"),
        ("network loss 10 loss 20", 1, 17, "'delay'"), ("nat 30% symmetric", 1, 9, "MAPPING/FILTERING"),
        ("\n\n  expect peace", 3, 10, "'converged'"), ("run 1s\nmembers 5", 2, 1, "must stand before"),
        ("expect reachable 99", 1, 18, "per cent"), ("bridged 10.128.0.1/16", 1, 9, "an IPv4 subnet"),
        ("bridged 10.128.0.0/30", 1, 9, "/8 to /24"), ("hosts 3 lease 5s", 1, 15, "60s to 24h"),
        ("move hosts", 1, 11, "'of killed', or hosts"), ("expect no peace", 1, 11, "'conflicts' or 'host'"),
    ]

    @Test(arguments: errors) func `an error says where, and what was expected`(
        text: String, line: Int, column: Int, expected: String
    ) {
        let error = #expect(throws: ScenarioError.self) { try read(text) }
        #expect(error?.description.hasPrefix("a.scenario:\(line):\(column): expected ") == true)
        #expect(error?.expected.contains(expected) == true, "\(String(describing: error))")
    }

    @Test func `members come from the first line that names them`() throws {
        #expect(try Scenario(reading: "members 7", file: "a").memberCount == 7)
        #expect(try Scenario(reading: "heal", file: "a").memberCount == ScenarioLimits.defaultMembers)
    }

    @Test func `the bound of hops is half the logarithm plus two`() {
        #expect(ScenarioBounds.hopsPerMille(members: 1) == 2_000)
        #expect(ScenarioBounds.hopsPerMille(members: 1_024) == 7_000)
        #expect((8_635...8_645).contains(ScenarioBounds.hopsPerMille(members: 10_000)))
    }

    @Test func `numbers are printed without floating point`() {
        #expect(FixedPoint.text(1_234, decimals: 3) == "1.234")
        #expect(FixedPoint.text(-5, decimals: 2) == "-0.05")
        #expect(FixedPoint.text(7, decimals: 0) == "7")
    }
}
