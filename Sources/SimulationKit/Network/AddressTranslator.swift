package import NetworkTypes

/// A network address and port translator before one or more hosts: rewrites the source of what goes out, and lets in
/// what its behaviour allows. No hairpin: what inside hosts send to its own outside address is dropped.
package final class AddressTranslator {
    /// A permission for remotes, refreshed by what goes out to them.
    private struct Permission {
        let key: Endpoint?
        var expires: Instant
    }

    private struct Mapping {
        let inside: Endpoint
        /// What the remotes of this mapping share.
        let key: Endpoint?
        let port: UInt16
        var expires: Instant
        var permissions: [Permission] = []
    }

    package let address: IPAddress
    package let behaviour: TranslatorBehaviour
    /// Where it is attached.
    package let place: Int
    /// Hosts behind it, by their endpoints; look-ups only.
    var inside: [Endpoint: Int] = [:]

    private var mappings: [Mapping] = []
    private var random: SeededRandom

    package init(address: IPAddress, behaviour: TranslatorBehaviour, place: Int, seed: UInt64) {
        self.address = address
        self.behaviour = behaviour
        self.place = place
        random = SeededRandom(seed: seed)
    }

    /// Mappings that are held, expired ones included until the next datagram goes out.
    package var mappingCount: Int { mappings.count }

    /// A datagram goes out: the source that it has on the outside.
    package func outbound(from source: Endpoint, to remote: Endpoint, now: Instant) -> Endpoint {
        let key = behaviour.mapping.key(of: remote)
        let expires = now + behaviour.expiry
        var index = mappings.firstIndex { $0.inside == source && $0.key == key }
        if let found = index, mappings[found].expires <= now {
            mappings.remove(at: found)
            index = nil
        }
        if index == nil {
            mappings.removeAll { $0.expires <= now }
            mappings.append(Mapping(inside: source, key: key, port: freePort(), expires: expires))
        }
        let place = index ?? mappings.count - 1
        mappings[place].expires = expires
        permit(behaviour.filtering.key(of: remote), at: place, until: expires, now: now)
        return Endpoint(address: address, port: mappings[place].port)
    }

    /// A datagram comes for the outside port `port`: the inside endpoint that gets it, `nil` when it is dropped.
    package func inbound(to port: UInt16, from remote: Endpoint, now: Instant) -> Endpoint? {
        guard remote.address != address,
            let mapping = mappings.first(where: { $0.port == port && $0.expires > now })
        else { return nil }
        let key = behaviour.filtering.key(of: remote)
        return mapping.permissions.contains { $0.key == key && $0.expires > now } ? mapping.inside : nil
    }

    /// Forgets every mapping, as a restart does.
    package func forget() { mappings = [] }

    private func permit(_ key: Endpoint?, at place: Int, until expires: Instant, now: Instant) {
        if let index = mappings[place].permissions.firstIndex(where: { $0.key == key }) {
            mappings[place].permissions[index].expires = expires
            return
        }
        mappings[place].permissions.removeAll { $0.expires <= now }
        mappings[place].permissions.append(Permission(key: key, expires: expires))
    }

    private func freePort() -> UInt16 {
        while true {
            let port = UInt16(1_024 + random.below(64_512))
            if !mappings.contains(where: { $0.port == port }) { return port }
        }
    }
}
