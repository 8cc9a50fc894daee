import NetworkTypes

/// Reads ipop.yaml and grid.yaml from their trees, strictly: what is not understood is an error, and all are told.
package enum ConfigurationReader {
    /// The keys of ipop.yaml, the top level under the empty name.
    package static let keys: [(section: String, keys: [String])] = [
        (
            "",
            [
                "grid", "site", "listen", "proxy", "bootstrap", "lan", "dhcp", "names", "device", "routes", "mtu",
                "metrics", "log", "session", "relay", "offloads",
            ]
        ),
        ("listen", ["port", "addresses", "tcp", "port-mapping"]),
        ("lan", ["interface", "mode", "bridge", "static-hosts"]),
        ("dhcp", ["enabled", "lease", "allow-macs", "allow-classes"]),
        ("names", ["listen", "hosts"]),
        ("routes", ["table", "metric", "accept"]),
        ("metrics", ["listen"]),
        ("log", ["level"]),
        ("session", ["rekey-after"]),
        ("offloads", ["gso", "gro", "vnet"]),
    ]

    /// The settings that `root` holds, and every problem in the file's order. Settings are `nil` if one is an error.
    package static func settings(from root: ConfigurationNode, file: String) -> (
        settings: GatewaySettings?, problems: [ConfigurationProblem]
    ) {
        var problems = ProblemList(file: file)
        guard let top = mapping(root, "", &problems) else { return (nil, problems.sorted) }
        var settings = GatewaySettings(grid: "", site: "", lan: GatewaySettings.LAN(interface: ""))
        readNames(top, &settings, &problems)
        readListen(top, &settings, &problems)
        readProxy(top, &settings, &problems)
        settings.bootstrap = bootstrap(top, &problems)
        readDevices(top, &settings, &problems)
        readDHCP(top, &settings, &problems)
        readHostNames(top, &settings, &problems)
        readRoutes(top, &settings, &problems)
        readMTU(top, &settings, &problems)
        readMetrics(top, &settings, &problems)
        readRemaining(top, &settings, &problems)
        return (problems.hasErrors ? nil : settings, problems.sorted)
    }

    private static func mapping(_ node: ConfigurationNode, _ section: String, _ problems: inout ProblemList)
        -> StrictMapping?
    {
        let known = keys.first { $0.section == section }?.keys ?? []
        let home: (String) -> String? = { key in keys.first { $0.section != section && $0.keys.contains(key) }?.section
        }
        return StrictMapping(node, section: section, keys: known, homes: home, &problems)
    }

    static func section(_ top: StrictMapping, _ name: String, _ problems: inout ProblemList) -> StrictMapping? {
        guard let node = top.node(name) else { return nil }
        return mapping(node, name, &problems)
    }

    private static func readNames(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        top.require("grid", example: "grid: NAME", &problems)
        top.require("site", example: "site: NAME", &problems)
        if let name = siteName(top, "grid", &problems) { settings.grid = name }
        if let name = siteName(top, "site", &problems) { settings.site = name }
    }

    static func siteName(_ top: StrictMapping, _ key: String, _ problems: inout ProblemList) -> String? {
        guard let (text, position) = top.text(key, expected: "a name", &problems) else { return nil }
        guard SiteName.isValid(text) else {
            let lower = text.lowercased()
            problems.error(
                .invalidValue, at: position, "'\(text)' cannot name a \(key): a name has \(SiteName.rule)",
                suggestion: SiteName.isValid(lower) ? "did you mean '\(lower)'?" : nil)
            return nil
        }
        return text
    }

    private static func readListen(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        guard let listen = section(top, "listen", &problems) else { return }
        if let port = listen.integer("port", in: 1...65_535, &problems) { settings.listen.port = UInt16(port) }
        if let tcp = listen.boolean("tcp", &problems) { settings.listen.tcp = tcp }
        if let (choice, _) = listen.choice("port-mapping", of: GatewaySettings.Listen.PortMapping.self, &problems) {
            settings.listen.portMapping = choice
        }
        for (text, position) in listen.texts("addresses", expected: "IP addresses", &problems) {
            guard let address = IPAddress(text), !address.isMulticast else {
                let hint = HostAndPort(text) == nil ? nil : "the port stands in 'listen.port'"
                problems.error(
                    .invalidValue, at: position, "'\(text)' is not an IP address to listen at", suggestion: hint)
                continue
            }
            if settings.listen.addresses.contains(address) {
                problems.error(.duplicate, at: position, "address \(address) stands twice", suggestion: "keep one")
                continue
            }
            settings.listen.addresses.append(address)
        }
    }

    private static func readProxy(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        guard let (text, position) = top.text("proxy", expected: "a URL or none", &problems), text != "none" else {
            return
        }
        do throws(ProxyURLFault) {
            settings.proxy = try ProxySettings(url: text)
        } catch {
            // The text may hold a password, so the message does not repeat it.
            let (what, hint) =
                switch error {
                case .scheme: ("'proxy' must begin with socks5:// or http://, or be none", "write socks5://HOST:PORT")
                case .login:
                    (
                        "'proxy' must have USER:PASSWORD before the @, 1 to 255 bytes each",
                        "write special characters as in a URL: %40 for @, %3A for :, %25 for %"
                    )
                case .server: ("'proxy' must end with HOST:PORT", "write socks5://HOST:1080 or http://HOST:3128")
                }
            problems.error(.invalidValue, at: position, what, suggestion: hint)
        }
    }

    /// A list of HOST:PORT.
    static func bootstrap(_ top: StrictMapping, _ problems: inout ProblemList) -> [HostAndPort] {
        var hosts: [HostAndPort] = []
        for (text, position) in top.texts("bootstrap", expected: "HOST:PORT", &problems) {
            guard let host = HostAndPort(text) else {
                let bracketed = IPAddress(text)?.family == .v6 ? "[\(text)]" : text
                let meant = "\(bracketed):\(GatewaySettings.Listen.defaultPort)"
                problems.error(
                    .invalidValue, at: position, "'\(text)' is not HOST:PORT",
                    suggestion: HostAndPort(meant) == nil ? nil : "did you mean '\(meant)'?")
                continue
            }
            if hosts.contains(host) {
                problems.error(.duplicate, at: position, "bootstrap \(host) stands twice", suggestion: "keep one")
                continue
            }
            hosts.append(host)
        }
        return hosts
    }

    private static func readDevices(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        if let name = interfaceName(top, "device", &problems) { settings.device = name }
        top.require("lan", example: "lan: {interface: NAME}", &problems)
        guard let lan = section(top, "lan", &problems) else { return }
        lan.require("interface", example: "interface: NAME", &problems)
        if let name = interfaceName(lan, "interface", &problems) {
            settings.lan.interface = name
            if name == settings.device, let node = lan.node("interface") {
                problems.error(
                    .invalidValue, at: node.position, "'\(name)' is the overlay's own device, it cannot be the LAN's",
                    suggestion: "name the interface that the site's hosts are on")
            }
        }
        if let (mode, _) = lan.choice("mode", of: GatewaySettings.LAN.Mode.self, &problems) {
            settings.lan.mode = mode
        }
        if let name = interfaceName(lan, "bridge", &problems) { settings.lan.bridge = name }
        if let value = lan.boolean("static-hosts", &problems) { settings.lan.staticHosts = value }
        for key in ["bridge", "static-hosts"] where settings.lan.mode == .routed {
            guard let node = lan.node(key) else { continue }
            problems.error(
                .invalidValue, at: node.position, "'lan.\(key)' is for bridged LANs, and this one is routed",
                suggestion: "remove it, or write mode: bridged")
        }
    }

    /// A name that the kernel takes for an interface: 1 to 15 bytes (IFNAMSIZ - 1), no slash, colon or blank.
    private static func interfaceName(_ mapping: StrictMapping, _ key: String, _ problems: inout ProblemList)
        -> String?
    {
        guard let (text, position) = mapping.text(key, expected: "the name of an interface", &problems) else {
            return nil
        }
        guard InterfaceName.isValid(text) else {
            problems.error(
                .invalidValue, at: position, "'\(text)' cannot name an interface: a name has \(InterfaceName.rule)")
            return nil
        }
        return text
    }

    private static func readRoutes(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        guard let routes = section(top, "routes", &problems) else { return }
        if let (text, _) = routes.text("table", expected: "'main' or a number", &problems) {
            if text == "main" {
                settings.routes.table = .main
            } else if let node = routes.node("table"), StrictMapping.decimal(text) == 255 {
                problems.error(
                    .invalidValue, at: node.position, "routing table 255 is the kernel's own table 'local'",
                    suggestion: "write main, or a number of your own such as 77")
            } else if StrictMapping.decimal(text) != nil {
                if let number = routes.integer("table", in: 1...Int(UInt32.max), &problems) {
                    settings.routes.table = number == 254 ? .main : .number(UInt32(number))
                }
            } else if let node = routes.node("table") {
                let meant = NameSuggestion.nearest(to: text, among: ["main"])
                problems.error(
                    .invalidValue, at: node.position, "'routes.table' must be 'main' or a number, not '\(text)'",
                    suggestion: meant.map { "did you mean '\($0)'?" })
            }
        }
        if let metric = routes.integer("metric", in: 1...Int(UInt32.max), &problems) {
            settings.routes.metric = UInt32(metric)
        }
        if let (accept, _) = routes.choice("accept", of: RouteAcceptance.self, &problems) {
            settings.routes.accept = accept
        }
    }

    private static func readMTU(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        if case .scalar("auto", _)? = top.node("mtu")?.content { return }
        if case .scalar(let text, _)? = top.node("mtu")?.content, StrictMapping.decimal(text) == nil,
            let node = top.node("mtu"), !node.isAbsent
        {
            let range = GatewaySettings.MTU.range
            problems.error(
                .wrongType, at: node.position,
                "'mtu' must be auto or a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'",
                suggestion: NameSuggestion.nearest(to: text, among: ["auto", "automatic"]).map { _ in
                    "did you mean 'auto'?"
                })
            return
        }
        guard let mtu = top.integer("mtu", in: GatewaySettings.MTU.range, &problems) else { return }
        settings.mtu = .bytes(mtu)
        if mtu < 1_280 {
            problems.warning(
                .invalidValue, at: top.node("mtu")?.position, "with an mtu of \(mtu) no IPv6 passes (RFC 8200: 1280)",
                suggestion: "write mtu: auto, or at least 1280")
        }
    }

    private static func readMetrics(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        guard let metrics = section(top, "metrics", &problems),
            let (text, position) = metrics.text("listen", expected: "ADDRESS:PORT", &problems)
        else { return }
        guard let endpoint = Endpoint(text) else {
            problems.error(
                .invalidValue, at: position, "'metrics.listen' must be ADDRESS:PORT, not '\(text)'",
                suggestion: "write 127.0.0.1:9867")
            return
        }
        settings.metrics.listen = endpoint
    }

    private static func readRemaining(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        if let (level, _) = section(top, "log", &problems)?
            .choice("level", of: GatewaySettings.Log.Level.self, &problems)
        {
            settings.log.level = level
        }
        if let seconds = section(top, "session", &problems)?
            .integer("rekey-after", in: GatewaySettings.Session.rekeyRange, &problems)
        {
            settings.session.rekeyAfterSeconds = seconds
        }
        if let value = top.boolean("relay", &problems) { settings.isRelay = value }
        guard let offloads = section(top, "offloads", &problems) else { return }
        if let value = offloads.boolean("gso", &problems) { settings.offloads.gso = value }
        if let value = offloads.boolean("gro", &problems) { settings.offloads.gro = value }
        if let value = offloads.boolean("vnet", &problems) { settings.offloads.vnet = value }
    }
}
