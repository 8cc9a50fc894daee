import GatewayConfiguration
import NetworkTypes
import Testing

@Suite struct SettingsTests {
    @Test func `three keys are enough and the rest has defaults`() throws {
        let reading = readSettings(smallSettings)
        let settings = try #require(reading.settings)

        #expect(reading.problems.isEmpty)
        #expect(settings.grid == "physics" && settings.site == "lsu" && settings.lan.interface == "eth1")
        #expect(settings.listen.port == 7867 && settings.listen.addresses.isEmpty && settings.bootstrap.isEmpty)
        #expect(settings.listen.portMapping == .automatic)
        #expect(settings.listen.tcp && settings.proxy == nil)
        #expect(settings.device == "ipop0" && settings.mtu == .automatic && settings.lan.mode == .routed)
        #expect(settings.routes.table == .main && settings.routes.metric == 50 && settings.routes.accept == .learned)
        #expect(settings.log.level == .info && settings.metrics.listen == nil)
        #expect(settings.names.listen == .automatic && settings.names.hosts.isEmpty)
        #expect(settings.session.rekeyAfterSeconds == 3_600 && settings.isRelay)
        #expect(settings.offloads.gso && settings.offloads.gro && settings.offloads.vnet)
    }

    @Test func `every key is read`() throws {
        let reading = readSettings(completeSettings)
        let settings = try #require(reading.settings)

        #expect(reading.problems.isEmpty)
        #expect(settings.listen.port == 7868)
        #expect(settings.listen.addresses == [IPAddress("192.0.2.1")!, IPAddress("2001:db8::1")!])
        #expect(settings.listen.portMapping == .off)
        #expect(settings.bootstrap.map(\.description) == ["gw.ufl.example:7867", "[2001:db8::2]:7867"])
        #expect(!settings.listen.tcp)
        #expect(settings.proxy?.url == "socks5://me%40home:p%3A%20w@proxy.example:1080")
        #expect(settings.proxy?.login == ProxySettings.Login(user: "me@home", password: "p: w"))
        #expect(settings.proxy?.description == "socks5://proxy.example:1080")
        #expect(settings.device == "ipop7" && settings.mtu == .bytes(1_400))
        #expect(settings.routes.table == .number(77) && settings.routes.table.number == 77)
        #expect(settings.routes.metric == 51 && settings.routes.accept == .mapped)
        #expect(settings.log.level == .debug && settings.session.rekeyAfterSeconds == 60)
        #expect(!settings.isRelay)
        #expect(!settings.offloads.gso && !settings.offloads.gro && !settings.offloads.vnet)
    }

    @Test func `clients are allowed by address or by class`() {
        let reading = readSettings(
            """
            grid: physics
            site: lsu
            lan: {interface: eth1, mode: bridged}
            dhcp: {allow-macs: ["02:00:00:00:00:01"], allow-classes: [phone]}

            """)

        let told = "ipop.yaml:4:58: error: 'dhcp.allow-macs' and 'dhcp.allow-classes' cannot both be given"
        #expect(reading.problems.map(\.description) == ["\(told); keep one of the two"])
    }

