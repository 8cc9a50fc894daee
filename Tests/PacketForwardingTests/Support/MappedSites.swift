import NetworkTypes
import PacketForwarding

/// Two sites whose LANs have the same addresses, 172.20.0.0/16 and fd00:20::/48; the grid knows them by the prefixes of
/// `Site`.
enum MappedSites {
    static let subnets = [IPPrefix("172.20.0.0/16")!, IPPrefix("fd00:20::/48")!]

    /// 172.20.0.host, on either LAN.
    static func local4(_ host: UInt8) -> IPAddress { IPAddress(172, 20, 0, host) }

    /// fd00:20::host, on either LAN.
    static func local6(_ host: UInt8) -> IPAddress { IPAddress(v6High: 0xfd00_0020_0000_0000, low: UInt64(host)) }

    /// The address of a host on its own LAN that the grid knows by `address`.
    static func local(_ address: IPAddress) -> IPAddress {
        let host = UInt8(truncatingIfNeeded: address.low)
        return address.family == .v4 ? local4(host) : local6(host)
    }

    static func exports(_ number: UInt8) -> [ForwardedExport] {
        zip(subnets, Site.prefixes(number)).map { ForwardedExport(subnet: $0, virtual: $1) }
    }

    /// Sites 1 and 2 with all of their exports mapped, and gateway addresses on their LANs.
    static func pair(payload: Int = 1_440) -> (Site, Site) {
        let (near, far) = Site.pair(payload: payload)
        for (site, number) in [(near, UInt8(1)), (far, UInt8(2))] {
            site.plane.setMappedExports(exports(number))
            site.plane.setGatewayAddress(v4: local4(1), v6: local6(1))
        }
        return (near, far)
    }

    /// A packet between hosts that the grid knows, as the sender's LAN has it, and as the receiver's must get it.
    static func ends(_ packet: TestPacket) -> (sent: TestPacket, expected: TestPacket) {
        var sent = packet
        sent.source = local(packet.source)
        var expected = packet
        expected.destination = local(packet.destination)
        return (sent, expected)
    }

    /// The packets that site `to` hands to its kernel for a frame that the kernel of `from` has handed over.
    static func carry(_ frame: [UInt8], from: Site, to: Site) throws -> [[UInt8]] {
        let (sent, written) = (from.recorder.trains.count, to.recorder.frames.count)
        from.forward(frame)
        to.receive(from.recorder.trains[sent...].flatMap(\.datagrams), from: from.endpoint)
        to.plane.flush()
        return try to.recorder.frames[written...].flatMap(Reference.packets)
    }

    /// An ICMP error with the beginning of a packet in it, its checksum computed from scratch.
    static func error(
        from source: IPAddress, to destination: IPAddress, quoting quoted: [UInt8], type: UInt8? = nil
    ) -> TestPacket {
        let isV6 = source.family == .v6
        var message = [type ?? (isV6 ? 1 : 3), isV6 ? 4 : 3, 0, 0, 0, 0, 0, 0] + quoted
        let pseudo = isV6 ? Reference.pseudoHeader(source, destination, 58, message.count) : []
        let checksum = ~Reference.sum(pseudo + message)
        message[2] = UInt8(checksum >> 8)
        message[3] = UInt8(checksum & 255)
        var packet = TestPacket()
        packet.source = source
        packet.destination = destination
        packet.transport = .other(isV6 ? 58 : 1)
        packet.payload = message
        return packet
    }
}
