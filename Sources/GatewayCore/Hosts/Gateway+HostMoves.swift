import LinkSecurity
import NetworkTypes
import OrderedCollections

// A host that has appeared behind another gateway: a virtual machine that migrates keeps its MAC and its address, and
// its connections must live.
extension Gateway {
    /// A host that another gateway holds is here: that gateway is asked to let it go.
    mutating func beginMove(
        of address: IPAddress, from holder: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) {
        hosts.local[address]?.state = .moving(from: holder, until: now + HostLimits.moveTime)
        askForMove(of: address, now: now, effects: &effects)
    }

    private mutating func askForMove(of address: IPAddress, now: Instant, effects: inout GatewayEffects) {
        guard let host = hosts.local[address], case .moving(let holder, _) = host.state else { return }
        hosts.local[address]?.retryAt = now + HostLimits.moveInterval
        hosts.wake(at: now + HostLimits.moveInterval)
        guard members[holder]?.endpoint != nil else { return trafficWaits(for: holder, now: now, effects: &effects) }
        effects.send(.hosts(.moving(host.message)), to: holder)
    }

    /// A member says that a host of ours is behind it now.
    mutating func hostMoves(
        _ moved: HostMessage.Host, to member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        guard let host = hosts.local[moved.address] else {
            effects.send(.hosts(.moved(moved.address)), to: member.node)
            return
        }
        guard host.record.mac == moved.mac else {
            effects.send(.hosts(.kept(moved.address)), to: member.node)
            effects.append(.notice(.hostClash(moved.address, site: member.site)))
            return
        }
        hosts.local[moved.address] = nil
        releaseHostLease(moved.address, now: now, effects: &effects)
        effects.send(.hosts(.moved(moved.address)), to: member.node)
        hostsChanged(.init(gone: [moved.address]), now: now, effects: &effects)
        effects.append(.host(.lost(moved.address, to: member.site, node: member.node)))
        let here = RemoteHost(node: member.node, mac: moved.mac, isVerified: false, expires: nil)
        placeHost(moved.address, here, now: now, effects: &effects)
    }

    /// The gateway that had the host has let go: others may send here while the lease is created.
    mutating func hostLetGo(_ address: IPAddress, by holder: NodeAddress, now: Instant, effects: inout GatewayEffects) {
        guard let host = hosts.local[address], case .moving(holder, _) = host.state else { return }
        if hosts.remote[address]?.node == holder { hosts.remote[address] = nil }
        hosts.local[address]?.state = .creating
        hosts.local[address]?.retryAt = nil
        hosts.local[address]?.handedOverUntil = now + HostLimits.handOverTime
        hostsChanged(.init(here: [host.message]), now: now, effects: &effects)
        effects.append(.host(.registered(address)))
        createHostLease(address, now: now, effects: &effects)
    }

    /// The gateway that holds the address has another host with it.
    mutating func hostKept(_ address: IPAddress, by member: Member, now: Instant, effects: inout GatewayEffects) {
        guard let host = hosts.local[address], case .moving(member.node, _) = host.state else { return }
        let mac = hosts.remote[address]?.mac
        dropHost(host, to: member.site, member.node, mac: mac, now: now, effects: &effects)
    }

    /// Asks again, or gives up.
    mutating func localHostTimeouts(now: Instant, effects: inout GatewayEffects) {
        for address in Array(hosts.local.keys) {
            guard let host = hosts.local[address], let due = host.deadline else { continue }
            guard due <= now else {
                hosts.wake(at: due)
                continue
            }
            switch host.state {
            case .moving(_, let until) where until <= now && !host.hasAskedStore:
                // Whoever was said to have it is silent. Its lease may be over, or another's.
                hosts.local[address]?.state = .creating
                hosts.local[address]?.retryAt = nil
                createHostLease(address, now: now, effects: &effects)
            case .moving(let holder, let until) where until <= now:
                let site = directory[holder]?.identity.site ?? holder.abbreviated
                dropHost(
                    host, to: site, holder, mac: hosts.remote[address]?.mac, now: now, effects: &effects)
            case .moving:
                askForMove(of: address, now: now, effects: &effects)
            case .creating:
                hosts.local[address]?.retryAt = nil
                createHostLease(address, now: now, effects: &effects)
            case .restored(let until) where until <= now:
                unregisterHost(address, now: now, effects: &effects)
            case .restored, .held:
                hosts.local[address]?.retryAt = nil
            }
        }
    }
}
