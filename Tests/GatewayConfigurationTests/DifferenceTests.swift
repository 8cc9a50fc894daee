import GatewayConfiguration
import NetworkTypes
import Testing

/// What another configuration changes: told in full, for plan and reload alike.
@Suite struct DifferenceTests {
    /// One change of each setting that ipop.yaml has.
    static let settingChanges: [@Sendable (inout GatewaySettings) -> Void] = [
        { $0.listen.port = 7_000 }, { $0.listen.addresses = [IPAddress("192.0.2.1")!] }, { $0.listen.tcp = false },
        { $0.listen.portMapping = .off }, { $0.proxy = try? ProxySettings(url: "socks5://proxy.example:1080") },
        { $0.bootstrap = [HostAndPort("gw.example:7867")!] }, { $0.lan.interface = "eth9" },
        { $0.lan.mode = .bridged }, { $0.lan.bridge = "br0" }, { $0.lan.staticHosts = false },
        { $0.dhcp.isEnabled = false }, { $0.dhcp.leaseSeconds = 600 }, { $0.names.listen = .off },
        { $0.names.hosts = [.init(name: "printer", addresses: [IPAddress("10.1.0.7")!])] }, { $0.device = "ipop7" },
        { $0.routes.table = .number(77) }, { $0.routes.metric = 51 }, { $0.routes.accept = .mapped },
        { $0.mtu = .bytes(1_400) }, { $0.metrics.listen = Endpoint("127.0.0.1:9867") }, { $0.log.level = .debug },
        { $0.session.rekeyAfterSeconds = 60 }, { $0.isRelay = false }, { $0.offloads.gso = false },
    ]

    @Test(arguments: settingChanges.indices) func `a change of any setting is told once`(index: Int) {
        var settings = Self.settings
        Self.settingChanges[index](&settings)

        let difference = Self.difference(settings: settings)

        #expect(difference.changes.count + difference.restarts.count == 1, "\(difference.changes)")
        #expect(difference.refusal == nil)
    }

    @Test func `what is the same is no change`() {
        let difference = Self.difference(Self.lines, Self.lines.replacing("\n", with: "   # the same\n"))

        #expect(difference.changes.isEmpty && difference.restarts.isEmpty)
        #expect(difference.exports.allSatisfy { $0.kind == .kept })
    }

    @Test func `what sockets and devices were opened with stays until the restart, and all else is taken`() {
        var settings = Self.settings
        for change in Self.settingChanges { change(&settings) }

        let difference = Self.difference(settings: settings)

        #expect(difference.restarts.count == 3)
        let (effective, old) = (difference.effective, Self.settings)
        #expect(effective.listen.port == old.listen.port && effective.listen.addresses == old.listen.addresses)
        #expect(effective.device == old.device && effective.offloads == old.offloads)
        #expect(effective.listen.tcp == settings.listen.tcp && effective.routes == settings.routes)
        // Told again at every reload until then.
        let next = ConfigurationDifference(from: Self.side(effective), to: Self.side(settings))
        #expect(next.restarts == difference.restarts && next.changes.isEmpty)
    }

    @Test func `exports come, go, and get other virtual prefixes`() {
        let difference = Self.difference(
            "lsu 10.1.0.0/24 same\nlsu 10.2.0.0/24 same\nlsu 10.3.0.0/24 auto\nlsu 10.4.0.0/24 same\n",
            "lsu 10.1.0.0/24 same\nlsu 10.2.0.0/24 auto\nlsu 10.3.0.0/24 10.128.7.0/24\nlsu 10.5.0.0/24 auto\n"
                + "lsu 10.6.0.0/24 same\n")

        #expect(difference.exports.map(\.kind) == [.kept, .mapped, .mapped, .added, .added, .removed])
        #expect(
            difference.changes == [
                "export 10.2.0.0/24 mapped to a leased prefix", "export 10.3.0.0/24 mapped to 10.128.7.0/24",
                "export 10.5.0.0/24 added, mapped to a leased prefix", "export 10.6.0.0/24 added",
                "export 10.4.0.0/24 removed",
            ])
    }

    @Test(arguments: [
        ("ufl * deny\n", "policy for other sites changed"), ("lsu bridged 10.128.16.0/20\n", "LAN hosts live in"),
    ])
    func `other lines of subnets.map are changes too`(line: String, sentence: String) {
        let difference = Self.difference(Self.lines, Self.lines + line)

        #expect(difference.changes.count == 1 && difference.changes[0].hasPrefix(sentence), "\(difference.changes)")
    }

    @Test func `a renewed certificate and a newer profile are changes, another key or grid is refused`() {
        let old = Self.side(Self.settings)
        var renewed = old
        renewed.certificate = [2]
        renewed.profileVersion = 2
        var rekeyed = old
        rekeyed.node = NodeAddress(high: 9, middle: 9, low: 9)
        var moved = old
        moved.settings.grid = "chemistry"

        let difference = ConfigurationDifference(from: old, to: renewed)

        #expect(difference.changes == ["grid profile changed", "certificate renewed"])
        #expect(difference.refusal == nil)
        #expect(ConfigurationDifference(from: old, to: rekeyed).refusal != nil)
        #expect(ConfigurationDifference(from: old, to: moved).refusal != nil)
    }

    private static let settings = GatewaySettings(grid: "physics", site: "lsu", lan: .init(interface: "eth1"))
    private static let lines = "lsu 10.1.0.0/24 same\ncern * 10.9.0.0/16\n"

    private static func side(_ settings: GatewaySettings, _ lines: String = Self.lines) -> ConfigurationDifference.Side
    {
        ConfigurationDifference.Side(
            settings: settings, subnetMap: readMap(lines).map ?? SubnetMap(), certificate: [1],
            node: NodeAddress(high: 1, middle: 1, low: 1), profileVersion: 1)
    }

    private static func difference(settings: GatewaySettings) -> ConfigurationDifference {
        ConfigurationDifference(from: side(Self.settings), to: side(settings))
    }

    private static func difference(_ old: String, _ new: String) -> ConfigurationDifference {
        ConfigurationDifference(from: side(settings, old), to: side(settings, new))
    }
}
