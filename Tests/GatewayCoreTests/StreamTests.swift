import GatewayCore
import LinkSecurity
import NetworkTypes
import SimulationKit
import Testing

/// Streams in virtual time: gateways whose networks block UDP.
@Suite struct StreamTests {
    private static let first = Endpoint("198.51.100.1:7867")!

    /// Two sites, of which the second cannot use UDP.
    private func pair(seed: UInt64 = 3) -> (Simulator, SimulatedHost, SimulatedHost) {
        let simulator = Simulator(seed: seed)
        let a = simulator.addSite("ufl", prefix: "10.0.0.0/16", bootstrap: [])
        let b = simulator.addSite("lsu", prefix: "10.1.0.0/16", bootstrap: [Self.first])
        simulator.changePlace(of: b) { $0.blocksUDP = true }
        return (simulator, a, b)
    }

    private func status(of far: SimulatedHost, at near: SimulatedHost) -> MemberStatus? {
        near.gateway.memberStatus.first { $0.node == far.identity.own.node }
    }

    private func lostEchoes(from near: SimulatedHost, to far: SimulatedHost, count: Int, _ simulator: Simulator) -> Int
    {
        near.clearEchoes()
        for token in 0..<UInt64(count) {
            let now = simulator.now
            let node = far.identity.own.node
            simulator.input(near) {
                _ = $0.echo(to: node, token: token, timeout: .seconds(2), now: now, effects: &$1)
            }
            simulator.run(for: .milliseconds(100))
        }
        simulator.run(for: .seconds(3))
        return count - near.echoes.count { $0.roundTrip != nil }
    }

    @Test(arguments: UInt64(1)...10) func `a site without UDP is reached over a stream, and both ends say why`(
        seed: UInt64
    ) throws {
        let (simulator, a, b) = pair(seed: seed)
        let isUp = { a.gateway.liveCount == 1 && b.gateway.liveCount == 1 }
        let took = try #require(simulator.run(until: isUp, within: .seconds(10)))
        #expect(took < .seconds(3))
        for (near, far) in [(a, b), (b, a)] {
            let found = try #require(status(of: far, at: near))
            #expect(found.isOverStream && found.reason == .udpBlocked)
            #expect(found.payload == StreamLimits.payload)
        }
        #expect(status(of: a, at: b)?.endpoint == Self.first)
        #expect(status(of: b, at: a)?.endpoint?.address == b.endpoint.address)
        #expect(lostEchoes(from: a, to: b, count: 20, simulator) == 0)
    }

