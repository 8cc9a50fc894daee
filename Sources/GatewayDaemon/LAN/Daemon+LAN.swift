import GatewayConfiguration
import GatewayCore
import LANServices
import LinkSecurity
import LinuxSystem
import Logging
import NetworkTypes
import PacketForwarding
import RoutePlanning

// A bridged LAN: what its hosts say to the gateway, and where the hosts of bridged subnets are.
//
//     data plane --frames, addresses wanted--> LANInbox --> LANServices --register, resolve--> core
//                <--hosts here, frames------------------------'   <--registered, located--------'
//                <--hosts behind peers--------------------------------------------------------'
extension Daemon {
    /// The virtual subnet that this LAN is bridged into; `nil` where it is not, or cannot be.
    var bridgedSubnet: IPPrefix? { bridgedSubnet(files, bridge: bridge.bridge) }

    /// The same by other files, and with another bridge.
    func bridgedSubnet(_ files: RunningConfiguration, bridge: String?) -> IPPrefix? {
        bridge == nil ? nil : files.subnetMap.bridgedSubnet(of: files.settings.site)?.subnet
    }

    /// Begins to serve the LAN, goes on with other settings, or ends, as settings and bridge say.
    func settleLAN() {
        guard let subnet = bridgedSubnet else {
            lan = nil
            return
        }
        let settings = lanSettings(subnet)
        if let lan, lan.services.settings.prefixes == settings.prefixes, lan.services.settings.site == settings.site {
            lan.services.settingsChanged(settings)
            return
        }
        let fresh = ServedLAN(settings: settings, seed: SystemRandom.seed(), now: now)
        if let memory = lanMemory {
            fresh.services.restore(
                memory, now: now, unixSeconds: WallClock.unixSeconds(), effects: &fresh.effects)
        }
        fresh.services.blocksChanged(gateway.hostBlocks)
        lan = fresh
        tellSites()
        logger.info(
            "serving the LAN",
            metadata: [
                "subnet": "\(subnet)", "address": "\(subnet.serviceAddress)", "bridge": "\(bridge.bridge ?? "")",
            ])
    }

    /// Tells the services which sites' names they may look up.
    func tellSites() {
        lan?.services.sitesChanged(otherSites)
        namesDirty = true
    }

    /// The sites of the other gateways.
    var otherSites: Set<String> { Set(gateway.memberStatus.map(\.site)) }

    private func lanSettings(_ subnet: IPPrefix) -> LANServiceSettings {
        let settings = files.settings
        let clients: DHCPClientPolicy =
            if !settings.dhcp.isEnabled { .nobody } else if !settings.dhcp.allowedMACs.isEmpty {
                .addresses(settings.dhcp.allowedMACs)
            } else if !settings.dhcp.allowedClasses.isEmpty { .classes(settings.dhcp.allowedClasses) } else { .all }
        return LANServiceSettings(
            prefixes: [subnet], serviceMAC: .virtualNextHop, mtu: deviceMTU, site: settings.site, grid: settings.grid,
            leaseSeconds: UInt32(settings.dhcp.leaseSeconds), registersStaticHosts: settings.lan.staticHosts,
            answersNames: settings.names.listen != .off, clients: clients, routes: routesForHosts,
            remotePrefixes: remotePrefixes)
    }

    /// What DHCP clients are told to reach by the gateway: the grid's pools, and what lies outside them. As many as an
    /// answer has room for beside the rest (RFC 3442: 5 bytes to 9 each).
    private var routesForHosts: [IPPrefix] {
        let pools = gateway.profile.pools.filter { $0.family == .v4 }
        let others = gateway.routes.map(\.prefix).filter { prefix in
            prefix.family == .v4 && !pools.contains { $0.covers(prefix) }
        }
        return Array((pools + others).prefix(Self.hostRouteLimit))
    }

    private static let hostRouteLimit = 20

    /// Routes have come or gone: DHCP clients hear of it with their next lease.
    func refreshLANSettings() {
        guard let lan, let subnet = bridgedSubnet, lan.services.settings.prefixes == [subnet] else { return }
        let settings = lanSettings(subnet)
        if settings != lan.services.settings { lan.services.settingsChanged(settings) }
    }

