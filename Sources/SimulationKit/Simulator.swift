package import GatewayCore
import HeapModule
import LinkSecurity
package import NetworkTypes

/// Many gateways under one virtual clock and network: what happens depends on the seed alone.
package final class Simulator {
    /// How the virtual network treats datagrams.
    package struct Network {
        package var delay: Duration = .milliseconds(10)
        /// Lost datagrams in a thousand.
        package var lossPerMille: UInt64 = 0
        /// The largest IP packet that crosses; larger ones vanish without a word.
        package var mtu = 1_500
        /// Endpoints that are cut off.
        package var unreachable: Set<Endpoint> = []

        package init() {}
    }

    private struct Arrival: Comparable {
        let time: Instant
        /// Breaks ties: first sent, first come.
        let number: UInt64
        let bytes: [UInt8]
        let source: Endpoint
        let destination: Endpoint

        static func < (lhs: Arrival, rhs: Arrival) -> Bool {
            lhs.time != rhs.time ? lhs.time < rhs.time : lhs.number < rhs.number
        }

        static func == (lhs: Arrival, rhs: Arrival) -> Bool { lhs.number == rhs.number }
    }

    package let world = SimulatedWorld()
    package var network = Network()
    package private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// In the order of their making.
    package private(set) var hosts: [SimulatedHost] = []
    /// Bits that have been sent, headers of IPv4 and UDP included.
    package private(set) var bitsSent: UInt64 = 0

    private var arrivals = Heap<Arrival>()
    private var random: SeededRandom
    private var counter: UInt64 = 0

    package init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    /// Makes a site and starts its gateway at 198.51.100.N (or `address`), which looks for the members at `bootstrap`.
    @discardableResult
    package func addSite(
        _ site: String, grid: String = "physics", prefix: String, bootstrap: [Endpoint], address: IPAddress? = nil
    ) -> SimulatedHost {
        let prefixes = [IPPrefix(prefix)!]
        let identity = world.add(site: site, grid: grid, prefixes: prefixes, seed: random.nextWord())
        let address = address ?? IPAddress(198, 51, 100, UInt8(hosts.count + 1))
        return start(identity, endpoint: Endpoint(address: address, port: 7_867), bootstrap: bootstrap)
    }

    /// Starts a gateway of `identity`; a host at the same endpoint is replaced, as by kill -9 and a new start.
    @discardableResult
    package func start(
        _ identity: SimulatedIdentity, endpoint: Endpoint, bootstrap: [Endpoint]
    ) -> SimulatedHost {
        let exports = identity.own.prefixes.map { Announcement.Export(subnet: $0, virtual: $0) }
        let names = bootstrap.map { HostAndPort(host: $0.address.description, port: $0.port) }
        let settings = CoreSettings(bootstrap: names, exports: exports, firstSequence: now.nanoseconds)
        let host = SimulatedHost(
            identity: identity, endpoint: endpoint, settings: settings, seed: random.nextWord(), now: now)
        for (name, endpoint) in zip(names, bootstrap) { host.names[name] = [endpoint] }
        adopt(host)
        let now = now
        input(host) { gateway, effects in
            gateway.start(underlay: UnderlayFacts(endpoints: [endpoint], mtu: 1_500), now: now, effects: &effects)
        }
        return host
    }

    /// Puts a host into the network that was made elsewhere, in place of one at the same endpoint.
    @discardableResult
    package func adopt(_ host: SimulatedHost) -> SimulatedHost {
        hosts.removeAll { $0.endpoint == host.endpoint }
        hosts.append(host)
        return host
    }

    /// Ends a gateway without a word.
    package func kill(_ host: SimulatedHost) {
        hosts.removeAll { $0 === host }
    }

    /// Gives a gateway an input now.
    package func input(_ host: SimulatedHost, _ body: (inout Gateway, inout GatewayEffects) -> Void) {
        transmit(host.run(now: now, body), from: host)
    }

    /// Runs for `duration` of virtual time.
    package func run(for duration: Duration) {
        _ = run(until: { false }, within: duration)
    }

    /// Runs until `condition` holds, for at most `limit` of virtual time; returns how long it took, `nil` when it
    /// never held.
    package func run(until condition: () -> Bool, within limit: Duration) -> Duration? {
        let begin = now
        let end = now + limit
        while !condition() {
            guard let next = nextEvent, next <= end else {
                now = end
                return nil
            }
            now = max(now, next)
            step()
        }
        return now - begin
    }

    private var nextEvent: Instant? {
        let wakeups = hosts.compactMap { $0.gateway.nextWakeup?.deadline }
        return (wakeups + [arrivals.min?.time].compactMap { $0 }).min()
    }

    private func step() {
        while let first = arrivals.min, first.time <= now {
            let arrival = arrivals.removeMin()
            guard let host = hosts.first(where: { $0.endpoint == arrival.destination }) else { continue }
            transmit(host.receive(arrival.bytes, from: arrival.source, now: now), from: host)
        }
        for host in hosts {
            guard let wakeup = host.gateway.nextWakeup, wakeup.deadline <= now else { continue }
            let now = now
            input(host) { $0.handleTimeout(now: now, unixSeconds: 0, effects: &$1) }
            precondition(
                host.gateway.nextWakeup.map { $0.deadline > now } ?? true,
                "a timeout that does not move its own deadline would spin: \(host.gateway.nextWakeup!.reason)"
            )
        }
    }

    private func transmit(_ datagrams: [(bytes: [UInt8], to: Endpoint)], from host: SimulatedHost) {
        for (bytes, destination) in datagrams {
            bitsSent += UInt64(bytes.count + 28) * 8
            guard bytes.count + 28 <= network.mtu, !network.unreachable.contains(host.endpoint),
                !network.unreachable.contains(destination), !random.chance(network.lossPerMille, in: 1_000)
            else { continue }
            counter += 1
            arrivals.insert(
                Arrival(
                    time: now + random.jitter(around: network.delay), number: counter, bytes: bytes,
                    source: host.endpoint, destination: destination))
        }
    }
}
