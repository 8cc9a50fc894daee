import LinkSecurity
package import NetworkTypes
import OrderedCollections

// Names of hosts: each gateway knows those of its own, and is asked for them.
extension Gateway {
    /// Looks for a host of another site, or, without a name, for the addresses of its gateways; `.nameFound` tells.
    package mutating func findName(
        _ host: String, of site: String, now: Instant, effects: inout GatewayEffects
    ) {
        guard !names.open.contains(where: { $0.host == host && $0.site == site }) else { return }
        let gateways = directory.entries.filter {
            $0.identity.site == site && !$0.announcement.isWithdrawn && $0.node != node
        }
        guard !gateways.isEmpty, names.open.count < NameLimits.questions else {
            return effects.append(.host(.nameFound(host, site: site, .unknown)))
        }
        let asked = gateways.prefix(NameLimits.gateways).map(\.node)
        names.open.append(
            NameQuestions.Question(
                host: host, site: site, waiting: asked.map { ($0, false) }, expires: now + NameLimits.patience))
        for node in asked {
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
            effects.send(.names(.question(names.open[index].host)), to: node)
        }
    }

    mutating func receiveName(
        _ message: NameMessage, from member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        switch message {
        case .question(let name):
            guard names.answers.take(now: now) else { return }
            effects.send(.names(.answer(name, addresses(called: name))), to: member.node)
        case .answer(let name, let addresses):
            nameAnswered(name, addresses, by: member.node, effects: &effects)
        }
    }

    /// The addresses of this gateway's host with a name; without one, its own.
    private func addresses(called name: String) -> [IPAddress]? {
        if name.isEmpty { return Array(settings.addresses.prefix(NameLimits.addresses)) }
        let found = hosts.local.values.filter { $0.isPresent && $0.record.name == name }.map(\.record.address)
        return found.isEmpty ? nil : Array(found.prefix(NameLimits.addresses))
    }

    private mutating func nameAnswered(
        _ name: String, _ addresses: [IPAddress]?, by node: NodeAddress, effects: inout GatewayEffects
    ) {
        for index in names.open.indices.reversed() where names.open[index].host == name {
            guard let place = names.open[index].waiting.firstIndex(where: { $0.node == node && $0.isSent }) else {
                continue
            }
            names.open[index].waiting.remove(at: place)
            let question = names.open[index]
            guard addresses != nil || question.waiting.isEmpty else { continue }
            names.open.remove(at: index)
            let finding = addresses.map(NameFinding.addresses) ?? .nobody
            effects.append(.host(.nameFound(name, site: question.site, finding)))
        }
    }

    /// Gives up what has waited too long.
    mutating func nameTimeouts(now: Instant, effects: inout GatewayEffects) {
        for question in names.open where question.expires <= now {
            effects.append(.host(.nameFound(question.host, site: question.site, .unknown)))
        }
        names.open.removeAll { $0.expires <= now }
    }
}
