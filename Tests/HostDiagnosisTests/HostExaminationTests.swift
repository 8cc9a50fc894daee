import ControlProtocol
import HostDiagnosis
import NetworkTypes
import RoutePlanning
import Testing

@Suite struct HostExaminationTests {
    private static let now: Int64 = 1_800_000_000
    private static let day: Int64 = 86_400

    private static var facts: DoctorFacts {
        var report = Scene.report
        report.nat = NATReport(mapping: .none, udp: .ok)
        return DoctorFacts(
            device: "ipop0",
            configuration: .init(
                lanInterface: "lan0", port: 7_867, families: [.v4], validity: now - day...now + 90 * day),
            report: .success(report), capabilities: 1 << 12, tun: .usable, network: Scene.network, forwardsV4: true,
            forwardsV6: false, firewall: Scene.facts.firewall, now: now, isClockSynchronised: true,
            udpPort: .program("ipopd"), tcpPort: .nobody)
    }

    private func check(_ name: DoctorCheckName, _ change: (inout DoctorFacts) -> Void) -> DoctorCheck {
        var facts = Self.facts
        change(&facts)
        return HostExamination(facts).checks.first { $0.name == name }!
    }

    @Test func `a healthy host passes every check, one for each name`() {
        let checks = HostExamination(Self.facts).checks

        #expect(checks.map(\.name) == DoctorCheckName.allCases)
        #expect(checks.allSatisfy { $0.state == .ok }, "\(checks.filter { $0.state != .ok })")
        #expect(DoctorReport(checks: checks).exit == .healthy)
    }

    @Test(arguments: [DoctorCheckName.forwardingIPv4, .firewall, .sourceNAT, .device, .mtu, .lanInterface, .tun])
    func `what stops traffic is a failure with a fix`(name: DoctorCheckName) {
        let found = check(name) { facts in
            switch name {
            case .forwardingIPv4: facts.forwardsV4 = false
            case .firewall: facts.firewall.ruleset = Scene.closedFirewall
            case .sourceNAT: facts.firewall.ruleset = Scene.masquerade
            case .device: facts.network = Scene.network(deviceIsUp: false)
            case .mtu: facts.report = .success(Self.report(deviceMTU: 1_400))
            case .lanInterface: facts.network = Scene.network(lanIsUp: false)
            default: facts.tun = .missing
            }
        }

        #expect(found.state == .failure && found.fix != nil && found.degrades, "\(found)")
    }

    @Test func `the daemon, its rights and its port`() {
        #expect(check(.daemon) { $0.report = .failure(.notRunning) }.state == .failure)
        #expect(check(.daemon) { $0.report = .failure(.permissionDenied) }.state == .unknown)
        #expect(check(.capabilities) { $0.capabilities = 0 }.state == .failure)
        #expect(check(.udpPort) { $0.udpPort = .program("dnsmasq") }.text == "dnsmasq has UDP port 7867")
        #expect(check(.udpPort) { $0.udpPort = .nobody }.state == .failure)
        #expect(check(.tcpPort) { $0.tcpPort = .program("nginx") }.state == .warning)
    }

    @Test func `certificate and clock`() {
        func found(_ validity: ClosedRange<Int64>) -> DoctorCheck {
            check(.certificate) { $0.configuration?.validity = validity }
        }

        #expect(found(Self.now - 9 * Self.day...Self.now - Self.day).state == .failure)
        #expect(found(Self.now + Self.day...Self.now + 9 * Self.day).fix == "Set the clock: timedatectl.")
        let soon = found(Self.now - Self.day...Self.now + 5 * Self.day)
        #expect(soon.state == .warning && soon.degrades)
        let clock = check(.clock) { $0.isClockSynchronised = false }
        #expect(clock.state == .warning && !clock.degrades)
    }

