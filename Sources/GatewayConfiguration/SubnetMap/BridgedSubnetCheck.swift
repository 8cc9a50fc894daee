package import NetworkTypes

/// Whether ipop.yaml, subnets.map and the grid's profile agree on the subnet that the LAN is bridged into.
package enum BridgedSubnetCheck {
    /// What is wrong; empty where the LAN is routed and nothing says otherwise. `settingsTree` tells where ipop.yaml
    /// says what, `pools` are the grid's.
    package static func problems(
        settings: GatewaySettings, settingsTree: ConfigurationNode?, map: SubnetMap, pools: [IPPrefix],
        paths: ConfigurationPaths
    ) -> [ConfigurationProblem] {
        let line = map.bridgedSubnet(of: settings.site)
        switch (settings.lan.mode, line) {
        case (.routed, nil):
            return []
        case (.routed, let line?):
            return [
                ConfigurationProblem(
                    file: paths.subnetMap, at: line.position, .error, .invalidValue,
                    "'\(settings.site)' bridges into \(line.subnet), but its LAN is routed",
                    suggestion: "write lan: {mode: bridged} in ipop.yaml, or remove the line")
            ]
        case (.bridged, nil):
            return [
                ConfigurationProblem(
                    file: paths.settings, at: settingsTree?.value(at: "lan", "mode")?.position, .error, .missingKey,
                    "the LAN is bridged, and no line of subnets.map says into which subnet",
                    suggestion: "write '\(settings.site) bridged PREFIX' into subnets.map")
            ]
        case (.bridged, let line?):
            return clash(line.subnet, at: line.position, map: map, site: settings.site, pools: pools, paths: paths)
        }
    }

    private static func clash(
        _ subnet: IPPrefix, at position: SourcePosition, map: SubnetMap, site: String, pools: [IPPrefix],
        paths: ConfigurationPaths
    ) -> [ConfigurationProblem] {
        guard pools.isEmpty || pools.contains(where: { $0.covers(subnet) }) else {
            let list = pools.map(\.description).joined(separator: ", ")
            return [
                ConfigurationProblem(
                    file: paths.subnetMap, at: position, .error, .invalidValue,
                    "the bridged subnet \(subnet) is not inside the grid's pool",
                    suggestion: "take a subnet of \(list)")
            ]
        }
        for export in map.exports(of: site)
        where export.virtual?.overlaps(subnet) == true || export.subnet.overlaps(subnet) {
            return [
                ConfigurationProblem(
                    file: paths.subnetMap, at: position, .error, .overlap,
                    "the bridged subnet \(subnet) overlaps the export at line \(export.position.line)",
                    suggestion: "take another subnet of the pool")
            ]
        }
        return []
    }
}
