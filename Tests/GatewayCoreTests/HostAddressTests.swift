import GatewayCore
import NetworkTypes
import OverlayStore
import SimulationKit
import Testing

/// Single host addresses in a bridged subnet that several sites share.
@Suite struct HostAddressTests {
    private static let subnet = IPPrefix("10.128.16.0/20")!
    private static let address = IPAddress(10, 128, 16, 9)
    private static let mac = MACAddress(rawValue: 0x02_00_00_00_00_01)
    private static let otherMAC = MACAddress(rawValue: 0x02_00_00_00_00_02)

    private static func grid(
        _ count: Int, seed: UInt64, subnet: IPPrefix = subnet, acquaintances: Int = 32
    ) -> Simulator {
        let simulator = Simulator(seed: seed)
        simulator.bridged = subnet
        simulator.acquaintances = acquaintances
        for index in 0..<count {
            simulator.addSite(
                "site\(index)", prefix: "172.16.\(index).0/24",
                bootstrap: index == 0 ? [] : [Endpoint("198.51.100.1:7867")!])
        }
        simulator.run(for: .seconds(30))
        return simulator
    }

    private static func register(
        _ address: IPAddress, _ mac: MACAddress, at host: SimulatedHost, in simulator: Simulator,
        lifetime: Duration = .seconds(3_600)
    ) {
        let now = simulator.now
        simulator.input(host) {
            _ = $0.registerHost(
                HostRecord(address: address, mac: mac, origin: .fixed), lifetime: lifetime, now: now,
                effects: &$1)
        }
    }

    private static func resolve(_ address: IPAddress, at host: SimulatedHost, in simulator: Simulator) {
        let now = simulator.now
        simulator.input(host) { $0.resolveHost(address, now: now, effects: &$1) }
    }

    private static func knows(_ host: SimulatedHost) -> NodeAddress? { host.gateway.remoteHost(address)?.node }

    private static func holds(_ host: SimulatedHost, _ address: IPAddress = address) -> Bool {
        host.gateway.localHosts.contains { $0.record.address == address && $0.state == .held }
    }

    @Test(arguments: UInt64(1)...4)
    func `a host that is registered is known at every site with a session`(seed: UInt64) {
        let simulator = Self.grid(4, seed: seed)
        simulator.network.lossPerMille = 200

        Self.register(Self.address, Self.mac, at: simulator.hosts[1], in: simulator)
        simulator.run(for: .seconds(30))

        #expect(simulator.hosts[1].hostChanges.contains(.registered(Self.address)))
        for index in [0, 2, 3] {
            let known = simulator.hosts[index].gateway.remoteHost(Self.address)
            #expect(known?.node == simulator.hosts[1].node)
            #expect(known?.mac == Self.mac)
        }
    }

    @Test(arguments: UInt64(1)...8)
    func `of two hosts that want one address at once exactly one gets it, and the other hears who has it`(
        seed: UInt64
    ) {
        let simulator = Self.grid(5, seed: seed)
        let rivals = [simulator.hosts[1], simulator.hosts[3]]

        Self.register(Self.address, Self.mac, at: rivals[0], in: simulator)
        Self.register(Self.address, Self.otherMAC, at: rivals[1], in: simulator)
        simulator.run(for: .seconds(60))

        let winners = rivals.filter { Self.holds($0) }
        #expect(winners.count == 1)
        let loser = rivals[Self.holds(rivals[0]) ? 1 : 0]
        let hasNone = loser.gateway.localHosts.isEmpty
        #expect(hasNone)
        let refusal = loser.hostChanges.contains { change in
            if case .refused(Self.address, let holder, _, _) = change { holder == winners.first?.site } else { false }
        }
        #expect(refusal)
    }

    @Test func `where no session tells of a host the store does, and nobody is a fast answer too`() throws {
        let simulator = Self.grid(24, seed: 3, acquaintances: 2)
        simulator.run(for: .seconds(120))
        Self.register(Self.address, Self.mac, at: simulator.hosts[5], in: simulator)
        simulator.run(for: .seconds(10))
        let strangers = simulator.hosts.filter { Self.knows($0) == nil && !Self.holds($0) }
        let asker = try #require(strangers.first)

        Self.resolve(Self.address, at: asker, in: simulator)
        Self.resolve(IPAddress(10, 128, 17, 1), at: asker, in: simulator)
        simulator.run(for: .seconds(5))

        #expect(asker.gateway.remoteHost(Self.address)?.node == simulator.hosts[5].node)
        #expect(asker.hostChanges.contains(.located(IPAddress(10, 128, 17, 1), nil)))
    }

