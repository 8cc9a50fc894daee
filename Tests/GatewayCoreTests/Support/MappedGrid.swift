import GatewayCore
import LinkSecurity
import NetworkTypes
import OverlayStore
import SimulationKit

/// A grid of sites that all have the same subnet, which the grid knows by other prefixes.
struct MappedGrid {
    static let first = Endpoint("198.51.100.1:7867")!
    static let subnet = IPPrefix("192.168.1.0/24")!

    let simulator: Simulator
    let terms: ProfileTerms

    init(seed: UInt64, pools: [String]) {
        simulator = Simulator(seed: seed)
        terms = ProfileTerms(version: 1, pools: pools.map { IPPrefix($0)! })
    }

    /// Adds a site whose subnet has `virtual` in the grid, or one that is leased. It knows the gateway at `bootstrap`,
    /// or begins a grid of its own.
    @discardableResult
    func add(
        _ site: String, subnet: IPPrefix = Self.subnet, virtual: String? = nil, bootstrap: Endpoint? = Self.first
    ) -> SimulatedHost {
        let seed = site.utf8.reduce(simulator.seed) { $0 &* 31 &+ UInt64($1) }
        let identity = simulator.world.add(site: site, grid: "physics", prefixes: [subnet], seed: seed)
        let number = UInt8(simulator.hosts.count + 1)
        let endpoint = Endpoint(address: IPAddress(198, 51, 100, number), port: 7_867)
        return start(identity, at: endpoint, subnet: subnet, virtual: virtual, bootstrap: bootstrap)
    }

    /// Starts a gateway, with what an earlier life has kept.
    @discardableResult
    func start(
        _ identity: SimulatedIdentity, at endpoint: Endpoint, subnet: IPPrefix = Self.subnet, virtual: String? = nil,
        bootstrap: Endpoint? = Self.first, memory: GatewayMemory = GatewayMemory()
    ) -> SimulatedHost {
        let now = simulator.now
        let known = bootstrap.flatMap { $0 == endpoint ? nil : $0 }
        let host = simulator.adopt(
            SimulatedHost(
                identity: identity, endpoint: endpoint,
                settings: settings(subnet: subnet, virtual: virtual, bootstrap: known),
                seed: endpoint.address.low &+ now.nanoseconds, now: now))
        if let known { host.names[Self.name(of: known)] = [known] }
        simulator.input(host) {
            $0.start(
                underlay: UnderlayFacts(endpoints: [endpoint], mtu: 1_500), remembering: memory, now: now,
                effects: &$1)
        }
        return host
    }

    /// Two grids that know nothing of each other, the second at the third host.
    static func apart(seed: UInt64, pools: [String], virtuals: [String?]) -> MappedGrid {
        let grid = MappedGrid(seed: seed, pools: pools)
        for (index, virtual) in virtuals.enumerated() {
            let begins = index == 0 || index == 2
            grid.add(
                "site\(index)", virtual: virtual,
                bootstrap: begins ? nil : Endpoint("198.51.100.\(index == 1 ? 1 : 3):7867")!)
        }
        return grid
    }

    /// Tells the host that begins the second grid of the first.
    func merge(virtual: String?) {
        let host = simulator.hosts[2]
        host.names[Self.name(of: Self.first)] = [Self.first]
        reload(host, virtual: virtual)
    }

    /// Gives a running gateway another line in subnets.map.
    func reload(_ host: SimulatedHost, virtual: String?) {
        let now = simulator.now
        let known = host.endpoint == Self.first ? nil : Self.first
        let settings = settings(virtual: virtual, bootstrap: known)
        simulator.input(host) { $0.reload(settings, now: now, effects: &$1) }
    }

    /// What a site with such a line in subnets.map gives its core.
    func settings(subnet: IPPrefix = Self.subnet, virtual: String?, bootstrap: Endpoint?) -> CoreSettings {
        CoreSettings(
            bootstrap: bootstrap.map { [Self.name(of: $0)] } ?? [],
            exports: virtual.map { [Announcement.Export(subnet: subnet, virtual: IPPrefix($0)!)] } ?? [],
            leasedSubnets: virtual == nil ? [subnet] : [], profile: terms, firstSequence: simulator.now.nanoseconds)
    }

    private static func name(of endpoint: Endpoint) -> HostAndPort {
        HostAndPort(host: endpoint.address.description, port: endpoint.port)
    }

    /// The virtual prefixes that a site's gateway announces.
    func announced(_ host: SimulatedHost) -> [IPPrefix] { host.gateway.announcedExports.map(\.virtual) }

    func export(_ host: SimulatedHost) -> OwnExport? { host.gateway.ownExports(now: simulator.now).first }

    /// How every site's export and leases stand, for the message of a test that failed.
    var words: String {
        simulator.hosts.map { host in
            let leases = host.gateway.leaseStatus.map { "\($0.key.name) \($0.state)" }
            let routes = host.gateway.routes.map { "\($0.prefix)" } + host.gateway.refusedRoutes.map { "\($0)" }
            return "\(host.identity.own.site): \(export(host).map { "\($0)" } ?? "nothing"); \(leases); \(routes)"
        }.joined(separator: "\n")
    }

    /// Every site has a prefix, no two of them touch, and everybody routes them all.
    var isSettled: Bool {
        let prefixes = simulator.hosts.flatMap(announced).sorted()
        let areApart = zip(prefixes, prefixes.dropFirst()).allSatisfy { !$0.overlaps($1) }
        return areApart && prefixes.count == simulator.hosts.count
            && simulator.hosts.allSatisfy { host in
                let others = simulator.hosts.filter { $0 !== host }.flatMap(announced)
                return host.gateway.routes.map(\.prefix) == others.sorted()
            }
    }
}
