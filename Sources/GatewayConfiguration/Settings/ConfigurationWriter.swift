package import NetworkTypes

/// Writes the files that `ipop join` makes: complete, commented, and read back to the very same values.
package enum ConfigurationWriter {
    /// An ipop.yaml that says `settings`.
    package static func settingsText(_ settings: GatewaySettings) -> String {
        let listen = [
            "port: \(settings.listen.port)",
            settings.listen.addresses.isEmpty ? nil : "addresses: [\(quotedList(settings.listen.addresses))]",
            settings.listen.tcp ? nil : "tcp: false",
            "port-mapping: \(settings.listen.portMapping.rawValue)",
        ]
        let proxy = settings.proxy.map { "\"\($0.url)\"" } ?? "none"
        let lan = [
            "interface: \(quoted(settings.lan.interface))", "mode: \(settings.lan.mode.rawValue)",
            settings.lan.bridge.map { "bridge: \(quoted($0))" }, settings.lan.staticHosts ? nil : "static-hosts: false",
        ].compactMap(\.self)
        let routes = [
            "table: \(settings.routes.table)", "metric: \(settings.routes.metric)",
            "accept: \(settings.routes.accept.rawValue)",
        ]
        let metrics =
            if let listen = settings.metrics.listen { "metrics: {listen: \"\(listen)\"}" } else {
                "# metrics: {listen: \"127.0.0.1:9867\"}"
            }
        let offloads = settings.offloads
        return """
            # Settings of this gateway. Every key is described in ipop.yaml(5); an unknown key is an error.
            # After an edit: ipop check && ipop plan && systemctl reload ipopd

            grid: \(quoted(settings.grid))
            site: \(quoted(settings.site))

            # UDP, and TLS over TCP, at the same port. addresses: [..] restricts it to some of this host's addresses;
            # tcp: false leaves TLS out. port-mapping: auto asks the router before this host to let others in.
            listen: {\(listen.compactMap(\.self).joined(separator: ", "))}

            # Through what TCP connections are made: socks5://[USER:PASSWORD@]HOST:PORT, http://..., or none.
            proxy: \(proxy)

            # Members to ask first, HOST:PORT. Any member will do; remembered members are tried too.
            bootstrap: [\(quotedList(settings.bootstrap))]

            # The interface that the site's hosts are on.
            lan: {\(lan.joined(separator: ", "))}
            \(dhcpText(settings))\(namesText(settings))
            # The overlay's device, and how the grid's prefixes go into the kernel's routing table.
            # accept: learned takes any verified announcement; mapped takes only what subnets.map names.
            device: \(quoted(settings.device))
            routes: {\(routes.joined(separator: ", "))}

            # auto, or a number of bytes.
            mtu: \(settings.mtu)

            # Prometheus metrics: off unless an address is set.
            \(metrics)

            # trace, debug, info, notice, warning or error.
            log: {level: \(settings.log.level.rawValue)}

            # Seconds after which a session's keys are replaced.
            session: {rekey-after: \(settings.session.rekeyAfterSeconds)}

            # Whether datagrams of others that have no direct path are passed on; they stay sealed.
            relay: \(settings.isRelay)

            # Kernel offloads: probed at start, used where they work; false leaves one alone.
            offloads: {gso: \(offloads.gso), gro: \(offloads.gro), vnet: \(offloads.vnet)}

            """
    }

    /// The addresses for a bridged LAN's hosts; nothing where the LAN is routed.
    private static func dhcpText(_ settings: GatewaySettings) -> String {
        guard settings.lan.mode == .bridged else { return "" }
        let dhcp = settings.dhcp
        let keys = [
            "enabled: \(dhcp.isEnabled)", "lease: \(dhcp.leaseSeconds)",
            dhcp.allowedMACs.isEmpty ? nil : "allow-macs: [\(quotedList(dhcp.allowedMACs))]",
            dhcp.allowedClasses.isEmpty
                ? nil : "allow-classes: [\(dhcp.allowedClasses.map(quoted).joined(separator: ", "))]",
        ].compactMap(\.self)
        return """

            # Addresses for the LAN's hosts, each for so many seconds. allow-macs or allow-classes: for some hosts only.
            dhcp: {\(keys.joined(separator: ", "))}

            """
    }

    /// Who answers for names.
    private static func namesText(_ settings: GatewaySettings) -> String {
        let listen =
            switch settings.names.listen {
            case .automatic, .off: "\(settings.names.listen)"
            case .address(let address): "\"\(address)\""
            }
        let hosts = settings.names.hosts.map { "\(quoted($0.name)): [\(quotedList($0.addresses))]" }
        let list = hosts.isEmpty ? "" : ", hosts: {\(hosts.joined(separator: ", "))}"
        return """

            # Names of the grid's sites and hosts, answered at port 53 of this host's own addresses in the LAN: auto, of
            # one address, or off. hosts: {NAME: ADDRESS} names hosts of a routed LAN.
            names: {listen: \(listen)\(list)}

            """
    }

    /// A subnets.map with which `site` exports `subnets` under their own addresses, and bridges into `bridged`.
    package static func subnetMapText(site: String, exports subnets: [IPPrefix], bridged: IPPrefix? = nil) -> String {
        let header = """
            # What this site exports, and what it takes from other sites: a mapping a line, described in subnets.map(5).
            # After an edit: ipop check && ipop plan && ipop reload
            #
            # A remote site's lines restrict what is taken from it:
            #   ufl   *   192.168.10.0/24   accept exactly this prefix (a line each for several)
            #   cern  *   deny              accept nothing
            #

            """
        let siteWidth = max(site.count, 6) + 2
        let subnetWidth = subnets.map(\.description.count).max() ?? 0
        let width = max(subnetWidth, 15) + 2
        var text = header
        text += padded("# site", siteWidth) + padded("exported subnet", width) + "virtual prefix\n"
        for subnet in subnets {
            text += padded(site, siteWidth) + padded("\(subnet)", width) + "same\n"
        }
        if let bridged { text += padded(site, siteWidth) + padded("bridged", width) + "\(bridged)\n" }
        return text
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Plain where YAML takes the text as text, quoted where it might not (`on`, `0`, `1e3`, a leading hyphen).
    private static func quoted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        guard let first = bytes.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
            !reserved.contains(text.lowercased()),
            bytes.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            })
        else {
            let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
            return "\"\(String(escaped))\""
        }
        return text
    }

    private static func quotedList(_ values: [some CustomStringConvertible]) -> String {
        values.map { "\"\($0.description)\"" }.joined(separator: ", ")
    }
}
