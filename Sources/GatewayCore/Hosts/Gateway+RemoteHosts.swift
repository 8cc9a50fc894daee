import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayStore

// Hosts of other sites: told by their gateways while there is a session, looked up in the store otherwise.
extension Gateway {
    /// Asks where a host is; `.located` tells, at once if it is known. Says nothing when too many are looked up.
    package mutating func resolveHost(_ address: IPAddress, now: Instant, effects: inout GatewayEffects) {
        if let host = hosts.remote[address] {
            effects.append(.host(.located(address, host)))
        } else if hosts.local[address]?.isPresent == true || hosts.absent[address].map({ now < $0 }) == true {
            effects.append(.host(.located(address, nil)))
        } else {
            lookUpHost(address, now: now, effects: &effects)
        }
    }

    /// Where a host of another site is, as far as is known.
    package func remoteHost(_ address: IPAddress) -> RemoteHost? { hosts.remote[address] }

    /// Bridged subnets of the grid, with the gateways that bridge into each, in the order of the subnets.
    package var bridgedSubnets: [(subnet: IPPrefix, nodes: [NodeAddress])] {
        var subnets: OrderedDictionary<IPPrefix, [NodeAddress]> = [:]
        for entry in directory.entries where !entry.announcement.isWithdrawn {
            guard let subnet = entry.announcement.bridged, isVirtual(subnet) else { continue }
            subnets[subnet, default: []].append(entry.node)
        }
        return subnets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func isVirtual(_ subnet: IPPrefix) -> Bool { profile.covers(subnet) }

    private mutating func lookUpHost(_ address: IPAddress, now: Instant, effects: inout GatewayEffects) {
        guard hosts.lookups.count < HostLimits.lookups, !hosts.lookups.contains(where: { $0.address == address }),
            let key = Self.hostKey(address)
        else { return }
        // Never 0 below the bit, which creates have.
        let token = HostLimits.token | random.nextWord() >> 1 | 1
        hosts.lookups.append(.init(address: address, token: token))
        inStore(now: now, effects: &effects) {
            $0.get(.exclusive, key.name, token: token, now: now, members: $1, effects: &$2)
        }
    }

    /// The store has answered.
    mutating func hostOperationEnded(
        _ token: UInt64, _ outcome: StoreOutcome, now: Instant, effects: inout GatewayEffects
    ) {
        if case .owned(let winner) = outcome {
            return addressRefused(winner, now: now, effects: &effects)
        }
        guard let index = hosts.lookups.firstIndex(where: { $0.token == token }) else { return }
        let address = hosts.lookups.remove(at: index).address
        guard case .read(let records, let isCertain) = outcome else { return }
        let holder = records.filter { $0.state == .confirmed && $0.owner != node }.reduce(nil) {
            best, record -> StoreRecord? in
            guard let best else { return record }
            return record.wins(over: best) ? record : best
        }
        if let holder {
            let mac = (try? HostRecord(address, value: holder.value))?.mac
            let hasSession = members[holder.owner]?.endpoint != nil
            let host = RemoteHost(
                node: holder.owner, mac: mac, isVerified: true, expires: hasSession ? nil : now + HostLimits.memory)
            placeHost(address, host, now: now, effects: &effects)
            trafficWaits(for: holder.owner, now: now, effects: &effects)
        } else if let known = hosts.remote[address], !known.isVerified {
            // A claim that the store does not know yet: a lease may be under way.
            effects.append(.host(.located(address, known)))
        } else if isCertain {
            hosts.remote[address] = nil
            hosts.noteAbsent(address, now: now)
            effects.append(.host(.located(address, nil)))
        }
    }

    /// Notes where a host is, and tells.
    mutating func placeHost(
        _ address: IPAddress, _ host: RemoteHost, now: Instant, effects: inout GatewayEffects
    ) {
        let known = hosts.remote[address]
        guard hosts.place(address, host) else { return }
        if known?.node != host.node || known?.mac != host.mac { effects.append(.host(.located(address, host))) }
    }

    private mutating func forgetHost(_ address: IPAddress, effects: inout GatewayEffects) {
        guard hosts.remote.removeValue(forKey: address) != nil else { return }
        effects.append(.host(.located(address, nil)))
    }
}

// What gateways tell each other.
extension Gateway {
    mutating func receiveHosts(
        _ message: HostMessage, from member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        switch message {
        case .here(let number, let isWhole, let here, let gone):
            receiveHosts(number, isWhole: isWhole, here: here, gone: gone, of: member, now: now, effects: &effects)
        case .heard(let number): hostsHeard(number, by: member, now: now, effects: &effects)
        case .moving(let host): hostMoves(host, to: member, now: now, effects: &effects)
        case .moved(let address): hostLetGo(address, by: member.node, now: now, effects: &effects)
        case .kept(let address): hostKept(address, by: member, now: now, effects: &effects)
        }
    }

