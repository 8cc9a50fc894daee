import GatewayCore
import LinkSecurity
package import NetworkTypes
import OverlayRing
import OverlayStore

// Looking at the whole grid, which no member can.
extension Simulator {
    /// The living members in the order of their addresses: the ring as it should be.
    package var ringOrder: [SimulatedHost] { hosts.sorted { $0.node < $1.node } }

    /// The first thing that keeps the grid from being converged, as far as the network lets it; `nil` when it is.
    ///
    /// Converged is: every member takes part in routing and is linked, on each side, with the two next members that it
    /// can talk to; and all that can talk to each other have one directory, with every living member that announces.
    package var divergence: String? {
        let order = ringOrder
        guard order.count > 1 else { return nil }
        let sideCounts = (UInt8(0)...1).map { side in order.count { places[$0.place].side == side } }
        for position in order.indices where sideCounts[Int(places[order[position].place].side)] > 1 {
            if let fault = fault(at: position, in: order) { return fault }
        }
        return directoryFault()
    }

    private func fault(at position: Int, in order: [SimulatedHost]) -> String? {
        let host = order[position]
        let ring = host.gateway.ringNode
        guard ring.isRoutable else { return "\(host.site) does not take part in the ring" }
        for (near, step) in [(ring.right, 1), (ring.left, order.count - 1)] {
            var found = 0
            var index = position
            // Beyond so many, even a member of a ring with few connections cannot be expected to know them.
            for _ in 1..<min(order.count, RingLimits.sideWindow) where found < RingLimits.nearPerSide {
                index = (index + step) % order.count
                let other = order[index]
                let isNear = near.contains(other.node)
                switch pair(host, other) {
                case .apart: continue
                // The translators may let them meet or not.
                case .chance where !isNear: continue
                case .chance, .meets: break
                }
                found += 1
                if !isNear { return "\(host.site) is not linked with its neighbour \(other.site)" }
            }
        }
        return nil
    }

    private enum Pair {
        case apart
        case chance
        case meets
    }

    /// Whether two members can have a direct session.
    private func pair(_ first: SimulatedHost, _ second: SimulatedHost) -> Pair {
        guard places[first.place].side == places[second.place].side,
            network.connectivity.canTalk(first.place, second.place, seed: seed)
        else { return .apart }
        return first.translator != nil && second.translator != nil ? .chance : .meets
    }

    private func directoryFault() -> String? {
        for side: UInt8 in 0...1 {
            let members = hosts.filter { places[$0.place].side == side }
            guard let first = members.first else { continue }
            let digest = first.gateway.directoryDigest
            for host in members where host.gateway.directoryDigest != digest {
                return "\(host.site) and \(first.site) have different directories"
            }
            for host in members where host.announces && !first.gateway.knows(host.node) {
                return "\(first.site) does not know \(host.site)"
            }
        }
        return nil
    }

    /// Names of keys, claims of prefixes among them, that two living members hold.
    package func conflicts() -> [String] {
        var holders: [StoreKey: Int] = [:]
        var names: [String] = []
        for host in hosts {
            for lease in host.gateway.leaseStatus where lease.isHeld {
                let count = holders[lease.key, default: 0] + 1
                holders[lease.key] = count
                if count == 2 { names.append(lease.key.name) }
            }
        }
        return names
    }

    /// Ends every partition.
    package func healPartition() {
        for index in places.indices { places[index].side = 0 }
    }
}

// Routes, each hop by the member's own decision, without sending anything.
extension Simulator {
    /// Routes between `count` pairs of living members that `random` draws. Hops are counted without shortcuts.
    package func sampleRoutes(_ count: Int, random: inout SeededRandom) -> RouteSample {
        var sample = RouteSample()
        guard hosts.count > 1 else { return sample }
        var handles: [NodeAddress: Int] = [:]
        for (index, host) in hosts.enumerated() { handles[host.node] = index }
        let whole = hosts.map { $0.gateway.ringNode }
        let pruned = whole.map { $0.withoutShortcuts() }
        for _ in 0..<count {
            let from = Int(random.below(UInt64(hosts.count)))
            let step = 1 + Int(random.below(UInt64(hosts.count - 1)))
            let to = (from + step) % hosts.count
            let hops =
                walk(from, to, over: pruned, handles: handles) ?? walk(from, to, over: whole, handles: handles)
            sample.add(hops: hops)
        }
        return sample
    }

    private func walk(_ from: Int, _ to: Int, over rings: [RingNode], handles: [NodeAddress: Int]) -> Int? {
        var packet = RoutedPacket(
            kind: RoutedPacket.firstForeignKind, mode: .exact, source: hosts[from].node, destination: hosts[to].node,
            payload: [])
        var current = from
        var previous: NodeAddress?
        while true {
            switch rings[current].step(&packet, cameFrom: previous) {
            case .deliver:
                return current == to ? Int(packet.hopCount) : nil
            case .undeliverable:
                return nil
            case .forward(let next, _):
                packet.hopCount += 1
                if packet.hopCount > packet.hopLimit {
                    fail(.routingTerminates, at: hosts[current], "a packet took \(packet.hopCount) hops")
                    return nil
                }
                previous = hosts[current].node
                // A link with somebody who is gone or out of reach, which its owner has not noticed yet.
                guard let far = handles[next], pair(hosts[current], hosts[far]) != .apart else { return nil }
                current = far
            }
        }
    }
}

extension SimulatedHost {
    /// The site that it is the gateway of.
    package var site: String { identity.own.site }
    /// Whether it holds the exclusive lease of this name.
    package func holds(_ name: String) -> Bool {
        gateway.leaseStatus.contains { $0.isHeld && $0.key.name == name }
    }

    /// Whether it tells the others of itself.
    package var announces: Bool { !identity.own.prefixes.isEmpty }
}

extension StoreLease {
    fileprivate var isHeld: Bool { if case .held = state { true } else { false } }
}
