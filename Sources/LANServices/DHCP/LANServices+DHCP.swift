import NetworkTypes

/// The DHCP server (RFC 2131): what clients send.
extension LANServices {
    /// A datagram to the server's port, by broadcast or to the service address.
    mutating func receiveDHCP(
        _ payload: RawSpan, _ link: EthernetHeader, now: Instant, _ effects: inout LANEffects
    ) {
        guard settings.prefix(.v4) != nil, settings.clients != .nobody else { return drop(.dhcpNotAdmitted) }
        guard requests.take(now: now) else { return drop(.paced) }
        let request: DHCPRequest
        do throws(LANDrop) {
            request = try DHCPRequest(reading: payload, settings: settings)
        } catch {
            return drop(error)
        }
        guard settings.clients.admits(request.mac, vendorClass: request.vendorClass) else {
            return drop(.dhcpNotAdmitted)
        }
        counters.dhcpRequests += 1
        switch request.kind {
        case .discover: discover(request, link.source, now, &effects)
        case .request: self.request(request, link.source, now, &effects)
        case .decline: decline(request, link.source, now, &effects)
        case .release: release(request, link.source, &effects)
        case .inform: inform(request, link.source, &effects)
        case .offer, .acknowledgement, .refusal: drop(.dhcpMalformed)
        }
    }

    // MARK: DISCOVER

    private mutating func discover(
        _ request: DHCPRequest, _ link: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        if let index = dhcp.pending.firstIndex(where: { $0.request.client == request.client }) {
            dhcp.pending[index].request = request
            dhcp.pending[index].link = link
            dhcp.pending[index].answer = .offer
            if case .offered = dhcp.pending[index].state { offer(index, now, &effects) }
            return
        }
        begin(request, link, answer: .offer, now, &effects)
    }

    /// Begins to serve a client that has no answer yet.
    private mutating func begin(
        _ request: DHCPRequest, _ link: MACAddress, answer: DHCPPending.Answer, _ now: Instant,
        _ effects: inout LANEffects
    ) {
        guard dhcp.pending.count < LANLimits.pendingClients, !table.isFull else { return drop(.full) }
        let choice =
            answer == .acknowledgement
            ? request.wish : dhcp.choice(for: request, in: settings, hosts: table, now: now)
        guard let choice else { return haveNoAddress(&effects) }
        let pending = DHCPPending(
            request: request, link: link, answer: answer, address: choice,
            registration: .asked(until: now + LANLimits.gridPatience),
            state: .checking(probesLeft: LANLimits.probes, next: now))
        dhcp.pending.append(pending)
        check(dhcp.pending.count - 1, now, &effects)
    }

    /// Begins to find out whether a pending client can have its address.
    mutating func check(_ index: Int, _ now: Instant, _ effects: inout LANEffects) {
        let pending = dhcp.pending[index]
        if let host = table[pending.address]?.host, host.mac == pending.request.mac, host.state.isUsable {
            // It has the address already.
            dhcp.pending[index].registration = host.state == .assumed ? .assumed : .granted
            dhcp.pending[index].state = .unused
            return proceed(index, now, &effects)
        }
        dhcp.pending[index].registration = .asked(until: now + LANLimits.gridPatience)
        dhcp.pending[index].state = .checking(probesLeft: LANLimits.probes, next: now)
        effects.append(.register(registration(of: pending)))
        probe(index, now, &effects)
    }

    private func registration(of pending: DHCPPending) -> LANRegistration {
        LANRegistration(
            address: pending.address, mac: pending.request.mac, name: freeName(for: pending.request),
            origin: .dhcp, lifetimeSeconds: settings.leaseSeconds)
    }

    private mutating func haveNoAddress(_ effects: inout LANEffects) {
        drop(.dhcpNoAddress)
        dhcp.isCountDue = true
        guard !dhcp.isShort else { return }
        dhcp.isShort = true
        effects.append(.notice(.noAddresses))
    }

    // MARK: REQUEST

    private mutating func request(
        _ request: DHCPRequest, _ link: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        if let server = request.server {
            // SELECTING (RFC 2131 §4.3.2).
            guard server == settings.serviceAddress(.v4) else { return choseAnother(request, &effects) }
            return select(request, link, now, &effects)
        }
        // INIT-REBOOT, RENEWING or REBINDING. Other ranges are other servers'.
        guard let wish = request.wish, settings.prefix(.v4)?.contains(wish) ?? false else {
            return drop(.dhcpOtherServer)
        }
        if let index = dhcp.pending.firstIndex(where: { $0.request.client == request.client }) {
            guard dhcp.pending[index].address == wish, case .offered = dhcp.pending[index].state else { return }
            return bind(index, request, link, now, &effects)
        }
        guard settings.isHostAddress(wish) else { return refuse(request, link, &effects) }
        if let binding = dhcp.binding(of: request.client), binding.isBound {
            return ask(for: wish, binding, request, link, now, &effects)
        }
        // Nothing is known of it here. The grid is asked: the client may have come from another site with its lease.
        let isFree = dhcp.binding(at: wish).map { !$0.isBound || $0.client == request.client } ?? true
        guard isFree, table[wish].map({ $0.host.mac == request.mac }) ?? true else {
            return refuse(request, link, &effects)
        }
        begin(request, link, answer: .acknowledgement, now, &effects)
    }

