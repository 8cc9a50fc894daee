import NetworkTypes

extension ConfigurationReader {
    /// Reads `dhcp`; `lan` has been read before.
    static func readDHCP(_ top: StrictMapping, _ settings: inout GatewaySettings, _ problems: inout ProblemList) {
        guard let dhcp = section(top, "dhcp", &problems) else { return }
        if settings.lan.mode == .routed, let node = top.node("dhcp") {
            problems.error(
                .invalidValue, at: node.position, "'dhcp' is for bridged LANs, and this one is routed",
                suggestion: "remove it, or write lan: {mode: bridged}")
        }
        if let value = dhcp.boolean("enabled", &problems) { settings.dhcp.isEnabled = value }
        if let seconds = dhcp.integer("lease", in: GatewaySettings.DHCP.leaseRange, &problems) {
            settings.dhcp.leaseSeconds = seconds
        }
        for (text, position) in dhcp.texts("allow-macs", expected: "Ethernet addresses", &problems) {
            guard let mac = MACAddress(text), !mac.isGroup else {
                problems.error(
                    .invalidValue, at: position, "'\(text)' is not the Ethernet address of a station",
                    suggestion: "write six pairs of hexadecimal digits: \"02:00:00:00:00:01\"")
                continue
            }
            if settings.dhcp.allowedMACs.contains(mac) {
                problems.error(.duplicate, at: position, "\(mac) stands twice", suggestion: "keep one")
                continue
            }
            settings.dhcp.allowedMACs.append(mac)
        }
        for (text, position) in dhcp.texts("allow-classes", expected: "vendor classes", &problems) {
            // An option's length is one byte (RFC 2132 §2).
            guard (1...255).contains(text.utf8.count) else {
                problems.error(.invalidValue, at: position, "a vendor class has 1 to 255 bytes")
                continue
            }
            settings.dhcp.allowedClasses.append(text)
        }
        if !settings.dhcp.allowedMACs.isEmpty, !settings.dhcp.allowedClasses.isEmpty {
            problems.error(
                .invalidValue, at: dhcp.node("allow-classes")?.position,
                "'dhcp.allow-macs' and 'dhcp.allow-classes' cannot both be given", suggestion: "keep one of the two")
        }
    }
}
