import GatewayConfiguration
import GatewayCore
import LinkSecurity
import LinuxSystem
import Logging
import NetworkTypes
import PacketForwarding
import RoutePlanning

extension Daemon {
    /// This host's place in the underlay, as found now.
    var underlayFacts: UnderlayFacts {
        UnderlayView.facts(
            underlayAddresses, port: files.settings.listen.port, mapped: portMapping.endpoints,
            uplinks: ports.uplinks.choice)
    }

    /// Own addresses that lie outside the overlay.
    private var underlayAddresses: [OwnUnderlay.Candidate] {
        let exports = files.subnetMap.exports(of: files.settings.site)
        return OwnUnderlay.candidates(
            found: keeper.found, device: files.settings.device, listening: files.settings.listen.addresses,
            overlay: exports.map(\.subnet) + exports.compactMap(\.virtual) + gateway.profile.pools)
    }

    /// Looks what uplinks there are; what the core hears of the underlay after that has them.
    func followUplinks() {
        ports.uplinks.follow(
            OwnUplinks.find(found: keeper.found, candidates: underlayAddresses, lan: lanInterface))
    }

    /// What the kernel should hold now.
    private var wanted: WantedHostNetwork {
        wanted(
            NetworkIntent(
                settings: files.settings, bridge: bridge.bridge, deviceMTU: deviceMTU,
                exports: activeExports, routes: gateway.routes,
                bridged: bridgedRoutes(files, own: bridgedSubnet)),
            found: keeper.found)
    }

    /// What the kernel should hold by `intent`.
    func wanted(_ intent: NetworkIntent, found: HostNetworkState) -> WantedHostNetwork {
        let settings = intent.settings
        let sources = [AddressFamily.v4, .v6].map { family in
            PreferredSource.address(
                family: family, exports: intent.exports.map(\.subnet), found: found, device: settings.device)
        }
        let remote = intent.routes.map { (prefix: $0.prefix, site: $0.site) }
        let routes = (remote + intent.bridged.map { (prefix: $0.subnet, site: $0.site) }).map { route in
            RoutePlanning.WantedRoute(
                prefix: route.prefix, site: route.site,
                preferredSource: route.prefix.family == .v4 ? sources[0] : sources[1], mtu: UInt32(intent.deviceMTU))
        }
        // Nobody on this LAN has an address by which only others know its hosts.
        let check = VirtualPrefixCheck(found: found, device: settings.device)
        let deadEnds = intent.exports.filter { $0.isMapped && check.mayEnd($0.virtual) }.map { export in
            RoutePlanning.WantedRoute(prefix: export.virtual, site: settings.site, isDeadEnd: true)
        }
        let underlay =
            gateway.pathEndpoints.map(\.address)
            + gateway.bootstrapStatus.flatMap { $0.endpoints.map(\.address) } + streams.proxyAddresses
        return WantedHostNetwork(
            device: settings.device, bridge: intent.bridge, mtu: intent.deviceMTU,
            table: RoutingTable(rawValue: settings.routes.table.number), metric: settings.routes.metric,
            routes: routes + deadEnds, underlay: underlay)
    }

    /// Own exports that are announced and ours, with the prefixes that the grid knows them by.
    var activeExports: [ForwardedExport] {
        gateway.announcedExports.map { ForwardedExport(subnet: $0.subnet, virtual: $0.virtual) }
    }

    /// Routes or own exports have changed: a lease that is held now gives this gateway's addresses another name in the
    /// grid.
    func followRoutes() {
        applyExports(first: false)
        reconcile()
    }

    /// Brings kernel and data plane in step with what the core knows.
    func reconcile() {
        keeper.reconcile(wanted, now: now) { () throws(TapDeviceError) in try remakeDevice() }
        applyRoutes()
    }

    /// Somebody deleted the device: opens another of the same name.
    private func remakeDevice() throws(TapDeviceError) {
        try tap.reopen()
        watchTap()
    }

    /// Gives the data plane its tables: only what the kernel may have too, so that nothing arrives that cannot be
    /// answered.
    private func applyRoutes() {
        let refused = keeper.plan.verdicts.filter { $0.state == .refused }.map(\.wanted.prefix)
        let usable = gateway.routes.filter { !refused.contains($0.prefix) }
        plane.setMappedExports(activeExports)
        refreshLANSettings()
        plane.setRoutes(usable.map { ($0.prefix, $0.node) })
        applyBridgedSubnets(farBridgedSubnets.map(\.subnet).filter { !refused.contains($0) })
        let addresses = [AddressFamily.v4, .v6].map { family in
            PreferredSource.address(
                family: family, exports: activeExports.map(\.subnet), found: keeper.found,
                device: files.settings.device)
        }
        // On a bridged LAN errors are the service's: the kernel would take its own address for forged there.
        let service = bridgedSubnet?.serviceAddress
        plane.setGatewayAddress(
            v4: service?.family == .v4 ? service : addresses[0], v6: service?.family == .v6 ? service : addresses[1])
        namesDirty = true
    }

