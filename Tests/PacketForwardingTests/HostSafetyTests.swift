import NetworkTypes
import PacketForwarding
import Testing

/// What a bridged LAN keeps to itself, and what it does not take from other sites.
@Suite struct HostSafetyTests {
    private static let broadcast = MACAddress(rawValue: 0xffff_ffff_ffff)

    @Test func `what stations say to each other is left alone`() {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.receiver = MACAddress(rawValue: 0x02_00_00_00_00_77)

        sites.near.forward(packet.frame)

        #expect(sites.near.plane.counters.framesIgnored == 1)
        #expect(sites.near.recorder.trains.isEmpty && sites.sinks.near.frames.isEmpty)
    }

    @Test func `a frame to the station of a host that has moved away is told of`() throws {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.receiver = MACAddress(rawValue: 0x02_00_00_00_00_77)
        sites.near.forward(packet.frame)
        let strayed = try #require(sites.sinks.near.strayed.first)
        #expect(strayed == (packet.source, packet.sender, packet.destination))

        // It has come back.
        sites.near.plane.setHost(packet.destination, station: packet.receiver)
        sites.near.forward(packet.frame)

        #expect(sites.sinks.near.strayed.count == 1)
        #expect(sites.near.recorder.trains.isEmpty)
    }

    @Test func `stray frames are told of in a bounded pace`() {
        var limits = ForwardingLimits()
        limits.strayReportsPerSecond = 3
        let sites = BridgedSites(limits: limits)
        var packet = BridgedSites.packet()
        packet.receiver = MACAddress(rawValue: 0x02_00_00_00_00_77)
        for _ in 0..<10 { sites.near.forward(packet.frame) }

        #expect(sites.sinks.near.strayed.count == 3)
        #expect(sites.near.plane.counters.framesIgnored == 10)
    }

    @Test func `what is forgotten on one side stays known on the other`() {
        let sites = BridgedSites()
        sites.near.plane.removeHost(BridgedSites.hosts4[1], of: .thisLAN)
        sites.near.plane.removeHost(BridgedSites.hosts4[0], of: .peers)

        sites.near.forward(BridgedSites.packet().frame)

        #expect(sites.near.recorder.datagrams.count == 1)
    }

    @Test func `ARP is for the gateway itself`() {
        let sites = BridgedSites()
        var frame = BridgedSites.packet().frame
        frame.replaceSubrange(22..<24, with: [8, 6])

        sites.near.forward(frame)

        #expect(sites.sinks.near.frames == [Array(frame[10...])])
        #expect(sites.near.recorder.trains.isEmpty)
    }

    @Test func `DHCP is for the gateway itself, with its checksum made good`() throws {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.receiver = Self.broadcast
        (packet.source, packet.destination) = (IPAddress(v4: 0), IPAddress(v4: 0xffff_ffff))
        (packet.transport, packet.destinationPort) = (.udp, 67)
        packet.payload = [UInt8](repeating: 9, count: 300)
        sites.near.forward(packet.frame)

        packet.checksum = .complete
        #expect(sites.sinks.near.frames == [Array(packet.frame[10...])])
        #expect(sites.near.recorder.trains.isEmpty)
    }

    @Test func `DHCP and neighbour discovery to a far host do not leave the LAN`() {
        let sites = BridgedSites()
        var renewal = BridgedSites.packet()
        (renewal.transport, renewal.destinationPort) = (.udp, 67)
        var solicitation = BridgedSites.packet(v6: true)
        solicitation.transport = .other(58)
        solicitation.payload = [135, 0, 0, 0] + [UInt8](repeating: 0, count: 20)
        solicitation.lifetime = 255

        sites.near.forward(renewal.frame)
        sites.near.forward(solicitation.frame)

        #expect(sites.sinks.near.frames.count == 2)
        #expect(sites.near.recorder.trains.isEmpty)
    }

    @Test func `what goes to all stations and cannot be a host of the subnet is left alone`() {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.receiver = Self.broadcast
        (packet.source, packet.destination) = (IPAddress(192, 168, 1, 7), IPAddress(v4: 0xffff_ffff))
        packet.transport = .udp

        sites.near.forward(packet.frame)

        #expect(sites.sinks.near.frames.isEmpty)
        #expect(sites.near.plane.counters.framesIgnored == 1)
    }