    private mutating func select(
        _ request: DHCPRequest, _ link: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        if let index = dhcp.pending.firstIndex(where: { $0.request.client == request.client }) {
            guard dhcp.pending[index].address == request.wish, case .offered = dhcp.pending[index].state else {
                return refuse(request, link, &effects)
            }
            return bind(index, request, link, now, &effects)
        }
        // The ACK was lost, and the client asks once more.
        guard let binding = dhcp.binding(of: request.client), binding.isBound else {
            return refuse(request, link, &effects)
        }
        ask(for: request.wish, binding, request, link, now, &effects)
    }

    /// A client with a lease asks for an address.
    private mutating func ask(
        for wish: IPAddress?, _ binding: DHCPServer.Binding, _ request: DHCPRequest, _ link: MACAddress,
        _ now: Instant, _ effects: inout LANEffects
    ) {
        guard binding.address == wish else { return refuse(request, link, &effects) }
        switch table[binding.address]?.host.state {
        case .registered, .assumed: extend(binding, request, link, now, &effects)
        // After a restart the grid has not spoken yet. The client keeps its lease, and asks again.
        case .registering: drop(.dhcpUndecided)
        case .refused, .lost, nil: refuse(request, link, &effects)
        }
    }

    private mutating func choseAnother(_ request: DHCPRequest, _ effects: inout LANEffects) {
        drop(.dhcpOtherServer)
        guard let index = dhcp.pending.firstIndex(where: { $0.request.client == request.client }) else { return }
        withdraw(index, &effects)
    }

    /// A client has its address for another lease time.
    private mutating func extend(
        _ binding: DHCPServer.Binding, _ request: DHCPRequest, _ link: MACAddress, _ now: Instant,
        _ effects: inout LANEffects
    ) {
        var extended = binding
        extended.mac = request.mac
        if request.name != nil { extended.name = freeName(for: request) }
        extended.expires = now + .seconds(Int64(settings.leaseSeconds))
        let host = table[binding.address]?.host
        let state = host?.mac == request.mac ? host?.state : nil
        settle(extended, state: state ?? .registering, now, &effects)
        if let host = table[binding.address]?.host { register(host, &effects) }
        acknowledge(request, link, binding.address, &effects)
    }

    // MARK: The others

    /// The client has found its address in use (RFC 2131 §4.3.3).
    private mutating func decline(
        _ request: DHCPRequest, _ link: MACAddress, _ now: Instant, _ effects: inout LANEffects
    ) {
        guard request.relay != nil || link == request.mac else { return drop(.foreignSender) }
        guard request.server == nil || request.server == settings.serviceAddress(.v4) else {
            return drop(.dhcpOtherServer)
        }
        guard let address = request.requested, address == givenAddress(request.client) else {
            return drop(.dhcpOtherServer)
        }
        dhcp.avoid(address, until: now + LANLimits.quarantineTime)
        effects.append(.notice(.addressDeclined(address, request.mac)))
        giveBack(request.client, address, &effects)
        dhcp.remove(request.client)
    }

    /// The client does not need its address any more (RFC 2131 §4.3.4).
    private mutating func release(_ request: DHCPRequest, _ link: MACAddress, _ effects: inout LANEffects) {
        guard request.relay != nil || link == request.mac else { return drop(.foreignSender) }
        guard let binding = dhcp.binding(of: request.client), binding.isBound,
            binding.address == request.message.current
        else { return drop(.dhcpOtherServer) }
        giveBack(request.client, binding.address, &effects)
    }

    /// The client has an address, and asks for everything else (RFC 2131 §4.3.5).
    private mutating func inform(_ request: DHCPRequest, _ link: MACAddress, _ effects: inout LANEffects) {
        guard settings.isHostAddress(request.message.current) else { return drop(.dhcpOtherServer) }
        counters.dhcpAnswers += 1
        let reply = DHCPAnswer.message(
            .acknowledgement, to: request, address: nil, leaseSeconds: 0, settings: settings)
        effects.append(.send(DHCPAnswer.frame(reply, to: request, at: link, settings: settings)))
    }

    /// The address that a client has or is being given.
    private func givenAddress(_ client: DHCPClient) -> IPAddress? {
        if let pending = dhcp.pending.first(where: { $0.request.client == client }) { return pending.address }
        return dhcp.binding(of: client).flatMap { $0.isBound ? $0.address : nil }
    }

    private mutating func giveBack(_ client: DHCPClient, _ address: IPAddress, _ effects: inout LANEffects) {
        if let index = dhcp.pending.firstIndex(where: { $0.request.client == client }) { withdraw(index, &effects) }
        dhcp.end(client)
        forget(address, isHeld: true, &effects)
    }
}

extension DHCPRequest {
    /// The address that a REQUEST is about: option 50, or what the client has (RFC 2131 §4.3.2).
    var wish: IPAddress? { requested ?? (message.current.isUnspecified ? nil : message.current) }
}