    /// Something in the kernel has changed.
    func kernelChanged() {
        guard keeper.drainEvents(now: now), keeper.refresh() else { return }
        mendBridge()
        followUplinks()
        gateway.underlayChanged(underlayFacts, now: now, effects: &effects)
        settle()
        reconcile()
        followRouter()
    }

    /// The interface that has the LAN's addresses: its bridge, where there is one.
    var lanInterface: String {
        let name = files.settings.lan.interface
        return keeper.found.lanLink(of: name)?.name ?? name
    }

    /// Makes, finds or leaves the LAN's bridge, as the settings say.
    func settleBridge() {
        bridge.settle(BridgeWish(files.settings.lan), keeper, now: now)
    }

    /// Mends the LAN's bridge, and follows what has become of it.
    func mendBridge() {
        let subnet = bridgedSubnet
        if case .refused(.interfaceMissing(let name)) = bridge.standing, keeper.found.link(named: name) != nil {
            settleBridge()
        }
        bridge.mend(keeper, now: now)
        applyExports(first: subnet != bridgedSubnet)
        if subnet != bridgedSubnet { settleLAN() }
    }

    /// Judges the exports against the host as it is now, and announces those that stand.
    func applyExports(first: Bool) {
        let judged = judgedExports(files, lanInterface: lanInterface)
        let verdicts = judged.verdicts
        deviceMTU = wantedDeviceMTU(files.settings)
        let (addresses, names) = (namedAddresses, namedHosts)
        guard first || verdicts != exportVerdicts || addresses != ownAddresses || names != ownNames else { return }
        ownAddresses = addresses
        ownNames = names
        for verdict in verdicts where verdict.refusal != nil {
            logger.warning(
                "export refused", metadata: ["subnet": "\(verdict.prefix)", "reason": "\(verdict.refusal!.code)"])
        }
        if first {
            for export in files.exports.uncovered {
                logger.warning(
                    "export refused", metadata: ["subnet": "\(export.subnet)", "reason": "not-in-certificate"])
            }
        }
        exportVerdicts = verdicts
        let settings = coreSettings(
            files, standing: judged.standing, bridged: bridgedSubnet, addresses: addresses, names: names)
        gateway.reload(settings, now: now, effects: &effects)
    }

    /// What this host has against each export that the certificate covers, and those that stand.
    func judgedExports(
        _ files: RunningConfiguration, lanInterface: String
    ) -> (verdicts: [ExportVerdict], standing: [SubnetExport]) {
        let covered = files.exports.covered
        let verdicts = ExportCheck.check(
            exports: covered.map(\.subnet), lanInterface: lanInterface, device: files.settings.device,
            found: keeper.found)
        let refused = verdicts.filter { $0.refusal != nil }.map(\.prefix)
        return (verdicts, covered.filter { !refused.contains($0.subnet) })
    }

    /// What the core is to know of `files` on this host.
    func coreSettings(
        _ files: RunningConfiguration, standing: [SubnetExport], bridged: IPPrefix?, addresses: [IPAddress],
        names: [NamedHost]
    ) -> CoreSettings {
        let connected = keeper.found.connectedPrefixes(except: files.settings.device).map(\.prefix)
        return Self.coreSettings(
            files, exports: standing, bridged: bridged, addresses: addresses, names: names, reserved: connected)
    }

    /// This gateway's own addresses as the grid knows them.
    private var namedAddresses: [IPAddress] {
        let exports = knownExports
        return [AddressFamily.v4, .v6].compactMap { family in
            let own = PreferredSource.address(
                family: family, exports: exports.map(\.subnet), found: keeper.found, device: files.settings.device)
            guard let own, let export = exports.first(where: { $0.subnet.contains(own) }) else { return nil }
            return export.subnet.counterpart(of: own, in: export.virtual)
        }
    }

    /// Own exports whose prefix in the grid is known, whether they are announced yet or not.
    var knownExports: [ForwardedExport] {
        files.exports.covered.filter { !$0.isMapped }.map { ForwardedExport($0.subnet) } + activeExports
    }

    /// As large as the LAN's, so that every frame of the LAN crosses: what does not fit a datagram travels in slices.
    func wantedDeviceMTU(_ settings: GatewaySettings) -> Int {
        switch settings.mtu {
        case .bytes(let count): return count
        case .automatic:
            let mtu = keeper.found.lanMTU(of: settings.lan.interface, besides: settings.device)
            return max(1_280, min(mtu ?? 1_500, 65_000))
        }
    }
}
