import NetworkTypes
import OrderedCollections

// Several uplinks: over each of them a place is reached by a way of its own, and the ways are compared like any others.
extension Gateway {
    /// The ways to places that are dialled: at first as the kernel's routes lead there, which need not be over an
    /// uplink, then by all.
    func ways(to places: [Endpoint], isFirstAttempt: Bool) -> [Endpoint] {
        if isFirstAttempt || underlay.uplinks.isEmpty { return places }
        return underlay.uplinks.ways(to: places) + places
    }

    /// Uplinks have come or gone. What went by one that is gone goes by another way that answers, or as the kernel's
    /// routes lead to the same place.
    mutating func uplinksChanged(now: Instant, effects: inout GatewayEffects) {
        observations.keep { underlay.uplinks.has($0) }
        for member in members.values {
            member.standbys.removeAll { !underlay.uplinks.has($0.endpoint) }
            // The ways over one that has come are tried at the next look.
            member.candidatesAt = nil
            guard let path = member.path, !underlay.uplinks.has(path.endpoint) else { continue }
            let best = member.standbys.filter { $0.medium == .udp && $0.isUsable }.min(by: <)
            let next = best ?? newPath(path.endpoint.place, now: now)
            member.standbys.removeAll { $0.endpoint == next.endpoint }
            changePath(of: member, to: next, because: .uplink, now: now, effects: &effects)
        }
        dialOthers(now: now)
    }

    /// A member's path was left to the kernel, and comes by an uplink that there is a choice of now: so it is that one.
    /// Returns whether that is all that there is to know.
    mutating func nameUplink(
        of member: Member, _ source: Endpoint, now: Instant, effects: inout GatewayEffects
    ) -> Bool {
        guard let path = member.path, path.endpoint.uplink == .any, source.uplink != .any,
            path.endpoint == source.place
        else { return false }
        member.standbys.removeAll { $0.endpoint == source }
        member.path?.endpoint = source
        pathChanged(to: member, effects: &effects)
        relaysMoved(with: member, now: now, effects: &effects)
        return true
    }

    /// The same of a handshake that was left to the kernel.
    mutating func nameUplink(ofHandshakeAt source: Endpoint) {
        guard source.uplink != .any, runs[source] == nil, let run = runs.removeValue(forKey: source.place)
        else { return }
        runs[source] = run
    }
}