    private mutating func receiveHosts(
        _ number: UInt64, isWhole: Bool, here: [HostMessage.Host], gone: [IPAddress], of member: Member, now: Instant,
        effects: inout GatewayEffects
    ) {
        guard isWhole || number == member.hosts.received &+ 1 else {
            // Something is missing, or it came twice: what is here is told, and the whole list comes if it differs.
            effects.send(.hosts(.heard(number: member.hosts.received)), to: member.node)
            return
        }
        let node = member.node
        // Before its announcement there is nothing to judge a host by: it comes again.
        guard let subnet = directory[node]?.announcement.bridged, here.isEmpty || isVirtual(subnet) else { return }
        member.hosts.received = number
        if isWhole {
            let listed = Set(here.map(\.address))
            let missing = hosts.remote.filter { $0.value.node == node && !listed.contains($0.key) }.map(\.key)
            for address in missing { forgetHost(address, effects: &effects) }
        }
        for address in gone where hosts.remote[address]?.node == node { forgetHost(address, effects: &effects) }
        for host in here where subnet.contains(host.address) && !BlockTable.isReserved(host.address, in: subnet) {
            heardOf(host, at: node, now: now, effects: &effects)
        }
        effects.send(.hosts(.heard(number: number)), to: node)
    }

    private mutating func heardOf(
        _ host: HostMessage.Host, at node: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) {
        let address = host.address
        if let own = hosts.local[address], own.isPresent {
            // The store decides, and whoever loses hears of it there.
            if own.record.mac != host.mac, let site = directory[node]?.identity.site {
                effects.append(.notice(.hostClash(address, site: site)))
            }
            return
        }
        var claimed = RemoteHost(node: node, mac: host.mac, isVerified: false)
        if let known = hosts.remote[address] {
            if known.node == node {
                claimed.isVerified = known.isVerified && known.mac == host.mac
            } else {
                // One MAC at two places is a host that moves. Whatever it is, the store says later what holds.
                if known.mac != nil, known.mac != host.mac { claimed = known }
                claimed.verifyAt = now + HostLimits.doubtTime
            }
        }
        placeHost(address, claimed, now: now, effects: &effects)
    }

    /// Tells everybody with a session what has come and gone here.
    mutating func hostsChanged(_ change: HostTable.Change, now: Instant, effects: inout GatewayEffects) {
        let previous = hosts.number
        hosts.number = previous == 0 ? random.nextWord() >> 1 | 1 : previous &+ 1
        effects.append(.host(.localChanged))
        for member in members.values where member.endpoint != nil {
            guard previous != 0, member.hosts.sent == previous else {
                sendHosts(to: member, now: now, effects: &effects)
                continue
            }
            member.hosts.sent = hosts.number
            member.hosts.sentAt = now
            let message = HostMessage.here(
                number: hosts.number, isWhole: false, change.here, gone: change.gone)
            effects.send(.hosts(message), to: member.node)
        }
        hosts.wake(at: now + HostLimits.repeatInterval)
    }

    /// A session has begun: the member hears of all hosts before any packet of theirs.
    mutating func tellHosts(to member: Member, now: Instant, effects: inout GatewayEffects) {
        // Those that are gone the list will lack.
        for address in remoteHosts(of: member.node) { hosts.remote[address]?.expires = now + HostLimits.memory }
        member.hosts = HostExchange()
        guard hosts.number > 0 else { return }
        sendHosts(to: member, now: now, effects: &effects)
    }

    private mutating func sendHosts(to member: Member, now: Instant, effects: inout GatewayEffects) {
        member.hosts.sent = hosts.number
        member.hosts.sentAt = now
        let message = HostMessage.here(number: hosts.number, isWhole: true, hosts.presentHosts, gone: [])
        effects.send(.hosts(message), to: member.node)
        hosts.wake(at: now + HostLimits.repeatInterval)
    }

    private mutating func hostsHeard(
        _ number: UInt64, by member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        member.hosts.heard = number
        guard number != hosts.number, hosts.number > 0 else { return }
        // What is on its way may be the rest: the next time-out sends the whole list, not each answer.
        hosts.wake(at: (member.hosts.sentAt ?? now) + HostLimits.repeatInterval)
    }

    /// The session with a member is over: what it told is kept for a while, and then looked up.
    mutating func hostsUncertain(of node: NodeAddress, now: Instant) {
        let expires = now + HostLimits.memory
        for address in remoteHosts(of: node) { hosts.remote[address]?.expires = expires }
        hosts.wake(at: expires)
    }

    private func remoteHosts(of node: NodeAddress) -> [IPAddress] {
        hosts.remote.isEmpty ? [] : hosts.remote.filter { $0.value.node == node }.map(\.key)
    }

    /// Everything about hosts that is due.
    mutating func hostTimeouts(now: Instant, effects: inout GatewayEffects) {
        guard let due = hosts.deadline, due <= now else { return }
        hosts.beginTimeouts()
        let over = hosts.expire(now: now)
        for address in over.gone { effects.append(.host(.located(address, nil))) }
        for address in over.doubtful { lookUpHost(address, now: now, effects: &effects) }
        localHostTimeouts(now: now, effects: &effects)
        blockTimeouts(now: now, effects: &effects)
        guard hosts.number > 0 else { return }
        for member in members.values where member.endpoint != nil && member.hosts.heard != hosts.number {
            let next = (member.hosts.sentAt ?? now) + HostLimits.repeatInterval
            if next <= now { sendHosts(to: member, now: now, effects: &effects) } else { hosts.wake(at: next) }
        }
    }
}
