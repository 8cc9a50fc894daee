import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

/// Gateways that do not know everybody: the ring's links, and sessions over its hops.
@Suite struct OverlayTests {
    private static let first = Endpoint("198.51.100.1:7867")!

    /// A grid in which sessions are made for the ring and for traffic only.
    private func grid(of count: Int, seed: UInt64 = 5, connectivity: UInt64 = 1_000) -> Simulator {
        let simulator = Simulator(seed: seed)
        simulator.acquaintances = 0
        simulator.network.connectivity.perMille = connectivity
        for index in 0..<count {
            simulator.addSite(
                "site\(index)", prefix: "10.\(index).0.0/16", bootstrap: index == 0 ? [] : bootstrap(before: index))
        }
        return simulator
    }

    /// Any of the four members before it: with pairs that cannot talk, one is not enough.
    private func bootstrap(before index: Int) -> [Endpoint] {
        (max(0, index - 4)..<index).map {
            Endpoint(address: IPAddress(198, 51, 100, UInt8($0 + 1)), port: 7_867)
        }
    }

    private func isComplete(_ simulator: Simulator) -> Bool {
        simulator.hosts.allSatisfy {
            $0.gateway.routes.count == simulator.hosts.count - 1 && $0.gateway.ringStatus.isRoutable
        }
    }

    /// Sends an echo from every host to every other, `each` of them in a row; returns how many did not come back.
    private func lostEchoes(_ simulator: Simulator, timeout: Duration) -> Int {
        let nodes = simulator.hosts.map(\.identity.own.node)
        for host in simulator.hosts {
            host.clearEchoes()
            let now = simulator.now
            simulator.input(host) { gateway, effects in
                for (number, node) in nodes.enumerated() where node != host.identity.own.node {
                    _ = gateway.echo(to: node, token: UInt64(number), timeout: timeout, now: now, effects: &effects)
                }
            }
        }
        simulator.run(for: timeout + .seconds(1))
        return simulator.hosts.reduce(0) { sum, host in
            sum + (nodes.count - 1) - host.echoes.count { $0.roundTrip != nil }
        }
    }

    @Test func `everybody knows everybody, and has sessions with few`() throws {
        let simulator = grid(of: 40)
        let took = try #require(simulator.run(until: { isComplete(simulator) }, within: .seconds(60)))
        #expect(took < .seconds(30))
        simulator.run(for: .seconds(200))
        let sessions = simulator.hosts.map { $0.gateway.liveCount }
        #expect(sessions.max()! <= 20)
        #expect(sessions.min()! >= 4)
        #expect(simulator.hosts.allSatisfy { $0.gateway.ringStatus.isConsistent })
    }

    @Test func `a session is made when there is traffic, and goes when there is none`() throws {
        let simulator = grid(of: 30)
        simulator.run(for: .seconds(120))
        let host = simulator.hosts[3]
        let before = host.gateway.liveCount
        #expect(lostEchoes(simulator, timeout: .seconds(2)) == 0)
        #expect(host.gateway.liveCount == 29)
        simulator.run(for: .seconds(700))
        // Some more than before: relays are kept up by those that use them.
        #expect(host.gateway.liveCount <= before + 6)
        let statuses = host.gateway.memberStatus
        #expect(host.gateway.reach == (29, 29))
        let others = statuses.filter { !($0.isLive || $0.isOverOverlay && $0.reason == .onDemand) }
        #expect(others == [])
    }

    @Test(arguments: UInt64(1)...4) func `pairs that cannot talk reach each other over others`(seed: UInt64) throws {
        let simulator = grid(of: 20, seed: seed, connectivity: 700)
        _ = try #require(simulator.run(until: { isComplete(simulator) }, within: .seconds(120)))
        simulator.run(for: .seconds(60))
        #expect(lostEchoes(simulator, timeout: .seconds(5)) == 0)
        let relayed = simulator.hosts.reduce(0) { $0 + $1.gateway.memberStatus.count { $0.medium == .relay } }
        #expect(relayed > 0)
        simulator.network.connectivity.perMille = 1_000
        simulator.run(for: .seconds(400))
        #expect(lostEchoes(simulator, timeout: .seconds(5)) == 0)
        simulator.run(for: .seconds(5))
        let left = simulator.hosts.reduce(0) { $0 + $1.gateway.memberStatus.count { $0.isLive && $0.medium != .udp } }
        #expect(left == 0)
    }

