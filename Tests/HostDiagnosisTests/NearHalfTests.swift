import ControlProtocol
import HostDiagnosis
import NetworkTypes
import RoutePlanning
import Testing

/// The steps at the site where `ipop explain` runs: each fault is the first failure, with its code.
@Suite struct NearHalfTests {
    private func steps(
        _ facts: SideFacts = Scene.facts, _ report: GatewayReport = Scene.report, routes: [RouteFact] = [],
        packet: ExplainedPacket = Scene.packet, isAnyHost: Bool = false
    ) -> [ExplainStep] {
        NearHalf(
            site: "ufl", report: .success(report), routes: routes, facts: facts, packet: packet, isAnyHost: isAnyHost
        ).steps
    }

    private func failure(_ steps: [ExplainStep]) -> String? { ExplainReport(steps: steps).firstFailure?.code }

    @Test func `when all is well every step passes, in the order of the list`() {
        let steps = steps()

        #expect(steps.allSatisfy { $0.isPassed == true }, "\(steps)")
        #expect(steps.allSatisfy { $0.site == "ufl" })
        let order = ExplainStepName.allCases.map(\.rawValue).filter { $0 != "default-router" }
        #expect(steps.map(\.name) == Array(order.prefix(steps.count)))
    }

    @Test func `a host that is not there, a device that is not there, an interface that is down`() {
        var absent = Scene.facts
        absent.neighbour = .absent
        var deviceless = Scene.facts
        deviceless.network = Scene.network(hasDevice: false)
        var deviceDown = Scene.facts
        deviceDown.network = Scene.network(deviceIsUp: false)
        var lanDown = Scene.facts
        lanDown.network = Scene.network(lanIsUp: false)
        var nameless = Scene.facts
        nameless.lanInterface = "eth7"

        #expect(failure(steps(absent)) == "host-absent")
        #expect(failure(steps(deviceless)) == "device-missing")
        #expect(failure(steps(deviceDown)) == "device-down")
        #expect(failure(steps(lanDown)) == "lan-interface-down")
        #expect(failure(steps(nameless)) == "lan-interface-missing")
    }

    @Test func `a host that was not seen lately leaves the question open`() {
        for fact in [NeighbourFact.stale(nil), .asked, .unknown] {
            var facts = Scene.facts
            facts.neighbour = fact

            #expect(failure(steps(facts)) == nil)
            #expect(steps(facts).first { $0.name == "lan-host" }?.isPassed == .some(nil))
        }
    }

    @Test func `any host of the LAN needs no neighbour, and the gateway itself no forwarding`() {
        var facts = Scene.facts
        facts.neighbour = .absent
        #expect(failure(steps(facts, isAnyHost: true)) == nil)

        facts.local = Scene.gateway
        facts.forwardsFromLAN = false
        facts.firewall.ruleset = Scene.closedFirewall
        #expect(failure(steps(facts)) == nil)
    }

    @Test func `hosts of a bridged subnet are known one by one`() {
        var report = Scene.report
        report.host.bridge = "lan0"
        report.host.bridgedSubnet = IPPrefix("10.128.16.0/20")
        report.leases = [
            LeaseReport(key: "10.128.16.5", holder: "ufl", expiresSeconds: 9, mac: .overlayDevice, origin: .dhcp),
            LeaseReport(key: "10.128.16.6", holder: "lsu", expiresSeconds: 0, state: .lost, origin: .fixed),
        ]
        func failure(_ source: UInt8, _ destination: IPAddress) -> String? {
            let packet = ExplainedPacket(
                source: IPAddress(10, 128, 16, source), destination: destination, transport: 1)
            return self.failure(steps(Scene.facts, report, packet: packet))
        }

        #expect(failure(5, IPAddress(10, 128, 17, 1)) == nil)
        #expect(failure(5, Scene.farHost) == nil)
        #expect(failure(5, IPAddress(10, 128, 16, 5)) == "destination-local")
        #expect(failure(6, Scene.farHost) == "host-not-registered")
        #expect(failure(7, Scene.farHost) == "host-not-registered")
    }

    @Test func `forwarding that is off names the setting`() throws {
        var facts = Scene.facts
        facts.forwardsFromLAN = false
        facts.forwardsFromDevice = false
        let both = try #require(ExplainReport(steps: steps(facts)).firstFailure)
        facts.forwardsFromDevice = true
        let one = try #require(ExplainReport(steps: steps(facts)).firstFailure)

        #expect(both.code == "forwarding-off" && one.code == "forwarding-off")
        #expect(both.fix?.hasPrefix("Switch it on: sysctl -w net.ipv4.ip_forward=1") == true)
        #expect(one.fix?.hasPrefix("Switch it on: sysctl -w net.ipv4.conf.lan0.forwarding=1") == true)
    }