    @Test func `a stream stays for hours, and what names it here is told to nobody`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(10_000))
        for (near, far) in [(a, b), (b, a)] {
            #expect(status(of: far, at: near)?.isOverStream == true)
            #expect(!near.notices.contains { if case .memberDown = $0 { true } else { false } })
            #expect(near.gateway.observedEndpoints.isEmpty)
            #expect(near.gateway.rememberedEndpoints.allSatisfy { $0.isUnderlay })
        }
    }

    @Test func `UDP takes over when the network lets it through, without a lost echo`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(30))
        simulator.changePlace(of: b) { $0.blocksUDP = false }
        let isUpgraded = {
            [(a, b), (b, a)].allSatisfy { near, far in
                status(of: far, at: near)?.isOverStream == false && status(of: far, at: near)?.reason == .ok
            }
        }
        #expect(lostEchoes(from: a, to: b, count: 900, simulator) == 0)
        #expect(isUpgraded())
        #expect(!a.notices.contains { if case .memberDown = $0 { true } else { false } })
        #expect(b.path(to: a.identity.own.node)?.payload == 1_440)
    }

    @Test func `UDP that is blocked under a session is replaced by a stream`() throws {
        let (simulator, a, b) = pair()
        simulator.changePlace(of: b) { $0.blocksUDP = false }
        simulator.run(for: .seconds(30))
        #expect(status(of: b, at: a)?.isOverStream == false)
        simulator.changePlace(of: b) { $0.blocksUDP = true }
        let isReplaced = {
            status(of: b, at: a)?.isOverStream == true && status(of: a, at: b)?.isOverStream == true
        }
        let took = try #require(simulator.run(until: isReplaced, within: .seconds(30)))
        #expect(took < .seconds(15))
    }

    @Test func `a stream that is cut is missed at once, and replaced`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(60))
        simulator.cutStreams(of: b)
        simulator.run(for: .milliseconds(1))
        #expect(a.gateway.liveCount == 0 && b.gateway.liveCount == 0)
        let isBack = { a.gateway.liveCount == 1 && b.gateway.liveCount == 1 }
        let took = try #require(simulator.run(until: isBack, within: .seconds(10)))
        #expect(took < .seconds(2))
        #expect(lostEchoes(from: b, to: a, count: 20, simulator) == 0)
    }

    @Test func `a pair without a stream goes over the overlay when both only reach a third`() throws {
        let simulator = Simulator(seed: 4)
        let hub = simulator.addSite("hub", prefix: "10.0.0.0/16", bootstrap: [])
        let sites = (1...2).map { number in
            let translator = simulator.addTranslator(
                TranslatorBehaviour(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent),
                address: IPAddress(203, 0, 113, UInt8(number)))
            let inside = simulator.addSite(
                "site\(number)", prefix: "10.\(number).0.0/16", bootstrap: [Self.first],
                address: IPAddress(192, 168, UInt8(number), 2), translator: translator)
            simulator.changePlace(of: inside) { $0.blocksUDP = true }
            return inside
        }
        let meets = { sites.allSatisfy { $0.gateway.liveCount == 2 } }
        #expect(simulator.run(until: meets, within: .seconds(30)) != nil)
        #expect(sites.allSatisfy { status(of: hub, at: $0)?.isOverStream == true })
        #expect(status(of: sites[0], at: sites[1])?.isOverOverlay == true)
        #expect(lostEchoes(from: sites[0], to: sites[1], count: 20, simulator) == 0)
    }

    @Test func `streams that nobody uses are closed`() throws {
        let (simulator, a, b) = pair()
        simulator.run(for: .seconds(30))
        simulator.changePlace(of: b) { $0.blocksUDP = false }
        let areClosed = { a.gateway.streamCount == 0 && b.gateway.streamCount == 0 }
        #expect(simulator.run(until: areClosed, within: .seconds(400)) != nil)
        #expect(a.gateway.liveCount == 1 && b.gateway.liveCount == 1)
    }

    @Test func `who is refused a stream is remembered once with the reason, however often it comes`() throws {
        let (simulator, a, _) = pair()
        simulator.run(for: .seconds(10))
        for number in 0..<1_000 {
            let remote = Endpoint(address: IPAddress(192, 0, 2, 9), port: UInt16(10_000 + number))
            let now = simulator.now
            simulator.input(a) {
                $0.streamRefused(by: remote, .refused(.untrusted, site: "mallory"), now: now, effects: &$1)
            }
        }
        #expect(a.gateway.refusedHandshakes.map(\.count) == [1_000])
        #expect(a.gateway.refusedHandshakes.first?.reason == .certificate(.untrusted))
    }

    @Test func `a grid of which a third has no UDP comes together`() throws {
        let simulator = Simulator(seed: 9)
        for index in 0..<9 {
            let host = simulator.addSite(
                "site\(index)", prefix: "10.\(index).0.0/16", bootstrap: index == 0 ? [] : [Self.first])
            if index % 3 == 2 { simulator.changePlace(of: host) { $0.blocksUDP = true } }
        }
        let isComplete = {
            simulator.hosts.allSatisfy { $0.gateway.liveCount == 8 && $0.gateway.routes.count == 8 }
        }
        let took = try #require(simulator.run(until: isComplete, within: .seconds(60)))
        #expect(took < .seconds(15))
    }
}