    @Test(arguments: UInt64(1)...8)
    func `a host that appears behind another gateway is that gateway's within a second`(seed: UInt64) throws {
        let simulator = Self.grid(6, seed: seed)
        let (old, new) = (simulator.hosts[1], simulator.hosts[4])
        Self.register(Self.address, Self.mac, at: old, in: simulator)
        simulator.run(for: .seconds(20))

        Self.register(Self.address, Self.mac, at: new, in: simulator)
        let others = simulator.hosts.filter { $0 !== new }
        let took = simulator.run(
            until: { others.allSatisfy { $0.gateway.remoteHost(Self.address)?.node == new.node } },
            within: .seconds(10))

        #expect(try #require(took) < .seconds(1))
        #expect(new.hostChanges.contains(.registered(Self.address)))
        #expect(old.hostChanges.contains(.lost(Self.address, to: new.site, node: new.node)))
        simulator.run(for: .seconds(60))
        #expect(Self.holds(new))
        #expect(others.allSatisfy { $0.gateway.remoteHost(Self.address)?.node == new.node })
    }

    @Test func `a gateway that is gone is asked for its host in vain, and no call leaves something due at once`() {
        let simulator = Self.grid(4, seed: 1)
        let (old, new) = (simulator.hosts[1], simulator.hosts[2])
        Self.register(Self.address, Self.mac, at: old, in: simulator)
        simulator.run(for: .seconds(20))
        simulator.kill(old)
        simulator.run(for: .seconds(60))

        Self.register(Self.address, Self.mac, at: new, in: simulator)
        // The simulator ends the process when a time-out does not move its own deadline.
        simulator.run(for: .seconds(10))

        let refusal = new.hostChanges.contains { change in
            if case .refused(Self.address, let holder, _, _) = change { holder == old.site } else { false }
        }
        #expect(refusal)
    }

    @Test func `a host whose gateway is gone is another's once the lease is over, if it keeps asking`() {
        let simulator = Self.grid(6, seed: 4)
        let (old, new) = (simulator.hosts[1], simulator.hosts[4])
        Self.register(Self.address, Self.mac, at: old, in: simulator, lifetime: .seconds(120))
        simulator.run(for: .seconds(20))
        simulator.kill(old)

        // As often as the LAN's services ask for a host that they see: more often than a place is forgotten.
        for _ in 0..<6 where !Self.holds(new) {
            Self.register(Self.address, Self.mac, at: new, in: simulator, lifetime: .seconds(120))
            simulator.run(for: .seconds(30))
        }

        #expect(Self.holds(new))
        #expect(new.gateway.remoteHost(Self.address) == nil)
        #expect(simulator.hosts.allSatisfy { $0 === new || Self.knows($0) == new.node })
    }

