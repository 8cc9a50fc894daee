import GatewayCore
import LinkSecurity
import NetworkTypes
import OverlayStore
import SimulationKit
import Testing

/// Revocation lists and grid profiles: spread, copied, kept, and what a revocation does.
@Suite struct PublicationTests {
    private static let first = Endpoint("198.51.100.1:7867")!

    private func grid(of count: Int, seed: UInt64 = 7, settling: Duration = .seconds(60)) -> Simulator {
        let simulator = Simulator(seed: seed)
        for index in 0..<count {
            simulator.addSite(
                "site\(index)", prefix: "10.\(index).0.0/16", bootstrap: index == 0 ? [] : [Self.first])
        }
        simulator.run(for: settling)
        return simulator
    }

    @discardableResult
    private func publish(
        at host: SimulatedHost, in simulator: Simulator, _ content: [UInt8],
        _ kind: PublicationKind = .revocationList
    ) -> Result<Bool, PublicationFault> {
        let now = simulator.now
        var outcome: Result<Bool, PublicationFault> = .success(false)
        simulator.input(host) { gateway, effects in
            outcome = gateway.publish(kind, content, now: now, effects: &effects).map(\.isNews)
        }
        return outcome
    }

    private func version(_ host: SimulatedHost, _ kind: PublicationKind = .revocationList) -> UInt64? {
        host.gateway.publications.first { $0.kind == kind }?.version
    }

    private func list(_ version: UInt64, _ revoked: [SimulatedHost] = [], filling: Int = 0) -> [UInt8] {
        SimulatedAuthority.content(version: version, revoking: revoked.map(\.node), filling: filling)
    }

    private func knows(_ host: SimulatedHost, _ site: String) -> Bool {
        host.gateway.memberStatus.contains { $0.site == site }
    }

    @Test(arguments: [(3, 1), (3, 2), (12, 3), (12, 4), (45, 5)])
    func `what is published at one member is with all of them within two seconds`(count: Int, seed: UInt64) throws {
        let simulator = grid(of: count, seed: seed)

        #expect(publish(at: simulator.hosts[1], in: simulator, list(3)) == .success(true))
        #expect(publish(at: simulator.hosts[1], in: simulator, list(9), .gridProfile) == .success(true))

        let everywhere = {
            simulator.hosts.allSatisfy { version($0) == 3 && version($0, .gridProfile) == 9 }
        }
        #expect(simulator.run(until: everywhere, within: .seconds(2)) != nil)
        #expect(publish(at: simulator.hosts[2], in: simulator, list(3)) == .success(false))
    }

    @Test(arguments: UInt64(1)...3) func `a large one crosses a lossy network, page by page`(seed: UInt64) throws {
        let simulator = grid(of: 6, seed: seed)
        simulator.network.lossPerMille = 100
        let content = list(1, filling: 150_000)

        #expect(publish(at: simulator.hosts[0], in: simulator, content) == .success(true))

        let everywhere = { simulator.hosts.allSatisfy { version($0) == 1 } }
        #expect(simulator.run(until: everywhere, within: .seconds(120)) != nil)
        #expect(simulator.hosts.allSatisfy { $0.gateway.publications.first?.content == content })
    }

    @Test func `who joins later has what was published before`() {
        let simulator = grid(of: 3)
        publish(at: simulator.hosts[0], in: simulator, list(5))
        simulator.run(for: .seconds(5))

        let late = simulator.addSite("late", prefix: "10.200.0.0/16", bootstrap: [Self.first])

        #expect(simulator.run(until: { version(late) == 5 }, within: .seconds(3)) != nil)
    }

    @Test(arguments: UInt64(1)...4)
    func `members that were cut off learn of it when the parts meet`(seed: UInt64) {
        let simulator = grid(of: 9, seed: seed)
        let cut = simulator.hosts.suffix(4)
        for host in cut { simulator.changePlace(of: host) { $0.side = 1 } }
        simulator.run(for: .seconds(60))
        publish(at: simulator.hosts[0], in: simulator, list(2, [simulator.hosts[1]]))
        simulator.run(for: .seconds(60))
        #expect(cut.allSatisfy { version($0) == nil && knows($0, "site1") })

        for host in cut { simulator.changePlace(of: host) { $0.side = 0 } }

        let learned = { cut.allSatisfy { version($0) == 2 && !knows($0, "site1") } }
        #expect(simulator.run(until: learned, within: .seconds(90)) != nil)
    }

    @Test(arguments: UInt64(1)...4)
    func `a revoked site is out within seconds at every member, and told why`(seed: UInt64) throws {
        let simulator = grid(of: 5, seed: seed)
        let revoked = simulator.hosts[3]
        let rest = simulator.hosts.filter { $0 !== revoked }
        let prefix = IPPrefix(containing: IPAddress(10, 3, 0, 0), length: 16)
        try #require(rest.allSatisfy { $0.gateway.routes.contains { $0.prefix == prefix } })

        publish(at: rest[0], in: simulator, list(1, [revoked]))

        let out = {
            rest.allSatisfy { host in
                !knows(host, "site3") && !host.gateway.routes.contains { $0.prefix == prefix }
                    && host.gateway.memberCount == 4
            }
        }
        #expect(simulator.run(until: out, within: .seconds(2)) != nil)
        let told = {
            revoked.gateway.memberStatus.contains { $0.reason == .peerRefused(.revoked) }
                && rest.contains { $0.gateway.refusedHandshakes.contains { $0.reason == .certificate(.revoked) } }
        }
        #expect(simulator.run(until: told, within: .seconds(30)) != nil)
        simulator.run(for: .seconds(300))
        #expect(out())
        #expect(revoked.gateway.liveCount == 0)
        #expect(rest.allSatisfy { $0.gateway.liveCount == 3 })
    }

