import LinkSecurity
package import NetworkTypes
import OrderedCollections
package import OverlayStore

// Hosts of this site in the bridged subnet: each address is a lease of its own, so that it is one host's in the whole
// grid.
extension Gateway {
    /// The store's key of a host's address.
    package static func hostKey(_ address: IPAddress) -> StoreKey? { StoreKey(.exclusive, "host:\(address)") }

    /// The address of a host's key; `nil` for all others.
    package static func hostAddress(_ key: StoreKey) -> IPAddress? {
        key.kind == .exclusive && key.name.hasPrefix("host:") ? IPAddress(String(key.name.dropFirst(5))) : nil
    }

    /// Asks for a host's address: `.registered`, `.refused` or, while no majority answers, `.waits` tells;
    /// it goes on trying until the host is unregistered. Again for a host that is registered, it only renews what is
    /// known of it. `false` when there are too many hosts, or the address is not of the bridged subnet.
    @discardableResult
    package mutating func registerHost(
        _ record: HostRecord, lifetime: Duration, now: Instant, effects: inout GatewayEffects
    ) -> Bool {
        let address = record.address
        guard let subnet = settings.bridged, subnet.contains(address), !BlockTable.isReserved(address, in: subnet)
        else {
            return false
        }
        if let known = hosts.local[address], known.record.mac == record.mac {
            renewHost(record, lifetime: lifetime, known: known, now: now, effects: &effects)
            return true
        }
        guard hosts.local[address] != nil || hosts.local.count < HostLimits.hosts else { return false }
        if let other = hosts.local[address] {
            effects.append(.host(.refused(address, holder: identity.own.site, node: node, mac: other.record.mac)))
            return true
        }
        hosts.absent[address] = nil
        hosts.local[address] = LocalHost(record: record, lifetime: lifetime, state: .creating)
        if let holder = hosts.remote[address]?.node {
            beginMove(of: address, from: holder, now: now, effects: &effects)
        } else {
            createHostLease(address, now: now, effects: &effects)
        }
        return true
    }

    /// Gives up a host's address.
    package mutating func unregisterHost(_ address: IPAddress, now: Instant, effects: inout GatewayEffects) {
        guard let host = hosts.local.removeValue(forKey: address) else { return }
        releaseHostLease(address, now: now, effects: &effects)
        if host.isPresent { hostsChanged(.init(gone: [address]), now: now, effects: &effects) }
    }

    /// This site's hosts, in the order in which they came.
    package var localHosts: [LocalHostStatus] {
        hosts.local.values.map { host in
            let state: LocalHostStatus.State =
                switch host.state {
                case .moving: .moving
                case .creating: host.isWaiting ? .waiting : .creating
                case .held, .restored: .held
                }
            return LocalHostStatus(record: host.record, state: state)
        }
    }

    private mutating func renewHost(
        _ record: HostRecord, lifetime: Duration, known: LocalHost, now: Instant, effects: inout GatewayEffects
    ) {
        var host = known
        host.record = record
        host.lifetime = lifetime
        if case .restored = host.state { host.state = .held }
        hosts.local[record.address] = host
        if record != known.record || lifetime != known.lifetime, known.state == .held {
            createHostLease(record.address, now: now, effects: &effects)
        }
        if host.isPresent { effects.append(.host(.registered(record.address))) }
    }

    mutating func createHostLease(_ address: IPAddress, now: Instant, effects: inout GatewayEffects) {
        guard let key = Self.hostKey(address), let host = hosts.local[address] else { return }
        hosts.local[address]?.hasAskedStore = true
        inStore(now: now, effects: &effects) {
            $0.create(
                key.name, value: host.record.value, lifetime: host.lifetime, token: HostLimits.token, now: now,
                members: $1, effects: &$2)
        }
    }

    mutating func releaseHostLease(_ address: IPAddress, now: Instant, effects: inout GatewayEffects) {
        guard let key = Self.hostKey(address) else { return }
        inStore(now: now, effects: &effects) { $0.release(key, now: now, members: $1, effects: &$2) }
    }