    @Test func `a bridged LAN has settings of its own`() throws {
        let reading = readSettings(
            """
            grid: physics
            site: lsu
            lan: {interface: eth1, mode: bridged, bridge: br-lan, static-hosts: false}
            dhcp: {enabled: false, lease: 600, allow-macs: ["02:00:00:00:00:01", "02:00:00:00:00:02"]}

            """)
        let settings = try #require(reading.settings)

        #expect(settings.lan.mode == .bridged && settings.lan.bridge == "br-lan" && !settings.lan.staticHosts)
        #expect(!settings.dhcp.isEnabled && settings.dhcp.leaseSeconds == 600)
        #expect(settings.dhcp.allowedMACs.map(\.rawValue) == [0x02_00_00_00_00_01, 0x02_00_00_00_00_02])
        let small = try #require(
            readSettings("grid: physics\nsite: lsu\nlan: {interface: eth1, mode: bridged}\n").settings)
        #expect(small.lan.bridge == nil && small.lan.staticHosts)
        #expect(small.dhcp.isEnabled && small.dhcp.leaseSeconds == 3_600)
        #expect(small.dhcp.allowedMACs.isEmpty && small.dhcp.allowedClasses.isEmpty)
        for settings in [settings, small] {
            #expect(readSettings(ConfigurationWriter.settingsText(settings)).settings == settings)
        }
    }

    @Test func `hosts of a routed LAN have names`() throws {
        let settings = try #require(
            readSettings(
                smallSettings + """
                    names: {listen: "fd00::1", hosts: {printer: 192.168.20.7, "no": ["192.168.20.8", "fd00::8"]}}

                    """
            ).settings)

        #expect(settings.names.listen == .address(IPAddress("fd00::1")!))
        #expect(settings.names.hosts.map(\.name) == ["printer", "no"])
        #expect(settings.names.hosts[0].addresses == [IPAddress("192.168.20.7")!])
        #expect(settings.names.hosts[1].addresses == [IPAddress("192.168.20.8")!, IPAddress("fd00::8")!])
        #expect(readSettings(smallSettings + "names: {listen: off}\n").settings?.names.listen == .off)
        #expect(readSettings(ConfigurationWriter.settingsText(settings)).settings == settings)
    }

    /// What stands in the file, and how its problem is printed.
    @Test(
        arguments: Mistake.list(
            """
            lsiten: {port: 1}
                4:1: error: unknown key 'lsiten'; did you mean 'listen'?
            listen: {prot: 1}
                4:10: error: unknown key 'prot' in 'listen'; did you mean 'port'?
            listen: {port-mapping: of}
                4:24: error: 'listen.port-mapping' must be one of auto, off, not 'of'; did you mean 'off'?
            interface: eth1
                4:1: error: unknown key 'interface'; 'interface' belongs under 'lan'
            names: {listen: of}
                4:17: error: 'names.listen' must be auto, off or an IP address of this host, not 'of'; did you mean
                'off'?
            names: {listen: "0.0.0.0"}
                4:17: error: 'names.listen' must be auto, off or an IP address of this host, not '0.0.0.0'
            names: {hosts: [printer]}
                4:16: error: 'names.hosts' must be a mapping of names, not a list; write hosts: {NAME: ADDRESS}
            names: {hosts: {a.b: 10.0.0.1}}
                4:17: error: 'a.b' cannot name a host: a name has 1 to 63 lower-case letters, digits and hyphens, not
                starting or ending with a hyphen
            names: {hosts: {a: 10.0.0.1, a: 10.0.0.2}}
                4:30: error: host 'a' stands twice; give it a list of addresses
            names: {hosts: {a: []}}
                4:20: error: host 'a' has 1 to 8 addresses, not 0
            names: {hosts: {a: 10.0.0}}
                4:20: error: host 'a' must have the IP address of a host, not '10.0.0'
            log: {mtu: 1400}
                4:7: error: unknown key 'mtu' in 'log'; 'mtu' belongs at the top level
            site: ufl
                4:1: error: key 'site' stands twice; it stands at line 2 already; keep one
            listen: 7867
                4:9: error: 'listen' must be a mapping of keys to values, not '7867'; write listen: {port: ..,
                addresses: ..}
            listen: {tcp: no}
                4:15: error: 'listen.tcp' must be true or false, not 'no'; write false
            proxy: https://proxy.example:3128
                4:8: error: 'proxy' must begin with socks5:// or http://, or be none; write socks5://HOST:PORT
            proxy: proxy.example:3128
                4:8: error: 'proxy' must begin with socks5:// or http://, or be none; write socks5://HOST:PORT
            proxy: http://proxy.example
                4:8: error: 'proxy' must end with HOST:PORT; write socks5://HOST:1080 or http://HOST:3128
            proxy: http://me@proxy.example:3128
                4:8: error: 'proxy' must have USER:PASSWORD before the @, 1 to 255 bytes each; write special
                characters as in a URL: %40 for @, %3A for :, %25 for %
            proxy: "http://me:100%@proxy.example:3128"
                4:8: error: 'proxy' must have USER:PASSWORD before the @, 1 to 255 bytes each; write special
                characters as in a URL: %40 for @, %3A for :, %25 for %
            proxy: {url: none}
                4:8: error: 'proxy' must be a URL or none, not a mapping
            listen: {port: 70000}
                4:16: error: 'listen.port' must be a number from 1 to 65535, not '70000'
            listen: {port: 0}
                4:16: error: 'listen.port' must be a number from 1 to 65535, not '0'
            listen: {port: "7867"}
                4:16: error: 'listen.port' must be a number from 1 to 65535, not the quoted text "7867"; remove the
                quotes
            listen: {port: many}
                4:16: error: 'listen.port' must be a number from 1 to 65535, not 'many'
            listen: {port: [1]}
                4:16: error: 'listen.port' must be a number from 1 to 65535, not a list
            listen: {addresses: 192.0.2.1}
                4:21: error: 'listen.addresses' must be a list of IP addresses, not '192.0.2.1'; write addresses:
                [192.0.2.1]
            listen: {addresses: ["192.0.2.1:7867"]}
                4:22: error: '192.0.2.1:7867' is not an IP address to listen at; the port stands in 'listen.port'
            listen: {addresses: [192.0.2.1, 192.0.2.1]}
                4:33: error: address 192.0.2.1 stands twice; keep one
            bootstrap: gw.ufl.example:7867
                4:12: error: 'bootstrap' must be a list of HOST:PORT, not 'gw.ufl.example:7867'; write bootstrap:
                [gw.ufl.example:7867]
            bootstrap: [gw.ufl.example]
                4:13: error: 'gw.ufl.example' is not HOST:PORT; did you mean 'gw.ufl.example:7867'?
            bootstrap: ["2001:db8::1"]
                4:13: error: '2001:db8::1' is not HOST:PORT; did you mean '[2001:db8::1]:7867'?
            bootstrap: [gw:1, gw:1]
                4:19: error: bootstrap gw:1 stands twice; keep one
            bootstrap:
                4:11: error: 'bootstrap' must be a list of HOST:PORT, not nothing; give it a value or remove the key
            device: an-interface-too-long
                4:9: error: 'an-interface-too-long' cannot name an interface: a name has 1 to 15 characters, no
                blank, slash or colon
            routes: {table: mian}
                4:17: error: 'routes.table' must be 'main' or a number, not 'mian'; did you mean 'main'?
            routes: {table: 255}
                4:17: error: routing table 255 is the kernel's own table 'local'; write main, or a number of your
                own such as 77
            routes: {accept: learnt}
                4:18: error: 'routes.accept' must be one of learned, mapped, not 'learnt'; did you mean 'learned'?
            routes: {metric: -1}
                4:18: error: 'routes.metric' must be a number from 1 to 4294967295, not '-1'
            mtu: 500
                4:6: error: 'mtu' must be a number from 576 to 65535, not '500'
            mtu: atuo
                4:6: error: 'mtu' must be auto or a number from 576 to 65535, not 'atuo'; did you mean 'auto'?
            mtu: 0x600
                4:6: error: 'mtu' must be auto or a number from 576 to 65535, not '0x600'
            metrics: {listen: localhost}
                4:19: error: 'metrics.listen' must be ADDRESS:PORT, not 'localhost'; write 127.0.0.1:9867
            log: {level: warn}
                4:14: error: 'log.level' must be one of trace, debug, info, notice, warning, error, not 'warn'
            log: {level: Debug}
                4:14: error: 'log.level' must be one of trace, debug, info, notice, warning, error, not 'Debug'; did
                you mean 'debug'?
            session: {rekey-after: 5}
                4:24: error: 'session.rekey-after' must be a number from 10 to 86400, not '5'
            session: {rekey_after: 60}
                4:11: error: unknown key 'rekey_after' in 'session'; did you mean 'rekey-after'?
            offloads: {gso: yes}
                4:17: error: 'offloads.gso' must be true or false, not 'yes'; write true
            offloads: {gso: []}
                4:17: error: 'offloads.gso' must be true or false, not a list
            """))
    func `a mistake is told with its place and what was meant`(mistake: Mistake) {
        let reading = readSettings(smallSettings + mistake.text + "\n")

        #expect(reading.settings == nil)
        #expect(reading.problems.map(\.description) == ["ipop.yaml:\(mistake.told)"])
    }

    @Test(
        arguments: Mistake.list(
            """
            site: lsu\\nlan: {interface: eth1}\\n
                1:1: error: 'grid' is missing; add 'grid: NAME'
            grid: a\\nsite: lsu\\n
                1:1: error: 'lan' is missing; add 'lan: {interface: NAME}'
            grid: a\\nsite: lsu\\nlan: {mode: routed}\\n
                3:6: error: 'lan.interface' is missing; add 'interface: NAME'
            grid: a\\nsite: LSU\\nlan: {interface: e}\\n
                2:7: error: 'LSU' cannot name a site: a name has \(SiteName.rule); did you mean 'lsu'?
            grid: a\\nsite: b\\nlan: {interface: ipop0}\\n
                3:18: error: 'ipop0' is the overlay's own device, it cannot be the LAN's; name the interface that
                the site's hosts are on
            grid: a\\nsite: b\\nlan: {interface: e, bridge: br0}\\n
                3:29: error: 'lan.bridge' is for bridged LANs, and this one is routed; remove it, or write mode:
                bridged
            grid: a\\nsite: b\\nlan: {interface: e}\\ndhcp: {lease: 600}\\n
                4:7: error: 'dhcp' is for bridged LANs, and this one is routed; remove it, or write lan: {mode:
                bridged}
            grid: a\\nsite: b\\nlan: {interface: e, mode: bridged}\\ndhcp: {lease: 60}\\n
                4:15: error: 'dhcp.lease' must be a number from 120 to 604800, not '60'
            grid: a\\nsite: b\\nlan: {interface: e, mode: bridged}\\ndhcp: {allow-macs: ["ff:ff:ff:ff:ff:ff"]}\\n
                4:21: error: 'ff:ff:ff:ff:ff:ff' is not the Ethernet address of a station; write six pairs of
                hexadecimal digits: "02:00:00:00:00:01"
            grid: a\\nsite: b\\nlan: {interface: e, mode: bridged}\\nnames: {hosts: {a: 10.0.0.1}}\\n
                4:16: error: 'names.hosts' is for routed LANs, and this one is bridged; remove it: DHCP clients say how
                they are called
            grid: a\\nsite: b\\nlan: {interface: e, mode: bridged}\\nnames: {listen: "10.0.0.1"}\\n
                4:17: error: on a bridged LAN the service address answers for names; write listen: auto, or off
            - grid\\n
                1:1: error: the file must be a mapping of keys to values, not a list; write grid: .., site: ..
            """))
    func `what must be there is asked for`(mistake: Mistake) {
        let reading = readSettings(mistake.text)

        #expect(reading.settings == nil)
        #expect(reading.problems.map(\.description) == ["ipop.yaml:\(mistake.told)"])
    }

    @Test func `a key like no other is answered with all there are`() {
        let reading = readSettings(smallSettings + "zzz: 1\n")

        #expect(reading.problems.first?.suggestion?.hasPrefix("known here: grid, site, listen, ") == true)
    }

    @Test func `all mistakes are told at once, in the file's order`() {
        let reading = readSettings("grid: physics\nsiet: lsu\nmtu: 1\nlan: {interface: eth1, mode: bridge}\nlog: []\n")

        #expect(reading.problems.map { [$0.line, $0.column] } == [[1, 1], [2, 1], [3, 6], [4, 30], [5, 6]])
        #expect(reading.problems.map(\.code) == [.missingKey, .unknownKey, .invalidValue, .invalidValue, .wrongType])
    }

    @Test func `a file of nonsense keys does not print without end`() {
        let reading = readSettings((0..<5_000).map { "key\($0): 1\n" }.joined())

        #expect(reading.settings == nil)
        #expect(reading.problems.count <= 52)
    }

    @Test(arguments: ["127.0.0.1:9867", "[::]:9867"])
    func `metrics are served where the settings say`(address: String) {
        let reading = readSettings(smallSettings + "metrics: {listen: \"\(address)\"}\n")

        #expect(reading.settings?.metrics.listen == Endpoint(address))
        #expect(reading.problems.isEmpty)
    }

    @Test func `what no IPv6 passes is warned about`() throws {
        let narrow = readSettings(smallSettings + "mtu: 1000\n")

        #expect(narrow.settings?.mtu == .bytes(1_000))
        #expect(narrow.problems.map(\.severity) == [.warning])
    }

    @Test func `what is written is read back to the same`() throws {
        var odd = GatewaySettings(grid: "on", site: "0", lan: .init(interface: "br-lan.5"))
        odd.lan.interface = "no"
        for settings in [try #require(readSettings(completeSettings).settings), odd] {
            let reading = readSettings(ConfigurationWriter.settingsText(settings))
            #expect(reading.settings == settings)
            #expect(reading.problems.isEmpty)
        }
    }

    @Test(
        arguments: [
            ("lighthose", ["lighthouse", "listen"], "lighthouse"),
            ("preshared_key", ["pre_shared_key"], "pre_shared_key"),
            ("PORT", ["port"], "port"), ("prot", ["port", "proto"], "port"), ("x", ["y"], nil),
            ("abc", ["xyz", "device"], nil),
        ] as [(String, [String], String?)])
    func `a slip of the hand finds its word`(word: String, candidates: [String], expected: String?) {
        #expect(NameSuggestion.nearest(to: word, among: candidates) == expected)
    }
}
