import GatewayConfiguration
import GatewayCore
import LANServices
import Logging
import NetworkTypes
import PacketForwarding
import RoutePlanning

// Names: the resolver of a routed LAN, and what the core finds of other sites' names.
extension Daemon {
    /// Brings the resolver in step with settings, addresses, sites and routes. `isAsked`: a port that another server
    /// has given up is taken at once.
    ///
    /// In a large grid that takes long for every member that comes: it is done once a second, and before an answer.
    func settleNames(isAsked: Bool = false) {
        namesDirty = false
        nameServer.settingsChanged(nameServerSettings)
        let before = namePorts.faults.map(\.address)
        namePorts.listen(at: nameAddresses, isAsked: isAsked, now: now)
        for fault in namePorts.faults where !before.contains(fault.address) {
            logger.warning(
                "names are not answered", metadata: ["address": "\(fault.address)", "error": "\(fault.text)"])
        }
    }

    /// Where names are answered. On a bridged LAN that is the services' part.
    private var nameAddresses: [IPAddress] {
        guard files.settings.lan.mode == .routed else { return [] }
        return switch files.settings.names.listen {
        case .off: []
        case .automatic: serviceAddresses
        case .address(let address): [address]
        }
    }

    /// The gateway's own addresses in the exported subnets, one of each family.
    private var serviceAddresses: [IPAddress] {
        [AddressFamily.v4, .v6].compactMap { family in
            PreferredSource.address(
                family: family, exports: files.exports.covered.map(\.subnet), found: keeper.found,
                device: files.settings.device)
        }
    }

    private var nameServerSettings: NameServerSettings {
        let hosts = files.settings.names.hosts.map { NameServerSettings.Host(name: $0.name, addresses: $0.addresses) }
        return NameServerSettings(
            site: files.settings.site, grid: files.settings.grid,
            subnets: namedSubnets.map { NameServerSettings.Subnet(local: $0.subnet, virtual: $0.virtual) },
            hosts: [NameServerSettings.Host(name: "", addresses: serviceAddresses)] + hosts, sites: otherSites,
            remotePrefixes: remotePrefixes)
    }

    /// The LAN's subnets as the grid knows them; under their own addresses while that is not settled.
    private var namedSubnets: [ForwardedExport] {
        let active = activeExports
        return files.exports.covered.map { export in
            active.first { $0.subnet == export.subnet } ?? ForwardedExport(export.subnet)
        }
    }

    /// Prefixes of other sites, bridged subnets among them.
    var remotePrefixes: [IPPrefix] { gateway.routes.map(\.prefix) + farBridgedSubnets.map(\.subnet) }

    /// Hosts that the configuration names, as the grid knows them.
    var namedHosts: [NamedHost] {
        let exports = knownExports
        return files.settings.names.hosts.map { host in
            NamedHost(
                name: host.name,
                addresses: host.addresses.compactMap { address in
                    exports.lazy.compactMap { $0.subnet.counterpart(of: address, in: $0.virtual) }.first
                })
        }
    }

    /// A socket of the resolver is ready.
    func readNames(_ token: UInt64) {
        if namesDirty { settleNames() }
        var found: [NameServer.Effect] = []
        namePorts.ready(token, datagramBuffer, now: now, admits: nameServer.admits) { message, client in
            nameServer.receive(message, from: client, now: now, effects: &found)
        }
        carryOut(found)
        settle()
    }

    /// Gives up what waits too long.
    func expireNames() {
        let (before, vacant) = (namePorts.faults.map(\.address), namePorts.vacantAddresses)
        namePorts.expire(now: now)
        for address in namePorts.vacantAddresses where !vacant.contains(address) {
            logger.info(
                "another name server is gone, its port is taken if it stays free",
                metadata: ["address": "\(address)"])
        }
        for address in before where !namePorts.faults.contains(where: { $0.address == address }) {
            logger.info("names are answered", metadata: ["address": "\(address)"])
        }
        if let due = nameServer.nextWakeup, due <= now { nameServer.handleTimeout(now: now) }
    }

    private func carryOut(_ wanted: [NameServer.Effect]) {
        for effect in wanted {
            switch effect {
            case .reply(let reply, let client): namePorts.send(reply, to: client)
            case .findName(let host, let site): gateway.findName(host, of: site, now: now, effects: &effects)
            case .findNameOf(let address): gateway.findName(of: address, now: now, effects: &effects)
            }
        }
    }

    /// The core has found out about a name of another site.
    func nameFound(_ host: String, of site: String, _ finding: NameFinding) {
        let found: NameZone.Finding =
            switch finding {
            case .addresses(let addresses): .addresses(addresses)
            case .nobody: .nobody
            case .unknown: .unknown
            }
        var replies: [NameServer.Effect] = []
        nameServer.nameFound(host: host, site: site, found, effects: &replies)
        carryOut(replies)
        guard let lan else { return }
        lan.services.nameFound(host: host, site: site, found, now: now, effects: &lan.effects)
    }

    /// The core has found out how an address of another site is called.
    func nameFound(of address: IPAddress, _ name: AddressName) {
        let found: NameZone.Finding =
            switch name {
            case .host(let host, let site): .name(host: host, site: site)
            case .nobody: .nobody
            case .unknown: .unknown
            }
        var replies: [NameServer.Effect] = []
        nameServer.nameFound(of: address, found, effects: &replies)
        carryOut(replies)
        guard let lan else { return }
        lan.services.nameFound(of: address, found, now: now, effects: &lan.effects)
    }
}