    @Test func `a host with another MAC does not get the address of one that is there`() {
        let simulator = Self.grid(4, seed: 5)
        let (holder, other) = (simulator.hosts[1], simulator.hosts[2])
        Self.register(Self.address, Self.mac, at: holder, in: simulator)
        simulator.run(for: .seconds(20))

        Self.register(Self.address, Self.otherMAC, at: other, in: simulator)
        simulator.run(for: .seconds(20))

        #expect(Self.holds(holder))
        #expect(
            other.hostChanges.contains(
                .refused(Self.address, holder: holder.site, node: holder.node, mac: Self.mac)))
        #expect(holder.notices.contains(.hostClash(Self.address, site: other.site)))
    }

    @Test(arguments: UInt64(1)...4)
    func `after two grids have become one an address has one host`(seed: UInt64) {
        let simulator = Self.grid(6, seed: seed)
        for host in simulator.hosts[3...] { simulator.changePlace(of: host) { $0.side = 1 } }
        let late = (3..<6).map { simulator.hosts[$0].identity }
        // Those beyond start anew while they are apart, and know of nobody else.
        for host in simulator.hosts.suffix(3) { simulator.kill(host) }
        for (index, identity) in late.enumerated() {
            let endpoint = Endpoint(address: IPAddress(198, 51, 100, UInt8(101 + index)), port: 7_867)
            let host = simulator.start(
                identity, endpoint: endpoint,
                bootstrap: [Endpoint("198.51.100.101:7867")!, Endpoint("198.51.100.1:7867")!])
            simulator.changePlace(of: host) { $0.side = 1 }
        }
        simulator.run(for: .seconds(60))
        let (first, second) = (simulator.hosts[1], simulator.hosts[4])
        Self.register(Self.address, Self.mac, at: first, in: simulator)
        Self.register(Self.address, Self.otherMAC, at: second, in: simulator)
        simulator.run(for: .seconds(30))

        simulator.healPartition()
        simulator.run(for: .seconds(300))

        #expect([first, second].count { Self.holds($0) } == 1)
        #expect([first, second].count { host in host.gateway.localHosts.isEmpty } == 1)
    }

    @Test(arguments: UInt64(1)...3)
    func `20 gateways share 64 addresses with one dead and a partition in the middle, and none is held twice`(
        seed: UInt64
    ) {
        let subnet = IPPrefix("10.128.16.0/26")!
        let simulator = Self.grid(20, seed: seed, subnet: subnet)
        simulator.kill(simulator.hosts[7])
        let now = simulator.now
        for host in simulator.hosts { simulator.input(host) { $0.wantBlocks(3, now: now, effects: &$1) } }
        simulator.run(for: .milliseconds(300))
        for host in simulator.hosts.suffix(9) { simulator.changePlace(of: host) { $0.side = 1 } }
        simulator.run(for: .seconds(60))

        simulator.healPartition()
        simulator.run(for: .seconds(300))

        let held = simulator.hosts.flatMap { $0.gateway.hostBlocks }
        #expect(Set(held).count == held.count)
        #expect(held.allSatisfy { subnet.covers($0) && $0.length == 32 && $0.address != subnet.serviceAddress })
        #expect(simulator.hosts.allSatisfy { !$0.gateway.hostBlocks.isEmpty })
    }

    @Test func `a gateway that restarts keeps its hosts, and lets go of those that do not come back`() throws {
        let simulator = Self.grid(4, seed: 2)
        let there = IPAddress(10, 128, 16, 10)
        let killed = simulator.hosts[1]
        for address in [Self.address, there] { Self.register(address, Self.mac, at: killed, in: simulator) }
        let now = simulator.now
        simulator.input(killed) { $0.wantBlocks(1, now: now, effects: &$1) }
        simulator.run(for: .seconds(20))
        let blocks = killed.gateway.hostBlocks
        let memory = GatewayMemory(store: killed.gateway.storeMemory(now: simulator.now, unixSeconds: 0))
        simulator.kill(killed)
        simulator.run(for: .seconds(2))

        let restarted = simulator.start(
            killed.identity, endpoint: killed.endpoint, bootstrap: [Endpoint("198.51.100.1:7867")!], memory: memory)
        #expect(restarted.gateway.localHosts.map(\.record.address).sorted() == [Self.address, there])
        #expect(restarted.gateway.hostBlocks == blocks)
        Self.register(there, Self.mac, at: restarted, in: simulator)
        simulator.run(for: .seconds(90))

        #expect(restarted.gateway.localHosts.map(\.record.address) == [there])
        #expect(simulator.hosts[0].gateway.remoteHost(there)?.node == restarted.node)
        #expect(simulator.hosts[0].gateway.remoteHost(Self.address) == nil)
    }

    @Test func `what is outside the bridged subnet or reserved in it is not registered`() {
        let simulator = Self.grid(1, seed: 1)
        let reserved = [Self.subnet.address, Self.subnet.serviceAddress, Self.subnet.lastAddress]

        for address in reserved + [IPAddress(192, 0, 2, 1)] {
            Self.register(address, Self.mac, at: simulator.hosts[0], in: simulator)
        }

        #expect(simulator.hosts[0].gateway.localHosts.isEmpty)
    }
}
