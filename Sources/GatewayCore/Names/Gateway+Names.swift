import LinkSecurity
package import NetworkTypes
import OrderedCollections

// Names of hosts: each gateway knows those of its own, and is asked for them.
extension Gateway {
    /// Looks for a host of another site, or, without a name, for the addresses of its gateways; `.nameFound` tells.
    package mutating func findName(
        _ host: String, of site: String, now: Instant, effects: inout GatewayEffects
    ) {
        let gateways = directory.entries.filter {
            $0.identity.site == site && !$0.announcement.isWithdrawn && $0.node != node
        }
        ask(
            .host(host, site: site), at: gateways.prefix(NameLimits.gateways).map(\.node), now: now,
            effects: &effects)
    }

    /// Looks for the name of an address of another site; `.addressNamed` tells.
    package mutating func findName(of address: IPAddress, now: Instant, effects: inout GatewayEffects) {
        let leading = routes.filter { $0.prefix.contains(address) }.max { $0.prefix.length < $1.prefix.length }
        if let holder = hosts.remote[address]?.node ?? leading?.node {
            return ask(.address(address), at: [holder], now: now, effects: &effects)
        }
        let isBridged = bridgedSubnets.contains { $0.subnet.contains(address) }
        guard isBridged, hosts.absent[address].map({ $0 <= now }) ?? true else {
            return effects.append(.host(.addressNamed(address, .nobody)))
        }
        // Who asks again will find it.
        resolveHost(address, now: now, effects: &effects)
        effects.append(.host(.addressNamed(address, .unknown)))
    }

    private mutating func ask(
        _ subject: NameQuestions.Subject, at gateways: [NodeAddress], now: Instant, effects: inout GatewayEffects
    ) {
        guard !names.open.contains(where: { $0.subject == subject }) else { return }
        guard !gateways.isEmpty, names.open.count < NameLimits.questions else {
            return giveUp(subject, effects: &effects)
        }
        names.open.append(
            NameQuestions.Question(
                subject: subject, waiting: gateways.map { ($0, false) }, expires: now + NameLimits.patience))
        for node in gateways {
            if members[node]?.path == nil { trafficWaits(for: node, now: now, effects: &effects) }
            sendNameQuestions(to: node, effects: &effects)
        }
    }

    /// Sends what has waited for a path.
    mutating func sendNameQuestions(to node: NodeAddress, effects: inout GatewayEffects) {
        guard members[node]?.endpoint != nil else { return }
        for index in names.open.indices {
            guard let place = names.open[index].waiting.firstIndex(where: { $0.node == node && !$0.isSent }) else {
                continue
            }
            names.open[index].waiting[place].isSent = true
            switch names.open[index].subject {
            case .host(let name, _): effects.send(.names(.question(name)), to: node)
            case .address(let address): effects.send(.names(.addressQuestion(address)), to: node)
            }
        }
    }

    mutating func receiveName(
        _ message: NameMessage, from member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        switch message {
        case .question(let name):
            guard names.answers.take(now: now) else { return }
            effects.send(.names(.answer(name, addresses(called: name))), to: member.node)
        case .addressQuestion(let address):
            guard names.answers.take(now: now) else { return }
            effects.send(.names(.addressAnswer(address, name(of: address))), to: member.node)
        case .answer(let name, let addresses):
            nameAnswered(name, addresses, by: member.node, effects: &effects)
        case .addressAnswer(let address, let name):
            addressAnswered(address, name, by: member, effects: &effects)
        }
    }

    // MARK: What others ask

    /// The addresses of this gateway's host with a name; without one, its own.
    private func addresses(called name: String) -> [IPAddress]? {
        if name.isEmpty { return Array(settings.addresses.prefix(NameLimits.addresses)) }
        let fixed = settings.names.first { $0.name == name }?.addresses ?? []
        let named = hosts.local.values.filter { $0.isPresent && $0.record.name == name }.map(\.record)
        // What its interface has of IPv6, without a name of its own.
        let others = hosts.local.values.filter { host in
            host.isPresent && host.record.name.isEmpty && host.record.address.family == .v6
                && named.contains { $0.mac == host.record.mac }
        }
        let found = fixed + named.map(\.address) + others.map(\.record.address)
        return found.isEmpty ? nil : Array(found.prefix(NameLimits.addresses))
    }

    /// What an address of this site is called; empty for this gateway's own.
    private func name(of address: IPAddress) -> String? {
        if settings.addresses.contains(address) { return "" }
        if let named = settings.names.first(where: { $0.addresses.contains(address) }) { return named.name }
        guard let host = hosts.local[address], host.isPresent else { return nil }
        if !host.record.name.isEmpty { return host.record.name }
        // The name that its interface has by another address.
        return hosts.local.values.first { $0.record.mac == host.record.mac && !$0.record.name.isEmpty }?.record.name
    }

    // MARK: What others answer

    private mutating func nameAnswered(
        _ name: String, _ addresses: [IPAddress]?, by node: NodeAddress, effects: inout GatewayEffects
    ) {
        for index in names.open.indices.reversed() {
            guard case .host(name, let site) = names.open[index].subject,
                let place = names.open[index].waiting.firstIndex(where: { $0.node == node && $0.isSent })
            else { continue }
            names.open[index].waiting.remove(at: place)
            guard addresses != nil || names.open[index].waiting.isEmpty else { continue }
            names.open.remove(at: index)
            let finding = addresses.map(NameFinding.addresses) ?? .nobody
            effects.append(.host(.nameFound(name, site: site, finding)))
        }
    }

    private mutating func addressAnswered(
        _ address: IPAddress, _ name: String?, by member: Member, effects: inout GatewayEffects
    ) {
        let index = names.open.firstIndex { question in
            question.subject == .address(address)
                && question.waiting.contains { $0.node == member.node && $0.isSent }
        }
        guard let index else { return }
        names.open.remove(at: index)
        let found = name.map { AddressName.host($0, site: member.site) } ?? .nobody
        effects.append(.host(.addressNamed(address, found)))
    }

    /// Gives up what has waited too long.
    mutating func nameTimeouts(now: Instant, effects: inout GatewayEffects) {
        let over = names.open.filter { $0.expires <= now }
        names.open.removeAll { $0.expires <= now }
        for question in over { giveUp(question.subject, effects: &effects) }
    }

    private func giveUp(_ subject: NameQuestions.Subject, effects: inout GatewayEffects) {
        switch subject {
        case .host(let name, let site): effects.append(.host(.nameFound(name, site: site, .unknown)))
        case .address(let address): effects.append(.host(.addressNamed(address, .unknown)))
        }
    }
}
