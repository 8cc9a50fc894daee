package import NetworkTypes

/// Hosts of this LAN: found, told to the grid, looked after, and forgotten.
extension LANServices {
    /// A host of the LAN has used `address` as its own: in ARP, in neighbour discovery, or as the source of a packet
    /// that the data plane does not know.
    package mutating func sourceSeen(
        _ address: IPAddress, _ mac: MACAddress, now: Instant, effects: inout LANEffects
    ) {
        guard settings.isHostAddress(address), mac.isStation, mac != settings.serviceMAC else { return }
        addressInUse(address, by: mac, now: now, &effects)
        guard var record = table[address] else { return found(address, mac, now, &effects) }
        guard record.host.mac == mac else { return contest(address, record, by: mac, now, &effects) }
        record.questionCount = 0
        record.nextQuestion = now + random.jitter(around: LANLimits.silence)
        if let contest = record.contest {
            record.contest = nil
            effects.append(.notice(.addressClash(address, holder: mac, rival: contest.rival)))
        }
        let isToBeAsked =
            !record.host.state.isUsable && record.asked + LANLimits.registrationInterval <= now
            && registrations.take(now: now)
        if isToBeAsked { record.asked = now }
        table[address] = record
        if isToBeAsked { register(record.host, &effects) }
    }

    private mutating func found(
        _ address: IPAddress, _ mac: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        guard settings.registersStaticHosts else { return }
        guard !table.isFull, table.count(of: mac) < LANLimits.hostsPerInterface else {
            if clashes.take(now: now) { effects.append(.notice(.tooManyHosts(address, mac))) }
            return drop(.full)
        }
        guard registrations.take(now: now) else { return drop(.paced) }
        add(address, mac, now, &effects)
    }

    private mutating func add(
        _ address: IPAddress, _ mac: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        let host = LANHost(
            address: address, mac: mac, origin: .fixed, name: nil, state: .registering, expires: nil, rival: nil)
        table[address] = HostTable.Record(
            host: host, nextQuestion: now + random.jitter(around: LANLimits.silence), asked: now)
        remotes.forget(address)
        register(host, &effects)
        effects.append(.notice(.hostFound(address, mac, .fixed)))
        effects.append(.memoryChanged)
    }

    /// Another interface has shown up with the address. The holder is asked: if it answers they clash, if it does not
    /// the host has a new interface.
    private mutating func contest(
        _ address: IPAddress, _ record: HostTable.Record, by rival: MACAddress, _ now: Instant,
        _ effects: inout LANEffects
    ) {
        var contested = record
        contested.rivalSeen = now
        contested.host.rival = rival
        if record.contest == nil, record.host.rival != rival {
            contested.contest = HostTable.Contest(rival: rival, ends: now + LANLimits.contest)
            ask(for: address, at: record.host.mac, &effects)
        }
        table[address] = contested
    }

    func register(_ host: LANHost, _ effects: inout LANEffects) {
        effects.append(
            .register(
                LANRegistration(
                    address: host.address, mac: host.mac, name: host.name, origin: host.origin,
                    lifetimeSeconds: host.origin == .dhcp ? settings.leaseSeconds : nil)))
    }

    /// Changes a host's state, and tells the data plane if it may do what it could not, or the other way round.
    mutating func setState(_ state: LANHostState, of address: IPAddress, _ effects: inout LANEffects) {
        guard let host = table[address]?.host, host.state != state else { return }
        table[address]?.host.state = state
        if state.isUsable, !host.state.isUsable { effects.append(.localHost(address, host.mac)) }
        if !state.isUsable, host.state.isUsable { effects.append(.localHostGone(address)) }
    }

    /// A host is no host of this LAN any more. `isHeld`: the grid holds its address, or has been asked to.
    mutating func forget(_ address: IPAddress, isHeld: Bool, _ effects: inout LANEffects) {
        guard let host = table[address]?.host else { return }
        table[address] = nil
        dhcp.isCountDue = true
        if host.state.isUsable { effects.append(.localHostGone(address)) }
        if isHeld { effects.append(.unregister(address)) }
        effects.append(.memoryChanged)
    }

    // MARK: Names

    /// What a client may be called: what it wants, unless a host of this LAN with another interface is called so.
    func freeName(for request: DHCPRequest) -> String? {
        guard let name = request.name, let holder = table.host(called: name) else { return request.name }
        return holder.mac == request.mac ? name : nil
    }

    // MARK: Time

    /// Asks who does not answer, believes new interfaces, and looks for hosts that say nothing.
    mutating func lookAfterHosts(now: Instant, _ effects: inout LANEffects) {
        for address in table.addresses {
            guard var record = table[address] else { continue }
            if let contest = record.contest, contest.ends <= now {
                record.contest = nil
                table[address] = record
                if record.host.origin == .fixed { believe(contest.rival, of: address, now, &effects) }
            } else if let seen = record.rivalSeen, seen + LANLimits.rivalAge <= now {
                record.rivalSeen = nil
                record.host.rival = nil
                table[address] = record
            }
            if record.host.origin == .fixed, record.nextQuestion <= now { question(address, now: now, &effects) }
        }
        for address in sweep.next(in: settings, known: table, now: now) { ask(for: address, at: nil, &effects) }
        for newcomer in newcomers.take(now: now) where table[newcomer.address] == nil {
            ask(for: newcomer.address, at: newcomer.mac, &effects)
        }
    }

    private mutating func question(_ address: IPAddress, now: Instant, _ effects: inout LANEffects) {
        guard var record = table[address] else { return }
        guard record.questionCount < LANLimits.questions else {
            effects.append(.notice(.hostGone(address, record.host.mac)))
            return forget(address, isHeld: record.host.state.mayBeHeld, &effects)
        }
        record.questionCount += 1
        record.nextQuestion = now + LANLimits.questionInterval
        table[address] = record
        ask(for: address, at: record.host.mac, &effects)
    }

    /// The host has another interface than before.
    private mutating func believe(
        _ mac: MACAddress, of address: IPAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        guard let record = table[address] else { return }
        forget(address, isHeld: record.host.state.mayBeHeld, &effects)
        add(address, mac, now, &effects)
    }
}

extension LANHostState {
    /// Whether the grid holds the address for this LAN's host, or may do so soon.
    var mayBeHeld: Bool {
        switch self {
        case .registering, .registered, .assumed: true
        case .refused, .lost: false
        }
    }
}