    @Test func `what a revoked site held can be held by another`() throws {
        let simulator = Simulator(seed: 5)
        for index in 0..<4 {
            // The last two export one prefix: the third, which came first, owns it.
            simulator.addSite(
                "site\(index)", prefix: "10.\(min(index, 2)).0.0/16", bootstrap: index == 0 ? [] : [Self.first])
            simulator.run(for: .seconds(10))
        }
        simulator.run(for: .seconds(60))
        let (owner, other) = (simulator.hosts[2], simulator.hosts[3])
        try #require(other.gateway.lostExports.map(\.owner) == ["site2"])

        publish(at: simulator.hosts[0], in: simulator, list(1, [owner]))

        let taken = { other.gateway.lostExports.isEmpty && other.gateway.leaseStatus.allSatisfy { $0.expires != nil } }
        #expect(simulator.run(until: taken, within: .seconds(30)) != nil)
        #expect(simulator.hosts[0].gateway.routes.contains { $0.site == "site3" })
    }

    @Test func `a member that is not on the next list is let in again`() {
        let simulator = grid(of: 3)
        let host = simulator.hosts[2]
        publish(at: simulator.hosts[0], in: simulator, list(1, [host]))
        simulator.run(for: .seconds(60))
        #expect(!knows(simulator.hosts[1], "site2"))

        publish(at: simulator.hosts[1], in: simulator, list(2))

        let back = { simulator.hosts.allSatisfy { $0.gateway.liveCount == 2 } }
        #expect(simulator.run(until: back, within: .seconds(400)) != nil)
    }

    @Test func `an older list, and what the authority has not signed, is refused`() {
        let simulator = grid(of: 2)
        let host = simulator.hosts[0]
        publish(at: host, in: simulator, list(4))

        #expect(publish(at: host, in: simulator, list(3)) == .failure(.stale(known: 4)))
        #expect(publish(at: host, in: simulator, [1] + list(5).dropFirst()) == .failure(.notByAuthority))
        #expect(publish(at: host, in: simulator, Array(list(5).prefix(12))) == .failure(.malformed))
        #expect(publish(at: host, in: simulator, list(5, filling: 200_000)) == .failure(.tooLong))
        #expect(version(host) == 4)
    }

    @Test func `a restart does not bring a revoked site back`() {
        let simulator = grid(of: 3)
        let (host, revoked) = (simulator.hosts[0], simulator.hosts[1])
        publish(at: host, in: simulator, list(1, [revoked]))
        simulator.run(for: .seconds(5))
        let kept = GatewayMemory(publications: host.gateway.publicationMemory)
        for host in simulator.hosts { simulator.kill(host) }
        // Identities of the simulated world remember nothing by themselves.
        host.identity.revoke([])

        simulator.start(revoked.identity, endpoint: revoked.endpoint, bootstrap: [Self.first])
        let back = simulator.start(host.identity, endpoint: host.endpoint, bootstrap: [], memory: kept)

        simulator.run(for: .seconds(60))
        #expect(version(back) == 1)
        #expect(back.gateway.liveCount == 0 && !knows(back, "site1"))
    }

    @Test func `a member that tells of what the authority has not signed is not asked for it again`() throws {
        let simulator = grid(of: 2)
        let (near, far) = (simulator.hosts[0], simulator.hosts[1])
        let content = [UInt8](repeating: 9, count: 1_500)
        let notice = PublicationNotice(Publication(kind: .revocationList, version: 7, content: content))
        let pages = [Array(content[..<998]), Array(content[998...])]
        func tell(_ message: ControlMessage) {
            let now = simulator.now
            simulator.input(near) { gateway, effects in
                gateway.receiveControl(
                    message.encoded.span.bytes, from: far.node, source: far.endpoint, now: now, effects: &effects)
            }
        }

        tell(.publications([notice], until: nil))
        for (index, page) in pages.enumerated() { tell(.publicationPage(notice, page: UInt16(index), page)) }

        let refusals = { near.notices.filter { $0 == .publicationRefused(from: far.node) }.count }
        #expect(refusals() == 1)
        #expect(near.gateway.publications.isEmpty)
        tell(.publications([notice], until: nil))
        for (index, page) in pages.enumerated() { tell(.publicationPage(notice, page: UInt16(index), page)) }
        #expect(refusals() == 1)
    }

    @Test func `what is kept reads back as it was written, and nothing else does`() throws {
        let memory = PublicationMemory([(.revocationList, [1, 2, 3]), (.gridProfile, [4])])
        let bytes = memory.encoded

        #expect(try PublicationMemory(reading: bytes) == memory)
        for count in bytes.indices {
            #expect(throws: (any Error).self) { try PublicationMemory(reading: Array(bytes[..<count])) }
        }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 4
            #expect(throws: (any Error).self) { try PublicationMemory(reading: changed) }
        }
    }
}
