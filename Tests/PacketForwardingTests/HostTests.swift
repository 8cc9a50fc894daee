import NetworkTypes
import PacketForwarding
import Testing

/// Packets between the hosts of a subnet that several sites bridge into.
@Suite struct HostTests {
    @Test(arguments: [false, true])
    func `a packet reaches the host's station, as it was`(v6: Bool) throws {
        let sites = BridgedSites()
        let packet = BridgedSites.packet(v6: v6)

        sites.near.forward(packet.frame)
        sites.carry()

        let frame = try #require(sites.far.recorder.frames.first)
        #expect(Array(frame[10..<16]) == BridgedSites.stations[1].bytes)
        #expect(Array(frame[16..<22]) == MACAddress.virtualNextHop.bytes)
        #expect(try Reference.packets(frame) == Reference.packets(packet.frame))
        #expect(sites.sinks.near.frames.isEmpty && sites.sinks.far.frames.isEmpty)
    }

    @Test func `a super-packet reaches the host's station in one piece`() throws {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.payload = [UInt8](repeating: 7, count: 20_000)
        packet.segmentSize = 1_300

        sites.near.forward(packet.frame)
        sites.carry()

        #expect(sites.far.recorder.frames.count == 1)
        #expect(sites.far.recorder.frames.map { Array($0[10..<16]) } == [BridgedSites.stations[1].bytes])
        #expect(try sites.far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
    }

    @Test func `what does not fit the path travels in slices`() throws {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.transport = .udp
        packet.payload = [UInt8](repeating: 7, count: 4_000)

        sites.near.forward(packet.frame)
        sites.carry()

        #expect(sites.near.plane.counters.packetsSliced == 1)
        #expect(try sites.far.recorder.frames.flatMap(Reference.packets) == Reference.packets(packet.frame))
    }

    @Test func `a packet from a station that the host is not known at goes nowhere, and is learned from`() {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.sender = BridgedSites.stations[1]

        sites.near.forward(packet.frame)

        #expect(sites.near.recorder.trains.isEmpty)
        #expect(sites.near.plane.counters[.unknownHost] == 1)
        #expect(sites.sinks.near.frames.count == 1)
    }

    @Test func `a packet to a host that nobody knows waits, and is sent when it is found`() throws {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.destination = IPAddress(10, 200, 3, 3)
        sites.near.forward(packet.frame)
        sites.near.forward(packet.frame)
        #expect(sites.sinks.near.wanted == [packet.destination])
        sites.near.plane.now = sites.near.plane.now + .seconds(1)
        sites.near.forward(packet.frame)
        #expect(sites.sinks.near.wanted.count == 2)

        sites.far.plane.setHost(packet.destination, station: BridgedSites.stations[1])
        sites.near.plane.setHost(packet.destination, behind: sites.far.node)

        #expect(sites.near.recorder.datagrams.count == 3)
        sites.carry()
        #expect(sites.far.recorder.frames.count == 3)
    }

    @Test func `a host may be found while it is asked for`() {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.destination = IPAddress(10, 200, 3, 3)
        sites.sinks.near.reaction = { sites.near.plane.setHost($0, behind: sites.far.node) }

        sites.near.forward(packet.frame)

        #expect(sites.near.recorder.datagrams.count == 1)
    }

    @Test func `the sender hears of a host that is nowhere`() throws {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.destination = IPAddress(10, 200, 3, 3)
        sites.near.forward(packet.frame)

        sites.near.plane.giveUpHost(packet.destination)

        let error = try #require(sites.near.recorder.frames.first)
        #expect(Array(error[10..<16]) == BridgedSites.stations[0].bytes)
        #expect(Array(error[36..<40]) == BridgedSites.services[0].bytes)
        #expect(error[44] == 3 && error[45] == 1)
        #expect(sites.near.plane.counters[.unknownHost] == 1)
    }

    @Test func `addresses that are tried one after the other fill nothing`() {
        var limits = ForwardingLimits()
        limits.unresolvedHosts = 4
        let sites = BridgedSites(limits: limits)
        var packet = BridgedSites.packet()
        for number in 0..<20 {
            packet.destination = IPAddress(10, 200, 4, UInt8(number))
            sites.near.forward(packet.frame)
        }
        #expect(sites.sinks.near.wanted.count == 4)
        #expect(sites.near.plane.counters[.unknownHost] == 16)

        // What has waited too long makes room.
        sites.near.plane.now = sites.near.plane.now + .seconds(4)
        sites.near.plane.flush()
        sites.near.forward(packet.frame)

        #expect(sites.sinks.near.wanted.last == packet.destination)
    }

    @Test func `a host that has come here gets what waited for it`() {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.destination = IPAddress(10, 200, 3, 3)
        sites.near.forward(packet.frame)

        sites.near.plane.setHost(packet.destination, station: BridgedSites.stations[1])

        #expect(sites.near.recorder.frames.map { Array($0[10..<16]) } == [BridgedSites.stations[1].bytes])
    }

    @Test func `no more hosts are kept than there is room for`() {
        var limits = ForwardingLimits()
        limits.hosts = 6
        let sites = BridgedSites(limits: limits)

        #expect(sites.near.plane.setHost(IPAddress(10, 200, 9, 1), station: BridgedSites.stations[0]))
        #expect(sites.near.plane.setHost(IPAddress(10, 200, 9, 2), behind: sites.far.node))
        #expect(!sites.near.plane.setHost(IPAddress(10, 200, 9, 3), behind: sites.far.node))
        #expect(!sites.near.plane.setHost(IPAddress(10, 200, 9, 4), station: BridgedSites.stations[0]))
        // Who is known may move.
        #expect(sites.near.plane.setHost(IPAddress(10, 200, 9, 1), behind: sites.far.node))
    }

    @Test func `a peer that is removed takes its hosts along`() {
        let sites = BridgedSites()

        sites.near.plane.removePeer(sites.far.node)
        sites.near.forward(BridgedSites.packet().frame)

        #expect(sites.sinks.near.wanted == [BridgedSites.hosts4[1]])
    }

    @Test(arguments: 0..<8)
    func `hosts come and go in any order`(seed: Int) {
        let sites = BridgedSites()
        var random = SeededRandom(seed: UInt64(seed))
        var known: Set<IPAddress> = []
        for _ in 0..<2_000 {
            let address = IPAddress(10, 200, 8, UInt8(random.below(200)))
            if random.chance(1, in: 2) {
                known.insert(address)
                sites.near.plane.setHost(address, behind: sites.far.node)
            } else {
                known.remove(address)
                sites.near.plane.removeHost(address, of: .peers)
            }
            var packet = BridgedSites.packet()
            packet.destination = IPAddress(10, 200, 8, UInt8(random.below(200)))
            let before = sites.near.recorder.datagrams.count
            sites.near.forward(packet.frame)
            let isSent = sites.near.recorder.datagrams.count > before
            #expect(isSent == known.contains(packet.destination), "seed \(seed)")
            sites.near.plane.giveUpHost(packet.destination)
        }
    }
}
