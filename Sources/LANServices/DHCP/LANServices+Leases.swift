package import NetworkTypes

/// The DHCP server: how a client comes to an address, and loses it.
extension LANServices {
    /// The address blocks that this gateway holds: DHCP clients get addresses from these alone.
    package mutating func blocksChanged(_ blocks: [IPPrefix]) {
        let kept = blocks.filter { block in settings.prefix(.v4)?.covers(block) ?? false }
        dhcp.blocks = Array(kept.prefix(LANLimits.blocks))
        dhcp.isCountDue = true
    }

    // MARK: Checks

    /// Sends the next probe of a pending client's address, or goes on when all have been waited for (RFC 5227 §2.1.1).
    mutating func probe(_ index: Int, _ now: Instant, _ effects: inout LANEffects) {
        guard case .checking(let left, let next) = dhcp.pending[index].state, next <= now else { return }
        guard left > 0 else {
            dhcp.pending[index].state = .unused
            return proceed(index, now, &effects)
        }
        dhcp.pending[index].state = .checking(probesLeft: left - 1, next: now + LANLimits.probeInterval)
        let probe = ARPPacket(
            operation: .request, senderMAC: settings.serviceMAC, sender: IPAddress(v4: 0),
            targetMAC: MACAddress(rawValue: 0), target: dhcp.pending[index].address)
        effects.append(.send(probe.frame(to: .broadcast)))
    }

    /// Goes on with a client when both the LAN and the grid leave it its address.
    mutating func proceed(_ index: Int, _ now: Instant, _ effects: inout LANEffects) {
        let pending = dhcp.pending[index]
        guard pending.state == .unused, pending.registration.isSettled else { return }
        switch pending.answer {
        case .offer: offer(index, now, &effects)
        case .acknowledgement: bind(index, pending.request, pending.link, now, &effects)
        }
    }

    /// A client of this LAN has shown that an address is in use, by ARP. A probe of somebody else's counts too.
    mutating func addressInUse(
        _ address: IPAddress, by mac: MACAddress, now: Instant, _ effects: inout LANEffects
    ) {
        guard
            let index = dhcp.pending.firstIndex(where: { $0.address == address && $0.request.mac != mac })
        else { return }
        cannotGive(index, .unregister(address), now: now, &effects)
    }

    /// A pending client cannot have its address: it gets another, or a NAK.
    mutating func cannotGive(
        _ index: Int, _ giveBack: LANEffects.Effect?, now: Instant, _ effects: inout LANEffects
    ) {
        var pending = dhcp.pending[index]
        dhcp.avoid(pending.address, until: now + LANLimits.quarantineTime)
        if let giveBack { effects.append(giveBack) }
        if pending.answer == .acknowledgement {
            dhcp.pending.remove(at: index)
            return refuse(pending.request, pending.link, &effects)
        }
        guard pending.tries < LANLimits.tries,
            let next = dhcp.choice(for: pending.request, in: settings, hosts: table, now: now)
        else {
            dhcp.pending.remove(at: index)
            dhcp.isCountDue = true
            return drop(.dhcpNoAddress)
        }
        pending.tries += 1
        pending.address = next
        dhcp.pending[index] = pending
        check(index, now, &effects)
    }

    /// The grid has spoken of an address that a pending client is to have. Returns whether there is such a client.
    mutating func gridAnswered(
        _ address: IPAddress, isGranted: Bool, now: Instant, _ effects: inout LANEffects
    ) -> Bool {
        guard let index = dhcp.pending.firstIndex(where: { $0.address == address }) else { return false }
        if isGranted {
            dhcp.pending[index].registration = .granted
            proceed(index, now, &effects)
        } else {
            cannotGive(index, nil, now: now, &effects)
        }
        return true
    }

    // MARK: Offers and leases

    mutating func offer(_ index: Int, _ now: Instant, _ effects: inout LANEffects) {
        let pending = dhcp.pending[index]
        dhcp.pending[index].state = .offered(until: now + LANLimits.offerTime)
        counters.dhcpAnswers += 1
        let reply = DHCPAnswer.message(
            .offer, to: pending.request, address: pending.address, leaseSeconds: settings.leaseSeconds,
            settings: settings)
        effects.append(.send(DHCPAnswer.frame(reply, to: pending.request, at: pending.link, settings: settings)))
    }

    /// A pending client takes its address.
    mutating func bind(
        _ index: Int, _ request: DHCPRequest, _ link: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        let pending = dhcp.pending.remove(at: index)
        let binding = DHCPServer.Binding(
            client: request.client, address: pending.address, mac: request.mac, name: freeName(for: request),
            expires: now + .seconds(Int64(settings.leaseSeconds)), isBound: true)
        if let former = dhcp.binding(of: request.client), former.isBound, former.address != binding.address {
            forget(former.address, isHeld: true, &effects)
        }
        settle(binding, state: pending.registration == .granted ? .registered : .assumed, now, &effects)
        acknowledge(request, link, pending.address, &effects)
    }