    /// Another site has what was asked for, a host's address or a block.
    mutating func addressRefused(_ winner: StoreRecord, now: Instant, effects: inout GatewayEffects) {
        if let block = Self.block(winner.key) { return blockRefused(block, now: now, effects: &effects) }
        guard let address = Self.hostAddress(winner.key), let host = hosts.local[address] else { return }
        hostLeaseLost(host, to: winner.holder, winner.owner, now: now, effects: &effects)
    }

    /// The store has news of an own lease.
    mutating func hostLeaseChanged(_ key: StoreKey, now: Instant, effects: inout GatewayEffects) {
        if blockLeaseChanged(key, now: now, effects: &effects) { return }
        guard let address = Self.hostAddress(key), let lease = store.lease(key) else { return }
        guard let host = hosts.local[address] else { return }
        switch lease.state {
        case .creating:
            break
        case .waiting(let reason):
            guard reason == .noMajority, !host.isWaiting else { return }
            hosts.local[address]?.isWaiting = true
            effects.append(.host(.waits(address)))
        case .held:
            guard host.state == .creating else { return }
            hosts.local[address]?.state = .held
            hosts.local[address]?.isWaiting = false
            hosts.local[address]?.retryAt = nil
            hosts.local[address]?.handedOverUntil = nil
            hosts.remote[address] = nil
            guard !host.isPresent else { return }
            hostsChanged(.init(here: [host.message]), now: now, effects: &effects)
            effects.append(.host(.registered(address)))
        case .lost(let site, let winner):
            hostLeaseLost(host, to: site, winner, now: now, effects: &effects)
        }
    }

    /// Another site holds the address: the host may have moved here from there, else it must give way.
    private mutating func hostLeaseLost(
        _ host: LocalHost, to site: String, _ winner: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) {
        let address = host.record.address
        releaseHostLease(address, now: now, effects: &effects)
        if let until = host.handedOverUntil, until > now {
            // What the holder has let go of stands at some replica still.
            hosts.local[address]?.retryAt = now + HostLimits.moveInterval
            return hosts.wake(at: now + HostLimits.moveInterval)
        }
        switch host.state {
        case .moving: return
        case .creating: return beginMove(of: address, from: winner, now: now, effects: &effects)
        case .held, .restored: break
        }
        dropHost(host, to: site, winner, mac: nil, now: now, effects: &effects)
    }

    /// The address is another site's.
    mutating func dropHost(
        _ host: LocalHost, to site: String, _ holder: NodeAddress, mac: MACAddress?, now: Instant,
        effects: inout GatewayEffects
    ) {
        let address = host.record.address
        hosts.local[address] = nil
        releaseHostLease(address, now: now, effects: &effects)
        if host.isPresent {
            hostsChanged(.init(gone: [address]), now: now, effects: &effects)
            effects.append(.host(.lost(address, to: site, node: holder)))
        } else {
            effects.append(.host(.refused(address, holder: site, node: holder, mac: mac)))
        }
        placeHost(
            address, RemoteHost(node: holder, mac: mac, isVerified: mac == nil, expires: now + HostLimits.memory),
            now: now, effects: &effects)
    }

    /// Leases of a former life are held on for hosts that may still be there.
    mutating func restoreHosts(now: Instant, effects: inout GatewayEffects) {
        for lease in store.ownLeases {
            guard let address = Self.hostAddress(lease.key), let record = try? HostRecord(address, value: lease.value),
                settings.bridged?.contains(address) == true, hosts.local.count < HostLimits.hosts
            else { continue }
            hosts.local[address] = LocalHost(
                record: record, lifetime: .seconds(Int64(lease.lifetimeSeconds)),
                state: .restored(until: now + HostLimits.returnTime))
        }
        if !hosts.local.isEmpty { hostsChanged(.init(here: hosts.presentHosts), now: now, effects: &effects) }
        hosts.wake(at: now + HostLimits.returnTime)
        for lease in store.ownLeases { _ = blockLeaseChanged(lease.key, now: now, effects: &effects) }
    }

    /// The bridged subnet is another, or none: what lies outside is given up.
    mutating func reviewHosts(now: Instant, effects: inout GatewayEffects) {
        for address in Array(hosts.local.keys) where settings.bridged?.contains(address) != true {
            unregisterHost(address, now: now, effects: &effects)
        }
        reviewBlocks(now: now, effects: &effects)
    }
}