    @Test func `a strict filter stops what has another way back, and nothing else`() {
        var facts = Scene.facts
        facts.strictInterfaces = ["lan0", "ipop0"]
        #expect(failure(steps(facts)) == nil)

        facts.wayToRemote = .route(Scene.toUplink)
        #expect(failure(steps(facts)) == "reverse-path-filter")
    }

    @Test func `a route that is missing, or loses`() {
        let missing = RouteFact(
            prefix: Scene.prefix("192.168.20.0/24"), kernel: .missing, device: nil, metric: nil,
            issue: RouteIssue(.removedByAnotherProgram))
        var facts = Scene.facts
        facts.wayToRemote = .route(Scene.toUplink)
        #expect(failure(steps(facts, routes: [missing])) == "route-missing")
        #expect(failure(steps(facts)) == "route-missing")
        facts.wayToRemote = .none
        #expect(failure(steps(facts)) == "route-missing")

        var longer = Scene.toUplink
        longer.prefix = Scene.prefix("192.168.20.10/32")
        facts.wayToRemote = .route(longer)
        #expect(failure(steps(facts)) == "route-shadowed")
    }

    @Test func `a firewall that drops, and one that rewrites`() {
        var facts = Scene.facts
        facts.firewall.ruleset = Scene.closedFirewall
        #expect(failure(steps(facts)) == "firewall-drops")

        facts.firewall.ruleset = Scene.masquerade
        #expect(failure(steps(facts)) == "source-rewritten")
    }

    @Test func `rules that cannot be read leave the question open`() {
        var facts = Scene.facts
        facts.firewall = FirewallFacts(unreadable: "only root can read the firewall's rules")

        let step = steps(facts).first { $0.name == "firewall" }

        #expect(step?.isPassed == .some(nil) && step?.text == "only root can read the firewall's rules")
    }

    @Test func `sources and destinations that no route is for`() {
        var foreign = Scene.packet
        foreign.source = IPAddress(10, 1, 1, 1)
        var local = Scene.packet
        local.destination = IPAddress(192, 168, 10, 99)
        var unknown = Scene.packet
        unknown.destination = IPAddress(10, 9, 9, 9)
        var refusing = Scene.report
        refusing.routes[0].wanted = false
        refusing.routes[0].issue = RouteIssue(.refusedByPolicy)
        var refused = Scene.report
        refused.exports[0].state = .refused
        refused.exports[0].issue = RouteIssue(.notCoveredByCertificate)

        #expect(failure(steps(packet: foreign)) == "source-not-exported")
        #expect(failure(steps(packet: local)) == "destination-local")
        #expect(failure(steps(packet: unknown)) == "destination-unknown")
        #expect(failure(steps(Scene.facts, refusing)) == "destination-not-accepted")
        #expect(failure(steps(Scene.facts, refused)) == "export-refused")
    }

    @Test func `a site that is down says why`() throws {
        var report = Scene.report
        report.sites[0].path = .down
        report.sites[0].reason = .noAnswer

        let failure = try #require(ExplainReport(steps: steps(Scene.facts, report)).firstFailure)

        #expect(failure.code == "peer-down" && failure.text == "site lsu is down: stopped answering")
    }

    @Test func `a gateway that is not its LAN's router is told, and fails nothing`() {
        var facts = Scene.facts
        let route = HostRoute(
            prefix: Scene.prefix("0.0.0.0/0"), origin: .boot, linkIndex: 2, gateway: IPAddress(192, 168, 10, 254))
        facts.network = Scene.network(routes: [route])

        let step = steps(facts).first { $0.name == "default-router" }

        #expect(step?.isPassed == .some(nil) && step?.text.contains("option 121") == true)
        #expect(failure(steps(facts)) == nil)
    }

    @Test func `without the daemon the kernel's steps are told behind the first failure`() {
        let steps = NearHalf(
            site: nil, report: .failure(.notRunning), routes: [], facts: Scene.facts, packet: Scene.packet,
            isAnyHost: true
        ).steps

        #expect(failure(steps) == "daemon-not-running")
        #expect(steps.map(\.name).contains("forwarding") && !steps.map(\.name).contains("peer"))
        #expect(steps[0].site == NearHalf.nameless && steps[0].text.contains("only the kernel is read"))
    }
}
