package import NetworkTypes
import WireFormat

/// Where a packet goes from here.
package enum RouteDecision: Equatable, Sendable {
    case deliver
    /// To a linked member; `isUphill` when it is not nearer than the packet has been.
    case forward(NodeAddress, isUphill: Bool)
    case undeliverable(UndeliverableReason)
}

// Greedy routing. Every hop goes to a member strictly nearer to the destination than all before, save two hops uphill,
// after which only members nearer than the nearest so far count. Where an exact packet finds no such member it turns,
// once: it goes the other way round the ring, measured along that way alone, again with two hops uphill. So no packet
// comes to a place more than six times: once on its way down, once by each hop uphill, and the same after the turn.
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
        switch step(&packet, cameFrom: previous) {
        case .deliver:
            if packet.kind < RoutedPacket.firstForeignKind {
                receiveOwn(packet, now: now, effects: &effects)
            } else {
                effects.append(.deliver(packet))
            }
        case .forward(let node, _):
            send(packet, to: node, effects: &effects)
        case .undeliverable(let reason):
            effects.append(.undeliverable(packet, reason))
        }
    }

    /// Sends a packet on as it came, when only its hop count changes: most packets are somebody else's. `false` when
    /// there is more to do.
    func pass(
        _ message: RawSpan, cameFrom previous: NodeAddress, effects: inout RingEffects
    ) throws(WireError) -> Bool {
        var packet = try RingMessage.passingPacket(reading: message)
        guard packet.trace == nil, packet.hopCount < UInt8(RingLimits.hops) else { return false }
        packet.hopCount += 1
        let arrived = packet
        guard case .forward(let node, _) = step(&packet, cameFrom: previous), packet == arrived else { return false }
        var bytes = [UInt8](unsafeUninitializedCapacity: message.byteCount) { buffer, initialized in
            message.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            initialized = message.byteCount
        }
        bytes[RingMessage.hopCountOffset] = packet.hopCount
        effects.append(.send(to: node, bytes: bytes))
        return true
    }

    func send(_ packet: RoutedPacket, to node: NodeAddress, effects: inout RingEffects) {
        var packet = packet
        if let count = packet.trace?.count, count < RingLimits.hops { packet.trace?.append(own.node) }
        effects.append(.send(to: node, bytes: RingMessage.packet(packet).encoded))
    }

    /// What this member does with a packet that came from `previous` (`nil`: its own). Changes nothing.
    package func decide(_ packet: RoutedPacket, cameFrom previous: NodeAddress?) -> RouteDecision {
        var packet = packet
        return step(&packet, cameFrom: previous)
    }

    /// The same, and what the packet has to remember of it is written into its header. The hop count is left alone: who
    /// receives a packet counts.
    package func step(_ packet: inout RoutedPacket, cameFrom previous: NodeAddress?) -> RouteDecision {
        if packet.via == own.node {
            // The way down to the destination itself begins here.
            packet.via = nil
            packet.floor = nil
            packet.turn = nil
        }
        if hasSuspects {
            var detour = packet
            let decision = step(&detour, cameFrom: previous, isWary: true)
            if case .forward = decision {
                packet = detour
                return decision
            }
        }
        return step(&packet, cameFrom: previous, isWary: false)
    }

    /// One way of deciding: `isWary` as if the suspected links were not there.
    private func step(
        _ packet: inout RoutedPacket, cameFrom previous: NodeAddress?, isWary: Bool
    ) -> RouteDecision {
        let target = packet.via ?? packet.destination
        let mode = packet.via == nil ? packet.mode : .exact
        // A request to the own address is for the others.
        let isForOthers = target == packet.source && mode != .exact
        if target == own.node, !isForOthers { return .deliver }
        guard packet.hopCount < packet.hopLimit else { return .undeliverable(.hopLimit) }
        if !isForOthers, let index = linkIndex(of: target), isUsable(index, isWary) {
            return .forward(target, isUphill: false)
        }
        var view = RouteView(
            target: target, measure: mode == .exact ? packet.turn?.measure ?? .exact : mode,
            source: packet.turn == nil ? packet.source : nil, previous: previous, isWary: isWary)
        let first = search(packet, in: view)
        switch first {
        case .forward(_, true):
            packet.uphillCount &+= 1
            if !(packet.floor.map { view.distance(of: $0) < view.distance(of: own.node) } ?? false) {
                packet.floor = own.node
            }
        case .undeliverable where mode == .exact && packet.turn == nil:
            // The short way ends at a gap that no link spans: the other way round may lead to its far side. The gap is
            // where the packet was nearest, which is not here after a hop uphill.
            var edge = own.node
            if let floor = packet.floor, view.distance(of: floor) < view.distance(of: edge) { edge = floor }
            let isAhead = edge.clockwiseDistance(to: target).high >> 63 == 0
            let turn: RingTurn = isAhead ? .counterClockwise : .clockwise
            view.measure = turn.measure
            view.source = nil
            guard let next = nearestLink(in: view, below: view.distance(of: own.node)) else { break }
            packet.turn = turn
            packet.floor = nil
            packet.uphillCount = 0
            return .forward(next, isUphill: false)
        default:
            break
        }
        return first
    }

    /// The next hop by the view's measure: down, or up for once.
    private func search(_ packet: RoutedPacket, in view: RouteView) -> RouteDecision {
        let ownDistance = view.distance(of: own.node)
        // The source of a request to its own address is nobody's way; it begins at any of its links.
        let bound = packet.floor.map { min(ownDistance, view.distance(of: $0)) } ?? ownDistance
        let mayClimb = packet.uphillCount < UInt8(RingLimits.uphillHops)
        let isExact = packet.via != nil || packet.mode == .exact
        if isExact, let lister = lister(in: view, bound: bound, mayClimb: mayClimb) { return lister }
        if let next = nearestLink(in: view, below: bound) { return .forward(next, isUphill: false) }
        guard isExact else { return stepAside(packet, in: view, bound: bound, mayClimb: mayClimb) }
        if mayClimb, let next = nearestLink(in: view, below: nil, except: view.previous) {
            return .forward(next, isUphill: true)
        }
        return .undeliverable(.noRoute)
    }

    private func isUsable(_ index: Int, _ isWary: Bool) -> Bool { !isWary || !links[index].isSuspected }

    /// The routable link nearest to the target, and nearer than `bound`; never the packet's source.
    ///
    /// The links are in the order of the ring: only the first one on either side of the target can be it.
    private func nearestLink(
        in view: RouteView, below bound: RingDistance?, except previous: NodeAddress? = nil
    ) -> NodeAddress? {
        let count = links.count
        let place = insertionIndex(of: view.target)
        var best: NodeAddress?
        var bestDistance = bound
        func consider(clockwise: Bool) {
            for step in 0..<count {
                let index = clockwise ? (place + step) % count : (place + count - 1 - step) % count
                guard links[index].isRoutable, isUsable(index, view.isWary) else { continue }
                let node = links[index].contact.node
                guard node != view.source, node != previous else { continue }
                let distance = view.distance(of: node)
                if let bestDistance, !(distance < bestDistance) { return }
                best = node
                bestDistance = distance
                return
            }
        }
        if view.measure != .predecessor { consider(clockwise: true) }
        if view.measure != .successor { consider(clockwise: false) }
        return best
    }

    /// A link whose status says that it is linked with the target: one hop from there it is delivered.
    private func lister(in view: RouteView, bound: RingDistance, mayClimb: Bool) -> RouteDecision? {
        // Far from here nobody is listed.
        guard own.node.ringDistance(to: view.target).high <= heardReach else { return nil }
        var climb: NodeAddress?
        for index in links.indices where links[index].heard != nil && isUsable(index, view.isWary) {
            guard links[index].heard?.contains(view.target) ?? false else { continue }
            let node = links[index].contact.node
            guard node != view.previous else { continue }
            if view.distance(of: node) < bound { return .forward(node, isUphill: false) }
            if climb == nil { climb = node }
        }
        guard mayClimb, let climb else { return nil }
        return .forward(climb, isUphill: true)
    }

    /// No link is nearer than we are. A neighbour of a neighbour may be, if we cannot talk to it.
    private func stepAside(
        _ packet: RoutedPacket, in view: RouteView, bound: RingDistance, mayClimb: Bool
    ) -> RouteDecision {
        guard mayClimb, packet.source != own.node || packet.destination != packet.source else { return .deliver }
        var best: NodeAddress?
        var bestDistance = bound
        for index in links.indices where links[index].isRoutable && isUsable(index, view.isWary) {
            let node = links[index].contact.node
            guard node != view.previous, node != view.source, let members = links[index].heard?.members else {
                continue
            }
            for listed in members where listed.isRoutable && listed.node != view.source {
                let distance = view.distance(of: listed.node)
                guard distance < bestDistance, linkIndex(of: listed.node) == nil else { continue }
                best = node
                bestDistance = distance
            }
        }
        return best.map { .forward($0, isUphill: true) } ?? .deliver
    }
}

/// What a decision goes by.
private struct RouteView {
    var target: NodeAddress
    var measure: DeliveryMode
    /// Whom the packet does not come back to; nobody once it has turned, because the source may be the only way.
    var source: NodeAddress?
    var previous: NodeAddress?
    /// Whether suspected links are left out.
    var isWary: Bool

    func distance(of node: NodeAddress) -> RingDistance { measure.distance(of: node, from: target) }
}