    @Test func `packets to the service address are for the gateway itself, whoever sends them`() {
        let sites = BridgedSites()
        for source in [BridgedSites.hosts4[0], IPAddress(10, 200, 7, 7), Site.address4(1, 5)] {
            var packet = BridgedSites.packet()
            (packet.source, packet.destination) = (source, BridgedSites.services[0])
            sites.near.forward(packet.frame)
        }
        #expect(sites.sinks.near.frames.count == 3)
        #expect(sites.near.recorder.trains.isEmpty)
    }

    @Test func `a source that the LAN cannot have is dropped`() {
        let sites = BridgedSites()
        var packet = BridgedSites.packet()
        packet.source = IPAddress(203, 0, 113, 5)

        sites.near.forward(packet.frame)

        #expect(sites.near.plane.counters[.sourceNotExported] == 1)
        #expect(sites.near.recorder.trains.isEmpty)
    }

    @Test func `a far host is believed only behind the peer that it is known behind`() {
        let sites = BridgedSites()
        sites.far.plane.setHost(BridgedSites.hosts4[0], behind: NodeAddress(high: 9, middle: 9, low: 9))

        sites.near.forward(BridgedSites.packet().frame)
        sites.carry()

        #expect(sites.far.recorder.frames.isEmpty)
        #expect(sites.far.plane.counters[.sourceCheck] == 1)
        #expect(sites.far.plane.peerCounters(sites.near.node)?.sourceCheckDrops == 1)
        #expect(sites.sinks.far.wanted.isEmpty)
    }

    @Test func `a far host that nobody knows is asked for`() {
        let sites = BridgedSites()
        sites.far.plane.removeHost(BridgedSites.hosts4[0], of: .peers)

        sites.near.forward(BridgedSites.packet().frame)
        sites.carry()

        #expect(sites.far.recorder.frames.isEmpty)
        #expect(sites.sinks.far.wanted == [BridgedSites.hosts4[0]])
    }

    @Test func `questions about sources that a peer makes up are bounded`() {
        var limits = ForwardingLimits()
        limits.sourceQuestionsPerSecond = 5
        let sites = BridgedSites(limits: limits)
        var packet = BridgedSites.packet()
        for number in 0..<50 {
            packet.source = IPAddress(10, 200, 6, UInt8(number))
            sites.near.plane.setHost(packet.source, station: packet.sender)
            sites.near.forward(packet.frame)
        }
        sites.carry()

        #expect(sites.sinks.far.wanted.count == 5)
        #expect(sites.far.plane.counters[.sourceCheck] == 50)
    }

    @Test func `a packet to an address that is no host here is dropped`() {
        let sites = BridgedSites()
        sites.far.plane.removeHost(BridgedSites.hosts4[1], of: .thisLAN)

        sites.near.forward(BridgedSites.packet().frame)
        sites.carry()

        #expect(sites.far.recorder.frames.isEmpty)
        #expect(sites.far.plane.counters[.unknownHost] == 1)
    }

    @Test func `a peer's DHCP and router advertisements are dropped`() {
        // The near site is not bridged itself, and so does not hold them back.
        let sites = BridgedSites()
        sites.near.plane.setBridgedSubnets(own: nil, remote: BridgedSites.subnets, sink: sites.sinks.near)
        sites.near.plane.setExports(BridgedSites.subnets)
        sites.near.plane.setBridgedSubnets(own: nil, remote: [], sink: nil)
        sites.near.plane.setRoutes(BridgedSites.subnets.map { ($0, sites.far.node) })
        var offer = BridgedSites.packet()
        (offer.transport, offer.destinationPort) = (.udp, 68)
        var advertisement = BridgedSites.packet(v6: true)
        advertisement.transport = .other(58)
        advertisement.payload = [134, 0, 0, 0] + [UInt8](repeating: 0, count: 12)

        sites.near.forward(offer.frame)
        sites.near.forward(advertisement.frame)
        #expect(sites.near.recorder.datagrams.count == 2)
        sites.carry()

        #expect(sites.far.recorder.frames.isEmpty)
        #expect(sites.far.plane.counters[.lanProtocol] == 2)
    }
}
