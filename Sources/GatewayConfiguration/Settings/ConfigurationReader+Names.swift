import NetworkTypes

extension ConfigurationReader {
    /// Reads `names`; `lan` has been read before.
    static func readHostNames(
        _ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList
    ) {
        guard let names = section(top, "names", &problems) else { return }
        if let (text, position) = names.text("listen", expected: "auto, off or an IP address", &problems) {
            if let listen = listen(text) {
                settings.names.listen = listen
            } else {
                let meant = NameSuggestion.nearest(to: text, among: ["auto", "off"])
                problems.error(
                    .invalidValue, at: position,
                    "'names.listen' must be auto, off or an IP address of this host, not '\(text)'",
                    suggestion: meant.map { "did you mean '\($0)'?" })
            }
        }
        if let node = names.node("hosts") { settings.names.hosts = hosts(node, &problems) }
        guard settings.lan.mode == .bridged else { return }
        if case .address = settings.names.listen, let node = names.node("listen") {
            problems.error(
                .invalidValue, at: node.position, "on a bridged LAN the service address answers for names",
                suggestion: "write listen: auto, or off")
        }
        if !settings.names.hosts.isEmpty, let node = names.node("hosts") {
            problems.error(
                .invalidValue, at: node.position, "'names.hosts' is for routed LANs, and this one is bridged",
                suggestion: "remove it: DHCP clients say how they are called")
        }
    }

    private static func listen(_ text: String) -> GatewaySettings.Names.Listen? {
        switch text {
        case "auto": return .automatic
        case "off": return .off
        default:
            guard let address = IPAddress(text), !address.isMulticast, !address.isUnspecified else { return nil }
            return .address(address)
        }
    }

    /// A mapping of names to an address or a list of some.
    private static func hosts(
        _ node: ConfigurationNode, _ problems: inout ProblemList
    ) -> [GatewaySettings.Names.Host] {
        guard case .mapping(let entries) = node.content else {
            problems.error(
                .wrongType, at: node.position, "'names.hosts' must be a mapping of names, not \(node.kindDescription)",
                suggestion: "write hosts: {NAME: ADDRESS}")
            return []
        }
        guard entries.count <= GatewaySettings.Names.hostLimit else {
            problems.error(
                .invalidValue, at: node.position,
                "'names.hosts' has \(entries.count) names, more than \(GatewaySettings.Names.hostLimit)")
            return []
        }
        var hosts: [GatewaySettings.Names.Host] = []
        for entry in entries where !problems.isFull {
            guard SiteName.isValid(entry.key) else {
                problems.error(
                    .invalidValue, at: entry.position,
                    "'\(entry.key)' cannot name a host: a name has \(SiteName.rule)")
                continue
            }
            guard !hosts.contains(where: { $0.name == entry.key }) else {
                problems.error(
                    .duplicate, at: entry.position, "host '\(entry.key)' stands twice",
                    suggestion: "give it a list of addresses")
                continue
            }
            hosts.append(.init(name: entry.key, addresses: addresses(of: entry, &problems)))
        }
        return hosts
    }

    private static func addresses(
        of entry: ConfigurationNode.Entry, _ problems: inout ProblemList
    ) -> [IPAddress] {
        let items =
            switch entry.value.content {
            case .sequence(let items): items
            case .scalar, .mapping: [entry.value]
            }
        guard (1...GatewaySettings.Names.addressLimit).contains(items.count) else {
            problems.error(
                .invalidValue, at: entry.value.position,
                "host '\(entry.key)' has 1 to \(GatewaySettings.Names.addressLimit) addresses, not \(items.count)")
            return []
        }
        var addresses: [IPAddress] = []
        for item in items {
            guard case .scalar(let text, _) = item.content, let address = IPAddress(text), !address.isMulticast,
                !address.isUnspecified, !address.isLoopback
            else {
                problems.error(
                    .invalidValue, at: item.position,
                    "host '\(entry.key)' must have the IP address of a host, not \(item.kindDescription)")
                continue
            }
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }
}
