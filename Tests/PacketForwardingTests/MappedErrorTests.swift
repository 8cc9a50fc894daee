import NetworkTypes
import PacketForwarding
import Testing

/// ICMP errors between mapped sites: the packet inside is the one that its sender knows.
@Suite struct MappedErrorTests {
    /// A packet of a near host to a far one, as the grid knows them.
    private static func packet(_ transport: TestPacket.Transport, isV6: Bool) -> TestPacket {
        var packet = TestPacket()
        if isV6 { (packet.source, packet.destination) = (Site.address6(1, 5), Site.address6(2, 9)) }
        packet.transport = transport
        packet.checksum = .complete
        packet.payload = (0..<30).map { UInt8($0 &* 7) }
        if case .other = transport {
            // An echo request.
            packet.payload =
                MappedSites.error(
                    from: MappedSites.local(packet.source), to: packet.destination, quoting: Array(0..<22),
                    type: isV6 ? 128 : 8
                ).payload
        }
        return packet
    }

    @Test(arguments: ["tcp", "udp", "icmp"], [false, true])
    func `an error carries the packet as its sender sent it, cut off anywhere`(name: String, isV6: Bool) throws {
        let transport: TestPacket.Transport =
            switch name {
            case "tcp": .tcp
            case "udp": .udp
            default: .other(isV6 ? 58 : 1)
            }
        let (near, far) = MappedSites.pair()
        let sent = MappedSites.ends(Self.packet(transport, isV6: isV6)).sent
        let arrived = try #require(try MappedSites.carry(sent.frame, from: near, to: far).first)
        let (local, remote) =
            isV6 ? (MappedSites.local6(9), Site.address6(1, 5)) : (MappedSites.local4(9), Site.address4(1, 5))
        let (sender, receiver) =
            isV6 ? (Site.address6(2, 9), MappedSites.local6(5)) : (Site.address4(2, 9), MappedSites.local4(5))

        for count in (isV6 ? 40 : 20)...arrived.count {
            let error = MappedSites.error(from: local, to: remote, quoting: Array(arrived[..<count]))
            let expected = MappedSites.error(from: sender, to: receiver, quoting: Array(sent.packet[..<count]))

            #expect(try MappedSites.carry(error.frame, from: far, to: near) == [expected.packet], "\(count) bytes")
        }
    }

    @Test func `what is too short for a packet or is of the other family passes unchanged inside`() throws {
        let (near, far) = MappedSites.pair()
        for isV6 in [false, true] {
            let ends =
                isV6 ? (MappedSites.local6(9), Site.address6(1, 5)) : (MappedSites.local4(9), Site.address4(1, 5))
            let wanted =
                isV6 ? (Site.address6(2, 9), MappedSites.local6(5)) : (Site.address4(2, 9), MappedSites.local4(5))
            let other = Self.packet(.udp, isV6: !isV6).packet
            for quoted in [
                [], [0x45], Array(Self.packet(.udp, isV6: isV6).packet[..<19]), other, [UInt8](repeating: 0, count: 60),
            ] {
                let error = MappedSites.error(from: ends.0, to: ends.1, quoting: quoted)
                let expected = MappedSites.error(from: wanted.0, to: wanted.1, quoting: quoted)

                #expect(try MappedSites.carry(error.frame, from: far, to: near) == [expected.packet])
            }
        }
    }

    @Test func `extensions behind a short packet are left alone`() throws {
        let (near, far) = MappedSites.pair()
        let sent = MappedSites.ends(Self.packet(.udp, isV6: false)).sent
        let arrived = try #require(try MappedSites.carry(sent.frame, from: near, to: far).first)
        let trailer = [UInt8](repeating: 0, count: 128 - arrived.count) + [0x20, 0, 0xdf, 0xff]
        let error = MappedSites.error(from: MappedSites.local4(9), to: Site.address4(1, 5), quoting: arrived + trailer)
        let expected = MappedSites.error(
            from: Site.address4(2, 9), to: MappedSites.local4(5), quoting: sent.packet + trailer)

        #expect(try MappedSites.carry(error.frame, from: far, to: near) == [expected.packet])
    }

