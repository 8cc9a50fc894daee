package import NetworkTypes
import OrderedCollections
import OverlayRing

// Sessions over the overlay: datagrams that go by the hops of the ring while there is no better path.
extension Gateway {
    /// The data plane wants a sealed datagram sent to an endpoint that stands for an overlay path.
    package mutating func sendOverlay(
        _ datagram: [UInt8], to endpoint: Endpoint, now: Instant, effects: inout GatewayEffects
    ) {
        guard let node = overlayPeers[endpoint] else { return }
        route(datagram, .sealed, to: node, now: now, effects: &effects)
    }

    /// The endpoint that stands for the overlay path to `node`; `nil` when another node has it, or there are too many.
    mutating func overlayEndpoint(of node: NodeAddress) -> Endpoint? {
        let endpoint = Endpoint(overlay: node)
        if let known = overlayPeers[endpoint] { return known == node ? endpoint : nil }
        guard overlayPeers.count < OverlayLimits.overlayPeers else { return nil }
        overlayPeers[endpoint] = node
        return endpoint
    }

    /// Forgets overlay endpoints that lead to nobody with whom there is a session or a handshake.
    mutating func forgetOverlayPeers() {
        for endpoint in overlayPeers.keys.elements {
            guard let node = overlayPeers[endpoint], members[node] == nil, runs[endpoint] == nil else { continue }
            overlayPeers[endpoint] = nil
        }
    }

    /// Begins a handshake over the ring, and sees whether the peer still has the keys of the session.
    mutating func dialOverlay(to member: Member, now: Instant, effects: inout GatewayEffects) {
        member.overlayDial = nil
        guard member.path == nil, ring.isRoutable, let endpoint = overlayEndpoint(of: member.node) else { return }
        if member.active != nil { sendProbe(to: member, purpose: .candidate(endpoint), now: now, effects: &effects) }
        dial(endpoint, target: member.node, isSparing: member.dials.isSparing, now: now, effects: &effects)
    }
}
