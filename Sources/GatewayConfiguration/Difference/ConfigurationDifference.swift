package import NetworkTypes

/// What another configuration would change in a gateway that runs: what `ipop plan` tells and `ipop reload` applies, so
/// that the two cannot disagree.
package struct ConfigurationDifference: Equatable, Sendable {
    /// One of the two configurations, as far as they are compared.
    package struct Side: Equatable, Sendable {
        package var settings: GatewaySettings
        package var subnetMap: SubnetMap
        /// The site's certificate in DER, and the node address that its key makes.
        package var certificate: [UInt8]
        package var node: NodeAddress
        /// Of the grid profile; a newer one has a higher number.
        package var profileVersion: UInt64

        package init(
            settings: GatewaySettings, subnetMap: SubnetMap, certificate: [UInt8], node: NodeAddress,
            profileVersion: UInt64
        ) {
            self.settings = settings
            self.subnetMap = subnetMap
            self.certificate = certificate
            self.node = node
            self.profileVersion = profileVersion
        }

        fileprivate var exports: [SubnetExport] { subnetMap.exports(of: settings.site) }
        fileprivate var bridged: IPPrefix? { subnetMap.bridgedSubnet(of: settings.site)?.subnet }
        fileprivate var policy: RemotePolicy { subnetMap.policy(for: settings.site) }
    }

    private let old: Side
    private let new: Side

    /// From the configuration that runs to another one.
    package init(from old: Side, to new: Side) {
        self.old = old
        self.new = new
    }

    /// Why a gateway that runs cannot take the new configuration: another grid, site or key is another gateway. `nil`
    /// when it can.
    package var refusal: String? {
        if new.settings.grid != old.settings.grid || new.settings.site != old.settings.site {
            return "grid and site cannot change while ipopd runs: restart it"
        }
        return new.node == old.node ? nil : "the site's key cannot change while ipopd runs: restart it"
    }

    /// The new settings as a gateway that runs can have them: what its sockets and devices were opened with stays.
    package var effective: GatewaySettings {
        var settings = new.settings
        settings.listen.port = old.settings.listen.port
        settings.listen.addresses = old.settings.listen.addresses
        settings.device = old.settings.device
        settings.offloads = old.settings.offloads
        return settings
    }

    /// Every own export of either side: those of the new one in its order, then those that it does not have.
    package var exports: [ExportChange] {
        let (before, after) = (old.exports, new.exports)
        let kept = after.map { export in
            ExportChange(former: before.first { $0.subnet == export.subnet }, new: export)
        }
        let gone = before.filter { export in !after.contains { $0.subnet == export.subnet } }
        return kept + gone.map { ExportChange(former: $0, new: nil) }
    }

    /// What changes at once, one sentence a change without its end; empty when all is as it was.
    package var changes: [String] {
        var changes = exports.compactMap(\.sentence)
        if old.bridged != new.bridged {
            changes.append(new.bridged.map { "LAN hosts live in \($0)" } ?? "LAN hosts live in no bridged subnet")
        }
        if old.policy != new.policy || old.settings.routes.accept != new.settings.routes.accept {
            changes.append("policy for other sites changed")
        }
        changes += networkChanges + serviceChanges
        if old.profileVersion != new.profileVersion { changes.append("grid profile changed") }
        if old.certificate != new.certificate { changes.append("certificate renewed") }
        return changes
    }

    /// What is set in the files and takes effect only when the gateway is started again.
    package var restarts: [String] {
        let (old, new) = (old.settings, new.settings)
        let isListenChanged = old.listen.port != new.listen.port || old.listen.addresses != new.listen.addresses
        return Self.sentences([
            (isListenChanged, "listen takes effect at the next restart"),
            (old.device != new.device, "device takes effect at the next restart"),
            (old.offloads != new.offloads, "offloads take effect at the next restart"),
        ])
    }

    private var networkChanges: [String] {
        let (old, new) = (old.settings, new.settings)
        let isPlaceChanged = old.routes.metric != new.routes.metric || old.routes.table != new.routes.table
        let bridge = new.lan.bridge.map { " by \($0)" } ?? ""
        let isLANChanged =
            old.lan.interface != new.lan.interface || old.lan.mode != new.lan.mode || old.lan.bridge != new.lan.bridge
        let staticHosts = new.lan.staticHosts ? "registered" : "no longer registered"
        return Self.sentences([
            (old.bootstrap != new.bootstrap, "bootstrap list changed"),
            (isPlaceChanged, "routes moved to table \(new.routes.table), metric \(new.routes.metric)"),
            (old.mtu != new.mtu, "mtu \(new.mtu)"),
            (isLANChanged, "lan interface \(new.lan.interface), \(new.lan.mode.rawValue)\(bridge)"),
            (
                old.lan.staticHosts != new.lan.staticHosts,
                "hosts with an address of their own choice \(staticHosts)"
            ),
            (old.dhcp != new.dhcp, new.dhcp.isEnabled ? "dhcp settings changed" : "dhcp off"),
        ])
    }

    private var serviceChanges: [String] {
        let (old, new) = (old.settings, new.settings)
        return Self.sentences([
            (
                old.metrics != new.metrics,
                new.metrics.listen.map { "metrics served at \($0)" } ?? "metrics no longer served"
            ),
            (old.names.listen != new.names.listen, "names answered: \(new.names.listen)"),
            (old.names.hosts != new.names.hosts, "names of hosts changed"),
            (
                old.listen.tcp != new.listen.tcp,
                new.listen.tcp ? "TLS over TCP accepted" : "TLS over TCP no longer accepted"
            ),
            (old.proxy != new.proxy, new.proxy.map { "proxy \($0)" } ?? "no proxy"),
            (old.log != new.log, "log level \(new.log.level.rawValue)"),
            (old.session != new.session, "session settings changed"),
            (
                old.isRelay != new.isRelay,
                new.isRelay ? "passes on for others" : "passes on for others no longer"
            ),
            (
                old.listen.portMapping != new.listen.portMapping,
                "port mapping \(new.listen.portMapping.rawValue)"
            ),
        ])
    }

    private static func sentences(_ list: [(isChanged: Bool, sentence: String)]) -> [String] {
        list.filter(\.isChanged).map(\.sentence)
    }
}