    @Test func `NAT and UDP in the words of the daemon`() {
        func found(_ name: DoctorCheckName, _ nat: NATReport) -> DoctorState {
            check(name) { facts in
                var report = Scene.report
                report.nat = nat
                facts.report = .success(report)
            }.state
        }

        #expect(found(.nat, NATReport(mapping: .addressAndPortDependent, udp: .ok)) == .warning)
        #expect(found(.nat, NATReport(mapping: .endpointIndependent, udp: .ok)) == .ok)
        #expect(found(.nat, NATReport()) == .unknown)
        #expect(found(.udp, NATReport(udp: .blocked)) == .failure)
    }

    @Test func `warnings that leave the gateway healthy`() {
        let route = HostRoute(
            prefix: Scene.prefix("0.0.0.0/0"), origin: .boot, linkIndex: 2, gateway: IPAddress(192, 168, 10, 254))
        let found = [
            check(.reversePath) { $0.strictInterfaces = ["lan0"] },
            check(.defaultRouter) { $0.network = Scene.network(routes: [route]) },
            check(.networkPrograms) {
                $0.networkPrograms = [.init(name: "systemd-networkd", managesDevice: false, removesForeignRoutes: true)]
            },
            check(.networkPrograms) {
                $0.networkPrograms = [.init(name: "NetworkManager", managesDevice: true, removesForeignRoutes: nil)]
            },
            check(.connectionTracking) { $0.connections = (95, 100) },
        ]

        #expect(found.allSatisfy { $0.state == .warning && !$0.degrades && $0.fix != nil }, "\(found)")
        #expect(check(.connectionTracking) { $0.connections = (100, 100) }.state == .failure)
    }

    @Test func `a default route by advertisements needs accept_ra 2 where IPv6 is forwarded`() {
        let route = HostRoute(
            prefix: Scene.prefix("::/0"), origin: .routerAdvertisement, linkIndex: 3,
            gateway: IPAddress(v6High: 0xfe80 << 48, low: 9))
        let found = check(.routerAdvertisements) { facts in
            facts.network = Scene.network(routes: [route])
            facts.forwardsV6 = true
            facts.hearsAdvertisements = ["lan0", "wan0"]
        }

        #expect(found.state == .warning && found.fix == "sysctl -w net.ipv6.conf.wan0.accept_ra=2." && found.degrades)
    }

    @Test func `a firewall that is asked about a bridge's frames must let them pass`() {
        func found(_ ruleset: FirewallRuleset, bridged: Bool = true, asked: [AddressFamily] = [.v4]) -> DoctorCheck {
            check(.bridgeFilter) { facts in
                var report = Scene.report
                report.host.lanMode = bridged ? .bridged : .routed
                facts.report = .success(report)
                facts.firewall.ruleset = ruleset
                facts.filtersBridges = asked
            }
        }

        let closed = found(Scene.closedFirewall)

        #expect(closed.state == .failure && closed.degrades)
        #expect(closed.text.contains("br_netfilter") && closed.text.contains("lan0"), "\(closed.text)")
        #expect(closed.fix?.hasPrefix("sysctl -w net.bridge.bridge-nf-call-iptables=0") == true)
        #expect(closed.fix?.contains("oifname lan0 accept") == true, "\(closed.fix ?? "")")
        #expect(found(Scene.closedFirewall, asked: [.v6]).fix?.contains("bridge-nf-call-ip6tables=0") == true)
        #expect(found(Scene.closedFirewall, asked: []).state == .ok)
        #expect(found(Scene.closedFirewall, bridged: false).state == .ok)
        #expect(found(FirewallRuleset()).state == .ok)
        #expect(check(.bridgeFilter) { $0.report = .failure(.notRunning) }.state == .ok)
    }

    @Test func `rules that cannot be read leave the question open`() {
        #expect(check(.firewall) { $0.firewall.hasHiddenTables = true }.state == .unknown)
        #expect(check(.firewall) { $0.firewall = FirewallFacts(unreadable: "only root") }.state == .unknown)
    }

    private static func report(deviceMTU: Int) -> GatewayReport {
        var report = Scene.report
        report.host.deviceMTU = deviceMTU
        return report
    }
}