    @Test func `a later fragment inside has no checksum to mend`() throws {
        let (near, far) = MappedSites.pair()
        var packet = Self.packet(.udp, isV6: false)
        packet.payload = Array(packet.packet[20...])
        packet.transport = .other(17)
        packet.fragment = 0x0007
        let sent = MappedSites.ends(packet).sent
        let arrived = try #require(try MappedSites.carry(sent.frame, from: near, to: far).first)
        let error = MappedSites.error(from: MappedSites.local4(9), to: Site.address4(1, 5), quoting: arrived)
        let expected = MappedSites.error(from: Site.address4(2, 9), to: MappedSites.local4(5), quoting: sent.packet)

        #expect(try MappedSites.carry(error.frame, from: far, to: near) == [expected.packet])
    }

    @Test func `a router in an export that is not mapped tells of a host in one that is`() throws {
        let (near, far) = MappedSites.pair()
        let other = IPPrefix("192.0.2.0/24")!
        far.plane.setMappedExports(MappedSites.exports(2) + [ForwardedExport(other)])
        near.plane.setRoutes(Site.routes(2, far.node) + [(other, far.node)])
        let sent = MappedSites.ends(Self.packet(.udp, isV6: false)).sent
        let arrived = try #require(try MappedSites.carry(sent.frame, from: near, to: far).first)
        let router = IPAddress(192, 0, 2, 1)
        let error = MappedSites.error(from: router, to: Site.address4(1, 5), quoting: arrived, type: 11)
        let expected = MappedSites.error(from: router, to: MappedSites.local4(5), quoting: sent.packet, type: 11)

        #expect(try MappedSites.carry(error.frame, from: far, to: near) == [expected.packet])
    }

    @Test(arguments: [false, true])
    func `the gateway's own errors have the addresses that the sender knows`(isV6: Bool) throws {
        let (near, _) = MappedSites.pair()
        var packet = MappedSites.ends(Self.packet(.tcp, isV6: isV6)).sent
        packet.destination = isV6 ? Site.address6(9, 1) : Site.address4(9, 1)
        near.forward(packet.frame)
        packet = MappedSites.ends(Self.packet(.tcp, isV6: isV6)).sent
        packet.payload = [UInt8](repeating: 1, count: 2_000)
        near.forward(packet.frame)

        let quoted = try near.recorder.frames.flatMap(Reference.packets).map { error in
            let (from, to) = isV6 ? (8, 40) : (12, 20)
            #expect(
                Array(error[from..<to])
                    == (isV6
                        ? MappedSites.local6(1).bytes + MappedSites.local6(5).bytes
                        : MappedSites.local4(1).bytes + MappedSites.local4(5).bytes))
            return Array(error[(to + 8)...])
        }
        #expect(quoted.count == 2)
        #expect(quoted.last == Array(packet.packet.prefix(isV6 ? 1_280 - 48 : 576 - 28)))
    }

    @Test func `nothing that is inside an error makes the rest of the packet another`() throws {
        var random = SeededRandom(seed: 77)
        let (near, far) = MappedSites.pair()
        for round in 0..<3_000 {
            let isV6 = round % 2 == 1
            let (from, to) =
                isV6 ? (MappedSites.local6(9), Site.address6(1, 5)) : (MappedSites.local4(9), Site.address4(1, 5))
            var quoted = RoundTripTests.randomBytes(Int(random.below(90)), &random)
            if !quoted.isEmpty { quoted[0] = isV6 ? 0x60 : UInt8(0x40 + random.below(16)) }
            if quoted.count > 20 {
                quoted.replaceSubrange(12..<20, with: Site.address4(1, 5).bytes + MappedSites.local4(9).bytes)
            }
            let error = MappedSites.error(from: from, to: to, quoting: quoted)

            let arrived = try #require(try MappedSites.carry(error.frame, from: far, to: near).first)

            let header = isV6 ? 40 : 20
            let pseudo =
                isV6 ? Reference.pseudoHeader(Site.address6(2, 9), MappedSites.local6(5), 58, arrived.count - 40) : []
            #expect(Reference.sum(pseudo + Array(arrived[header...])) == 0xffff, "round \(round)")
            #expect(arrived.count == error.packet.count)
        }
    }
}