    /// Bridged subnets that other sites bridge into and this one does not, as far as subnets.map takes them.
    var farBridgedSubnets: [(subnet: IPPrefix, site: String)] { farBridgedSubnets(files, own: bridgedSubnet) }

    private func farBridgedSubnets(
        _ files: RunningConfiguration, own: IPPrefix?
    ) -> [(subnet: IPPrefix, site: String)] {
        let policy = files.subnetMap.policy(for: files.settings.site)
        return gateway.bridgedSubnets.compactMap { entry in
            guard entry.subnet != own else { return nil }
            let sites = entry.nodes.compactMap { gateway.site(of: $0) }
            let site = sites.first {
                policy.accepts(entry.subnet, announcedBy: $0, mode: files.settings.routes.accept)
            }
            return site.map { (entry.subnet, $0) }
        }
    }

    /// Where the kernel's own packets, and those that it forwards, find the hosts of bridged subnets: behind the next
    /// hop. Not in a subnet that the host is connected to.
    func bridgedRoutes(_ files: RunningConfiguration, own: IPPrefix?) -> [(subnet: IPPrefix, site: String)] {
        let connected = keeper.found.connectedPrefixes(except: files.settings.device).map(\.prefix)
        let isReached = own.map(connected.contains) ?? true
        return farBridgedSubnets(files, own: own)
            + (isReached ? [] : own.map { [($0, files.settings.site)] } ?? [])
    }

    /// Tells the data plane which subnets are bridged.
    func applyBridgedSubnets(_ far: [IPPrefix]) {
        let own = bridgedSubnet.map { BridgedLAN(subnets: [$0], serviceAddresses: [$0.serviceAddress]) }
        plane.setBridgedSubnets(own: own, remote: far, sink: own == nil && far.isEmpty ? nil : lanInbox)
    }

    /// Lets services and core see what the data plane has for them, and carries out what the services want.
    func settleLANInbox() {
        for event in lanInbox.drain() {
            switch event {
            case .frame(let bytes):
                guard let lan else { continue }
                bytes.withUnsafeBytes { lan.services.receive($0, now: now, effects: &lan.effects) }
            case .needed(let address):
                gateway.resolveHost(address, now: now, effects: &effects)
            case .strayed(let source, let station, let destination):
                guard let lan else { continue }
                lan.services.frameStrayed(from: source, station, to: destination, now: now, effects: &lan.effects)
            }
        }
        guard let lan else { return }
        for effect in lan.takeEffects() { carryOut(effect, lan) }
    }

    private func carryOut(_ effect: LANEffects.Effect, _ lan: ServedLAN) {
        switch effect {
        case .send(let frame):
            frame.withUnsafeBytes { plane.writeFrame($0) }
        case .register(let registration):
            register(registration, lan)
        case .unregister(let address):
            gateway.unregisterHost(address, now: now, effects: &effects)
        case .resolve(let address):
            gateway.resolveHost(address, now: now, effects: &effects)
        case .findName(let host, let site):
            gateway.findName(host, of: site, now: now, effects: &effects)
        case .findNameOf(let address):
            gateway.findName(of: address, now: now, effects: &effects)
        case .wantBlocks(let count):
            gateway.wantBlocks(count, now: now, effects: &effects)
        case .localHost(let address, let station):
            if !plane.setHost(address, station: station) {
                logger.warning("no room for another host", metadata: ["address": "\(address)"])
            }
        case .localHostGone(let address):
            plane.removeHost(address, of: .thisLAN)
        case .memoryChanged:
            lan.isDirty = true
        case .notice(let notice):
            log(notice)
        }
    }