    @Test func `a trace names the hops, and a crawl finds the ring consistent`() throws {
        let simulator = grid(of: 24)
        simulator.run(for: .seconds(120))
        let host = simulator.hosts[0]
        let now = simulator.now
        let others = simulator.hosts.dropFirst().map(\.identity.own.node)
        simulator.input(host) { gateway, effects in
            for (number, node) in others.enumerated() {
                let isSent = gateway.trace(
                    to: node, forcesOverlay: true, token: UInt64(number), timeout: .seconds(2), now: now,
                    effects: &effects)
                #expect(isSent)
            }
            let isBegun = gateway.crawl(token: 99, now: now, effects: &effects)
            #expect(isBegun)
        }
        simulator.run(for: .seconds(5))
        #expect(host.traces.count == others.count)
        for (number, result) in host.traces {
            let hops = try #require(result).hops
            #expect(hops.last == others[Int(number)])
            #expect(Set(hops).count == hops.count)
        }
        #expect(host.traces.contains { $0.result!.hops.count > 1 })
        for hop in host.traces.compactMap(\.result).flatMap(\.way) {
            let link = try #require(hop.link, "each member tells of its link to the next")
            #expect(link.kind == .directUDP && link.endpoint != nil && link.roundTrip != nil && link.reason == "ok")
            #expect(hop.roundTrip != nil)
        }
        let crawl = try #require(host.crawls.first).result.members
        #expect(crawl.count == 24)
        for (index, member) in crawl.enumerated() {
            #expect(member.isAnswered)
            #expect(member.right == crawl[(index + 1) % 24].node)
            #expect(member.left == crawl[(index + 23) % 24].node)
        }
    }

    @Test(arguments: UInt64(1)...2) func `a ring in which pairs cannot talk is consistent, and so a crawl finds it`(
        seed: UInt64
    ) throws {
        let simulator = grid(of: 20, seed: seed, connectivity: 900)
        _ = try #require(simulator.run(until: { isComplete(simulator) }, within: .seconds(120)))
        let isAgreed = { simulator.hosts.allSatisfy { $0.gateway.ringStatus.isConsistent } }
        _ = try #require(simulator.run(until: isAgreed, every: .seconds(1), within: .seconds(120)))
        let order = simulator.ringOrder
        let gaps = order.indices.filter { order[$0].gateway.ringStatus.right.first != order[($0 + 1) % 20].node }
        #expect(!gaps.isEmpty, "no two neighbours are kept apart: the seed says nothing")
        let now = simulator.now
        simulator.input(order[0]) { _ = $0.crawl(token: 1, now: now, effects: &$1) }
        simulator.run(for: .seconds(8))
        let crawl = try #require(order[0].crawls.first).result.members
        for (index, member) in crawl.enumerated() {
            #expect(member.isAnswered)
            #expect(member.right == crawl[(index + 1) % 20].node && member.left == crawl[(index + 19) % 20].node)
        }
    }

    @Test func `a newcomer copies a large directory once, whoever it meets meanwhile`() throws {
        let simulator = grid(of: 80)
        simulator.acquaintances = DirectoryLimits.acquaintances
        simulator.run(for: .seconds(60))

        let newcomer = simulator.addSite("newcomer", prefix: "10.200.0.0/16", bootstrap: bootstrap(before: 80))
        simulator.run(for: .seconds(10))

        try #require(newcomer.gateway.memberCount == 81)
        // What is on its way when a second copy ends comes too.
        #expect(newcomer.announcementCount < 80 * 3 / 2, "\(newcomer.announcementCount) announcements came")
    }

    @Test func `news goes to everybody, and to nobody twice`() {
        let simulator = grid(of: 40)
        simulator.run(for: .seconds(200))
        let before = simulator.hosts.map(\.announcementCount)
        let (host, now) = (simulator.hosts[11], simulator.now)
        simulator.input(host) { $0.certificateRenewed(now: now, effects: &$1) }
        simulator.run(for: .seconds(1))
        let digests = simulator.hosts.map { $0.gateway.directoryDigest }
        #expect(digests.allSatisfy { $0 == digests[0] })
        let copies = zip(simulator.hosts, before).map { $0.announcementCount - $1 }
        #expect(copies[11] == 0)
        #expect(copies.max()! <= 2)
        // Where two members see the ring a little differently, one may get it from both.
        #expect(copies.reduce(0, +) <= 42)
    }

    @Test func `a killed member's neighbours close the gap, and the rest go on`() throws {
        let simulator = grid(of: 20)
        simulator.run(for: .seconds(100))
        for host in [simulator.hosts[0], simulator.hosts[7], simulator.hosts[12]] { simulator.kill(host) }
        simulator.run(for: .seconds(20))
        #expect(simulator.hosts.allSatisfy { $0.gateway.ringStatus.isConsistent })
        let live = simulator.hosts.map(\.identity.own.node)
        let lost = lostEchoes(simulator, timeout: .seconds(3))
        #expect(lost == 0)
        #expect(live.count == 17)
    }
}
