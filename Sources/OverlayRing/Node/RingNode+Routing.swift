package import NetworkTypes

/// Where a packet goes from here.
package enum RouteDecision: Equatable, Sendable {
    case deliver
    /// To a linked member; `isUphill` when it is not nearer than the packet has been.
    case forward(NodeAddress, isUphill: Bool)
    case undeliverable(UndeliverableReason)
}

// Greedy routing. Every hop goes to a member strictly nearer to the destination than all before, save one hop uphill,
// after which only members nearer than the place it was left from count. So no packet comes twice to the same place.
extension RingNode {
    /// Routes a packet of this member's own. `kind` is `RoutedPacket.firstForeignKind` or above.
    package mutating func route(
        _ payload: [UInt8], kind: UInt8, to destination: NodeAddress, mode: DeliveryMode, isTraced: Bool = false,
        now: Instant, effects: inout RingEffects
    ) {
        var packet = RoutedPacket(
            kind: kind, mode: mode, source: own.node, destination: destination, payload: payload)
        if isTraced { packet.trace = [] }
        guard payload.count <= RingLimits.payloadByteCount else {
            effects.append(.undeliverable(packet, .payloadTooLong))
            return
        }
        forward(packet, cameFrom: nil, now: now, effects: &effects)
    }

    /// Delivers a packet or sends it on.
    mutating func forward(
        _ packet: RoutedPacket, cameFrom previous: NodeAddress?, now: Instant, effects: inout RingEffects
    ) {
        var packet = packet
        if packet.via == own.node {
            // The way down to the destination itself begins here.
            packet.via = nil
            packet.floor = nil
        }
        switch decide(packet, cameFrom: previous) {
        case .deliver:
            if packet.kind < RoutedPacket.firstForeignKind {
                receiveOwn(packet, now: now, effects: &effects)
            } else {
                effects.append(.deliver(packet))
            }
        case .forward(let node, let isUphill):
            if isUphill {
                packet.uphillCount &+= 1
                packet.floor = own.node
            }
            send(packet, to: node, effects: &effects)
        case .undeliverable(let reason):
            effects.append(.undeliverable(packet, reason))
        }
    }

    func send(_ packet: RoutedPacket, to node: NodeAddress, effects: inout RingEffects) {
        var packet = packet
        if let count = packet.trace?.count, count < RingLimits.hops { packet.trace?.append(own.node) }
        effects.append(.send(to: node, bytes: RingMessage.packet(packet).encoded))
    }

    /// What this member does with a packet that came from `previous` (`nil`: its own). Changes nothing.
    package func decide(_ packet: RoutedPacket, cameFrom previous: NodeAddress?) -> RouteDecision {
        let target = packet.via ?? packet.destination
        let mode = packet.via == nil ? packet.mode : .exact
        // A request to the own address is for the others.
        let isForOthers = target == packet.source && mode != .exact
        if target == own.node, !isForOthers { return .deliver }
        guard packet.hopCount < packet.hopLimit else { return .undeliverable(.hopLimit) }
        if !isForOthers, linkIndex(of: target) != nil { return .forward(target, isUphill: false) }

        let ownDistance = mode.distance(of: own.node, from: target)
        // The source of a request to its own address is nobody's way; it begins at any of its links.
        let bound = packet.floor.map { min(ownDistance, mode.distance(of: $0, from: target)) } ?? ownDistance
        let mayClimb = packet.uphillCount < UInt8(RingLimits.uphillHops)
        if mode == .exact, let lister = lister(of: target, bound: bound, mayClimb: mayClimb, except: previous) {
            return lister
        }
        if let next = nearestLink(to: target, mode: mode, below: bound, source: packet.source) {
            return .forward(next, isUphill: false)
        }
        guard mode == .exact else {
            return stepAside(packet, target: target, bound: bound, mayClimb: mayClimb, except: previous)
        }
        if mayClimb, let next = nearestLink(to: target, mode: mode, below: nil, source: packet.source, except: previous)
        {
            return .forward(next, isUphill: true)
        }
        return .undeliverable(.noRoute)
    }

    /// The routable link nearest to `target`, and nearer than `bound`; never the packet's source.
    private func nearestLink(
        to target: NodeAddress, mode: DeliveryMode, below bound: RingDistance?, source: NodeAddress,
        except previous: NodeAddress? = nil
    ) -> NodeAddress? {
        var best: NodeAddress?
        var bestDistance = bound
        for link in links where link.isRoutable && link.contact.node != source && link.contact.node != previous {
            let distance = mode.distance(of: link.contact.node, from: target)
            if let bestDistance, !(distance < bestDistance) { continue }
            best = link.contact.node
            bestDistance = distance
        }
        return best
    }

    /// A link whose status says that it is linked with `target`: one hop from there it is delivered.
    private func lister(
        of target: NodeAddress, bound: RingDistance, mayClimb: Bool, except previous: NodeAddress?
    ) -> RouteDecision? {
        var climb: NodeAddress?
        for link in links where link.contact.node != previous {
            guard let lists = link.neighbours, lists.contains(target) else { continue }
            if link.contact.node.ringDistance(to: target) < bound {
                return .forward(link.contact.node, isUphill: false)
            }
            if climb == nil { climb = link.contact.node }
        }
        guard mayClimb, let climb else { return nil }
        return .forward(climb, isUphill: true)
    }

    /// No link is nearer than we are. A neighbour of a neighbour may be, if we cannot talk to it.
    private func stepAside(
        _ packet: RoutedPacket, target: NodeAddress, bound: RingDistance, mayClimb: Bool, except previous: NodeAddress?
    ) -> RouteDecision {
        let mode = packet.mode
        guard mayClimb, packet.source != own.node || packet.destination != packet.source else { return .deliver }
        var best: NodeAddress?
        var bestDistance = bound
        for link in links where link.isRoutable && link.contact.node != previous && link.contact.node != packet.source {
            guard let lists = link.neighbours else { continue }
            for side in [lists.left, lists.right] {
                for listed in side where listed.isRoutable && listed.contact.node != packet.source {
                    let distance = mode.distance(of: listed.contact.node, from: target)
                    guard distance < bestDistance, linkIndex(of: listed.contact.node) == nil else { continue }
                    best = link.contact.node
                    bestDistance = distance
                }
            }
        }
        return best.map { .forward($0, isUphill: true) } ?? .deliver
    }
}

extension NeighbourLists {
    /// Whether either list names `node`.
    func contains(_ node: NodeAddress) -> Bool {
        left.contains { $0.contact.node == node } || right.contains { $0.contact.node == node }
    }
}