    private func register(_ registration: LANRegistration, _ lan: ServedLAN) {
        let record = HostRecord(
            address: registration.address, mac: registration.mac,
            origin: registration.origin == .dhcp ? .dhcp : .fixed, name: registration.name ?? "")
        let lifetime = registration.lifetimeSeconds.map { Duration.seconds(Int64($0)) } ?? Self.fixedHostLifetime
        guard gateway.registerHost(record, lifetime: lifetime, now: now, effects: &effects) else {
            logger.warning("a host's address is not registered", metadata: ["address": "\(registration.address)"])
            return
        }
    }

    /// How long the grid holds a static host's address after its gateway was last heard of.
    private static let fixedHostLifetime: Duration = .seconds(3_600)

    /// The core has news of a host.
    func hostChanged(_ change: HostChange) {
        switch change {
        case .registered(let address):
            guard let lan else { return }
            lan.services.registered(address, now: now, effects: &lan.effects)
        case .refused(let address, let holder, _, _):
            guard let lan else { return }
            lan.services.refused(address, holder: holder, now: now, effects: &lan.effects)
        case .lost(let address, let site, _):
            guard let lan else { return }
            let mac = gateway.remoteHost(address)?.mac
            lan.services.lost(address, to: site, mac: mac, now: now, effects: &lan.effects)
        case .located(let address, let host):
            locate(address, host)
        case .nameFound(let host, let site, let finding):
            nameFound(host, of: site, finding)
        case .addressNamed(let address, let name):
            nameFound(of: address, name)
        case .blocksChanged:
            lan?.services.blocksChanged(gateway.hostBlocks)
        case .blocksExhausted:
            logger.warning("no address block is free", metadata: ["subnet": "\(bridgedSubnet?.description ?? "")"])
        case .waits, .localChanged:
            break
        }
    }

    /// It has become known where a host of another site is, or that it is nowhere.
    private func locate(_ address: IPAddress, _ host: RemoteHost?) {
        guard let host else {
            plane.removeHost(address, of: .peers)
            plane.giveUpHost(address)
            if let lan { lan.services.resolved(address, .nobody, now: now, effects: &lan.effects) }
            return
        }
        plane.setHost(address, behind: host.node)
        guard let lan else { return }
        let resolution = AddressResolution.remote(
            site: gateway.site(of: host.node) ?? host.node.abbreviated, mac: host.mac,
            isReachable: plane.isUsable(host.node))
        lan.services.resolved(address, resolution, now: now, effects: &lan.effects)
    }

    private func log(_ notice: LANNotice) {
        switch notice {
        case .hostFound(let address, let mac, let origin):
            logger.info("host found", metadata: ["address": "\(address)", "mac": "\(mac)", "origin": "\(origin)"])
        case .hostGone(let address, let mac):
            logger.info("host gone", metadata: ["address": "\(address)", "mac": "\(mac)"])
        case .addressRefused(let address, let mac, let holder):
            logger.warning(
                "a host's address is another site's",
                metadata: ["address": "\(address)", "mac": "\(mac)", "holder": "\(holder)"])
        case .addressLost(let address, let mac, let site):
            logger.warning(
                "a host's address was lost", metadata: ["address": "\(address)", "mac": "\(mac)", "to": "\(site)"])
        case .hostMoved(let address, let mac, let site):
            logger.info("host moved", metadata: ["address": "\(address)", "mac": "\(mac)", "to": "\(site)"])
        case .addressClash(let address, let holder, let rival):
            logger.warning(
                "two hosts with one address",
                metadata: ["address": "\(address)", "mac": "\(holder)", "rival": "\(rival)"])
        case .serviceAddressClash(let address, let mac):
            logger.warning(
                "another machine has the service address", metadata: ["address": "\(address)", "mac": "\(mac)"])
        case .tooManyHosts(let address, let mac):
            logger.warning("no room for another host", metadata: ["address": "\(address)", "mac": "\(mac)"])
        case .addressDeclined(let address, let mac):
            logger.warning("an address is in use", metadata: ["address": "\(address)", "mac": "\(mac)"])
        case .noAddresses:
            lan?.lacksAddresses = true
            logger.warning("there is no address for DHCP clients")
        case .addressesAgain:
            lan?.lacksAddresses = false
            logger.info("there are addresses for DHCP clients again")
        }
    }
}
