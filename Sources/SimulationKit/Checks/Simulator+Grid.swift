import GatewayCore
import LinkSecurity
package import NetworkTypes

// Looking at the whole grid, which no member can.
extension Simulator {
    /// The first thing that keeps the grid from being converged; `nil` when it is.
    package var divergence: String? {
        guard let first = hosts.first else { return nil }
        for host in hosts where !host.gateway.isJoined { return "\(host.site) has not joined" }
        let live = hosts.count - 1
        for host in hosts where host.gateway.liveCount < live {
            return "\(host.site) reaches \(host.gateway.liveCount) of \(live)"
        }
        let digest = first.gateway.directoryDigest
        for host in hosts where host.gateway.directoryDigest != digest {
            return "\(host.site) and \(first.site) have different directories"
        }
        for host in hosts where !first.gateway.knows(host.identity.own.node) {
            return "\(first.site) does not know \(host.site)"
        }
        return nil
    }

    /// Routes between `count` pairs of living members that `random` draws.
    package func sampleRoutes(_ count: Int, random: inout SeededRandom) -> RouteSample {
        var sample = RouteSample()
        guard hosts.count > 1 else { return sample }
        for _ in 0..<count {
            let from = Int(random.below(UInt64(hosts.count)))
            let step = 1 + Int(random.below(UInt64(hosts.count - 1)))
            let to = (from + step) % hosts.count
            let path = hosts[from].path(to: hosts[to].identity.own.node)
            sample.add(hops: path == nil ? nil : 1)
        }
        return sample
    }

    /// Ends every partition.
    package func healPartition() {
        for index in places.indices { places[index].side = 0 }
    }
}

extension SimulatedHost {
    /// The site that it is the gateway of.
    package var site: String { identity.own.site }
}
