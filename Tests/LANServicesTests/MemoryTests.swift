import LANServices
import NetworkTypes
import Testing
import WireFormat

/// Over a restart hosts keep their addresses.
@Suite struct MemoryTests {
    private let lan = TestLAN.giving()
    private let fixed = IPAddress(10, 128, 16, 10)
    private let noon: Int64 = 1_795_000_000

    private func memory() -> LANMemory {
        var kept: LANMemory?
        lan.input { services, now, _ in kept = services.memory(now: now, unixSeconds: noon) }
        return kept!
    }

    private func restart(_ memory: LANMemory, after seconds: Int64) -> (TestLAN, [LANEffects.Effect]) {
        let next = TestLAN()
        let effects = next.input { $0.restore(memory, now: $1, unixSeconds: noon + seconds, effects: &$2) }
        return (next, effects)
    }

    @Test func `a restarted gateway registers its hosts anew, and they keep their addresses`() throws {
        let leased = try #require(lan.lease(Station(1), name: "node"))
        lan.settle(Station(2), fixed)

        let (next, effects) = restart(memory(), after: 60)

        #expect(effects.registrations.map(\.address) == [leased, fixed])
        let told = next.agree(effects)
        #expect(told.contains(.localHost(leased, Station(1).mac)))
        #expect(next.host(leased)?.name == "node")
        #expect(next.host(leased)?.expires == next.now + .seconds(3_540))
        let renewal = DHCPClientMessage(.request) { $0.current = leased }
        #expect(next.receive(renewal.frame(isBroadcast: false)).answers.map(\.kind) == [.acknowledgement])
    }

    @Test func `a gateway that is cut off when it restarts goes on serving its own block`() throws {
        let leased = try #require(lan.lease(Station(1)))
        let (next, _) = restart(memory(), after: 60)
        next.input { services, _, _ in services.blocksChanged([TestLAN.block]) }

        #expect(next.pass(.seconds(3)).contains(.localHost(leased, Station(1).mac)))
        #expect(next.host(leased)?.state == .assumed)
    }

    @Test func `a client that renews before the grid has spoken keeps its lease, and asks again`() throws {
        let leased = try #require(lan.lease(Station(1)))
        let (next, effects) = restart(memory(), after: 60)
        let renewal = DHCPClientMessage(.request) { $0.current = leased }.frame(isBroadcast: false)

        #expect(next.receive(renewal).answers.isEmpty)
        #expect(next.counters.drops[.dhcpUndecided] == 1)
        _ = next.agree(effects)
        #expect(next.receive(renewal).answers.map(\.kind) == [.acknowledgement])
    }

    @Test func `leases that ended meanwhile are kept for their clients alone`() throws {
        let leased = try #require(lan.lease(Station(1)))

        let (next, effects) = restart(memory(), after: 4_000)

        #expect(effects.isEmpty)
        next.input { services, _, _ in services.blocksChanged([TestLAN.block]) }
        #expect(next.lease(Station(2)) != leased)
        #expect(next.offer()?.given == leased)
    }

    @Test func `a static host that has gone meanwhile is forgotten`() {
        lan.settle(Station(2), fixed)
        let (next, effects) = restart(memory(), after: 60)
        _ = next.agree(effects)

        #expect(next.pass(.seconds(60)).contains(.unregister(fixed)))
    }

    @Test func `memory survives the disk, and damage is noticed at every byte`() throws {
        lan.lease(Station(1), name: "node")
        lan.settle(Station(2), fixed)
        lan.settle(Station(2), IPAddress("fd00:16::2")!)
        let memory = memory()
        let bytes = memory.encoded

        #expect(try LANMemory(reading: bytes) == memory)
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try LANMemory(reading: Array(bytes.prefix(count))) }
        }
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 0x20
            #expect(throws: WireError.self) { try LANMemory(reading: damaged) }
        }
    }
}