    /// Notes a lease and its host.
    mutating func settle(
        _ binding: DHCPServer.Binding, state: LANHostState, _ now: Instant, _ effects: inout LANEffects
    ) {
        dhcp.keep(binding)
        if let host = table[binding.address]?.host, host.mac != binding.mac {
            // The client has another interface than before.
            forget(binding.address, isHeld: host.state.mayBeHeld, &effects)
        }
        let isNew = table[binding.address] == nil
        var record =
            table[binding.address]
            ?? HostTable.Record(
                host: LANHost(
                    address: binding.address, mac: binding.mac, origin: .dhcp, name: nil, state: .registering,
                    expires: nil, rival: nil),
                nextQuestion: now, asked: now)
        record.host.origin = .dhcp
        record.host.name = binding.name
        record.host.expires = binding.expires
        record.contest = nil
        table[binding.address] = record
        setState(state, of: binding.address, &effects)
        remotes.forget(binding.address)
        if isNew { effects.append(.notice(.hostFound(binding.address, binding.mac, .dhcp))) }
        effects.append(.memoryChanged)
    }

    mutating func acknowledge(
        _ request: DHCPRequest, _ link: MACAddress, _ address: IPAddress, _ effects: inout LANEffects
    ) {
        counters.dhcpAnswers += 1
        let reply = DHCPAnswer.message(
            .acknowledgement, to: request, address: address, leaseSeconds: settings.leaseSeconds, settings: settings)
        effects.append(.send(DHCPAnswer.frame(reply, to: request, at: link, settings: settings)))
    }

    /// A NAK: the client begins anew. What was kept for it holds no more.
    mutating func refuse(_ request: DHCPRequest, _ link: MACAddress, _ effects: inout LANEffects) {
        counters.dhcpRefusals += 1
        if let binding = dhcp.binding(of: request.client), let host = table[binding.address]?.host,
            !host.state.isUsable, host.origin == .dhcp
        {
            dhcp.remove(request.client)
            forget(binding.address, isHeld: false, &effects)
        }
        let reply = DHCPAnswer.refusal(of: request, settings: settings)
        effects.append(.send(DHCPAnswer.frame(reply, to: request, at: link, settings: settings)))
    }

    /// A pending client has gone, or has chosen another server.
    mutating func withdraw(_ index: Int, _ effects: inout LANEffects) {
        let pending = dhcp.pending.remove(at: index)
        dhcp.isCountDue = true
        if table[pending.address] == nil { effects.append(.unregister(pending.address)) }
    }

    // MARK: Time

    /// Probes, offers that nobody has taken, and a grid that does not answer.
    mutating func handlePendingClients(now: Instant, _ effects: inout LANEffects) {
        for client in dhcp.pending.map(\.request.client) {
            guard let index = dhcp.pending.firstIndex(where: { $0.request.client == client }),
                let deadline = dhcp.pending[index].deadline, deadline <= now
            else { continue }
            if case .offered(let until) = dhcp.pending[index].state, until <= now {
                withdraw(index, &effects)
                continue
            }
            if case .asked(let until) = dhcp.pending[index].registration, until <= now {
                guard dhcp.isInBlock(dhcp.pending[index].address) else {
                    giveUp(index, now, &effects)
                    continue
                }
                dhcp.pending[index].registration = .assumed
                proceed(index, now, &effects)
            }
            if let left = dhcp.pending.firstIndex(where: { $0.request.client == client }) {
                probe(left, now, &effects)
            }
        }
    }

    /// The grid does not answer, and the address is not from an own block: another one is tried, or there is silence,
    /// so that a client with a lease keeps it.
    private mutating func giveUp(_ index: Int, _ now: Instant, _ effects: inout LANEffects) {
        switch dhcp.pending[index].answer {
        case .offer:
            cannotGive(index, .unregister(dhcp.pending[index].address), now: now, &effects)
        case .acknowledgement:
            drop(.dhcpNoAddress)
            withdraw(index, &effects)
        }
    }

    /// Leases that have ended, and hosts of earlier lives of which the grid says nothing.
    mutating func lookAfterLeases(now: Instant, _ effects: inout LANEffects) {
        for address in table.addresses {
            guard let record = table[address], record.host.origin == .dhcp else { continue }
            if let expires = record.host.expires, expires <= now {
                if let binding = dhcp.binding(at: address) { dhcp.end(binding.client) }
                forget(address, isHeld: record.host.state.mayBeHeld, &effects)
            } else if record.host.state == .registering, record.asked + LANLimits.gridPatience <= now,
                dhcp.isInBlock(address)
            {
                setState(.assumed, of: address, &effects)
            }
        }
        if dhcp.isCountDue { countAddresses(&effects) }
    }

    /// Asks for another block before the last addresses are given.
    private mutating func countAddresses(_ effects: inout LANEffects) {
        dhcp.isCountDue = false
        guard settings.clients != .nobody, let prefix = settings.prefix(.v4) else { return want(0, &effects) }
        let (all, used) = dhcp.count(in: settings, hosts: table)
        // What is spare here another site of a small subnet may lack.
        let share = Int(clamping: DHCPServer.size(of: prefix) / LANLimits.spareShare)
        let isLow = all - used < max(min(LANLimits.spareAddresses, max(share, 1)), all / 4)
        want(min(max(1, dhcp.blocks.count + (isLow ? 1 : 0)), LANLimits.blocks), &effects)
        if dhcp.isShort, used < all {
            dhcp.isShort = false
            effects.append(.notice(.addressesAgain))
        }
    }

    private mutating func want(_ count: Int, _ effects: inout LANEffects) {
        guard count != dhcp.wantedBlocks else { return }
        dhcp.wantedBlocks = count
        effects.append(.wantBlocks(count))
    }
}
