package import NetworkTypes
package import OverlayRing

/// Where a packet went, without being sent.
package struct WalkedRoute: Sendable {
    package var hopCount: Int
    /// Where it was delivered; `nil` when it was not.
    package var deliveredAt: Int?
}

/// Hops and success over many routes.
package struct RouteSample: Sendable {
    package var routeCount = 0
    package var arrivedCount = 0
    package var hopSum = 0
    /// The number of hops that 99 % of the arrived routes stay within.
    package var hops99 = 0

    /// Mean hops in thousandths.
    package var meanPerMille: Int { arrivedCount == 0 ? 0 : hopSum * 1_000 / arrivedCount }
}

// Looking at the whole ring, which no member can.
extension VirtualRing {
    /// The living members in the order of their addresses.
    package var ringOrder: [Int] {
        living.sorted { members[$0].contact.node < members[$1].contact.node }
    }

    /// Members whose neighbourhood is wrong: on each side the two next living members that they can talk to must be
    /// linked, as near, and they must be routable.
    package func inconsistentMembers() -> [Int] {
        let order = ringOrder
        guard order.count > 1 else { return [] }
        return order.indices.filter { !isSettled(at: $0, in: order) }.map { order[$0] }
    }

    /// Whether every member's neighbourhood is right.
    package var isConsistent: Bool {
        let order = ringOrder
        return order.count < 2 || order.indices.allSatisfy { isSettled(at: $0, in: order) }
    }

    private func isSettled(at position: Int, in order: [Int]) -> Bool {
        let member = order[position]
        guard members[member].node.isRoutable else { return false }
        return hasNeighbours(at: position, step: 1, in: order)
            && hasNeighbours(at: position, step: order.count - 1, in: order)
    }

    private func hasNeighbours(at position: Int, step: Int, in order: [Int]) -> Bool {
        let member = order[position]
        let node = members[member].node
        let near = step == 1 ? node.right : node.left
        var found = 0
        var index = position
        // Beyond so many, even a member of a ring with few connections cannot be expected to know them.
        for _ in 1..<min(order.count, RingLimits.sideWindow) where found < RingLimits.nearPerSide {
            index = (index + step) % order.count
            let other = order[index]
            guard members[member].side == members[other].side, network.canTalk(member, other, seed: seed) else {
                continue
            }
            found += 1
            guard near.contains(members[other].contact.node) else { return false }
        }
        return true
    }

    /// Walks from one member to a destination by each member's own decision.
    package func walk(from member: Int, to destination: NodeAddress, mode: DeliveryMode) -> WalkedRoute {
        var packet = RoutedPacket(
            kind: RoutedPacket.firstForeignKind, mode: mode, source: members[member].contact.node,
            destination: destination, payload: [])
        var current = member
        var previous: NodeAddress?
        while true {
            switch members[current].node.step(&packet, cameFrom: previous) {
            case .deliver:
                return WalkedRoute(hopCount: Int(packet.hopCount), deliveredAt: current)
            case .undeliverable:
                return WalkedRoute(hopCount: Int(packet.hopCount), deliveredAt: nil)
            case .forward(let next, _):
                packet.hopCount += 1
                previous = members[current].contact.node
                guard let handle = handle(of: next), members[handle].isAlive else {
                    return WalkedRoute(hopCount: Int(packet.hopCount), deliveredAt: nil)
                }
                current = handle
            }
        }
    }

    /// Routes between `count` pairs drawn by `seed`, or between all ordered pairs when that is nil.
    package func sampleRoutes(_ count: Int?, seed: UInt64 = 1) -> RouteSample {
        let alive = living
        var sample = RouteSample()
        var histogram = [Int](repeating: 0, count: RingLimits.hops + 1)
        func take(_ from: Int, _ to: Int) {
            let destination = members[to].contact.node
            let route = walk(from: from, to: destination, mode: .exact)
            sample.routeCount += 1
            guard route.deliveredAt == to else { return }
            sample.arrivedCount += 1
            sample.hopSum += route.hopCount
            histogram[min(route.hopCount, RingLimits.hops)] += 1
        }
        if let count {
            var random = SeededRandom(seed: seed)
            for _ in 0..<count {
                let from = alive[Int(random.below(UInt64(alive.count)))]
                let to = alive[Int(random.below(UInt64(alive.count)))]
                if from != to { take(from, to) }
            }
        } else {
            for from in alive {
                for to in alive where to != from { take(from, to) }
            }
        }
        var seen = 0
        for (hops, routes) in histogram.enumerated() {
            seen += routes
            sample.hops99 = hops
            if seen * 100 >= sample.arrivedCount * 99 { break }
        }
        return sample
    }

    /// Links of all living members, each counted once for both ends.
    package var linkCount: Int { living.reduce(0) { $0 + members[$1].node.links.count } / 2 }

    /// The median of the join times, in milliseconds.
    package var medianJoinMilliseconds: Int64? {
        let times = members.indices.compactMap { joinTime($0)?.wholeMicroseconds }.sorted()
        return times.isEmpty ? nil : times[times.count / 2] / 1_000
    }
}
