import NetworkTypes
import PacketForwarding

/// ICMP errors between two sites whose LANs have the same addresses: a host behind one tells a host behind the other of
/// a packet, and puts in it whatever it likes.
///
/// Input: `| what | bytes of the packet inside |`; bit 0 of `what` is IPv6, bits 1 to 3 are the error's type.
enum MappedErrorsTarget {
    /// 172.20.0.0/16 and fd00:20::/48, on either LAN.
    static let subnets = [IPPrefix("172.20.0.0/16")!, IPPrefix("fd00:20::/48")!]
    static let hostsV4 = (local: IPAddress(172, 20, 0, 9), remote: IPAddress(172, 20, 0, 5))
    static let hostsV6 = (local: IPAddress("fd00:20::9")!, remote: IPAddress("fd00:20::5")!)

    private static let typesV4: [UInt8] = [3, 4, 5, 11, 12, 3, 0, 8]
    private static let typesV6: [UInt8] = [1, 2, 3, 4, 100, 127, 128, 129]
    private static let quotedLimit = 1_200

    /// What the far kernel gets.
    private final class Sinks: DatagramSink, FrameSink, ControlSink {
        var datagrams: [UInt8] = []
        var packets: [[UInt8]] = []

        func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8) {
            datagrams += train
        }

        func write(_ frame: UnsafeRawBufferPointer) { packets.append(Array(frame.dropFirst(TapFrame.packetOffset))) }
        func receivedControl(_ message: UnsafeRawBufferPointer, from node: NodeAddress, source: Endpoint) {}
        func sourceChanged(_ node: NodeAddress, source: Endpoint) {}
        func confirmed(_ node: NodeAddress, localIndex: UInt32) {}
        func needsPath(_ node: NodeAddress) {}
    }

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let what = input.first else { return }
        let isV6 = what & 1 != 0
        let quoted = Array(input.dropFirst().prefix(quotedLimit))
        let type = (isV6 ? typesV6 : typesV4)[Int(what >> 1 & 7)]
        let (local, remote) = isV6 ? hostsV6 : hostsV4
        let virtual = Gateways.prefixes(2)[isV6 ? 1 : 0]
        let subnet = subnets[isV6 ? 1 : 0]
        guard let destination = subnet.counterpart(of: remote, in: virtual),
            let source = subnet.counterpart(of: local, in: Gateways.prefixes(1)[isV6 ? 1 : 0])
        else { throw PropertyViolation(description: "hosts have virtual addresses") }

        let sent = error(type, from: local, to: destination, quoting: quoted)
        let arrived = try carry(sent, isV6: isV6)

        let header = isV6 ? 40 : 20
        try expect(arrived.count == sent.count, "the packet keeps its length")
        try expect(isSound(arrived, from: source, to: remote), "headers and checksums are right at the far end")
        let changed = (header + 4..<sent.count).count { arrived[$0] != sent[$0] }
        // At each gateway one address inside, the checksum of its header and that of its transport.
        try expect(changed <= 2 * ((isV6 ? 16 : 4) + 2 + 2), "\(changed) bytes inside have changed")
        let isError = isV6 ? type < 128 : type != 0 && type != 8
        try expect(isError || changed == 0, "only errors carry addresses")
    }

    /// Sends a packet of site 1's LAN, and returns it as it comes to that of site 2.
    private static func carry(_ packet: [UInt8], isV6: Bool) throws(PropertyViolation) -> [UInt8] {
        let (wire, device) = (Sinks(), Sinks())
        let near = plane(1, wire), far = plane(2, device)
        var frame = [UInt8](repeating: 0, count: TapFrame.packetOffset - 2) + (isV6 ? [0x86, 0xdd] : [8, 0]) + packet
        frame.withUnsafeMutableBytes { near.forwardFrame($0) }
        near.flush()
        wire.datagrams.withUnsafeMutableBytes {
            far.receiveDatagrams(
                $0, segmentSize: 0, source: Gateways.endpoint(Gateways.near), trafficClass: 0)
        }
        far.flush()
        guard let arrived = device.packets.first, device.packets.count == 1 else {
            throw PropertyViolation(description: "a packet arrives as one")
        }
        return arrived
    }

    private static func plane(_ number: UInt8, _ sinks: Sinks) -> ForwardingPlane {
        let plane = ForwardingPlane(datagrams: sinks, frames: sinks, control: sinks)
        let other = number == 1 ? Gateways.far : Gateways.near
        plane.now = Instant(nanoseconds: 1_000_000_000_000)
        plane.setMappedExports(zip(subnets, Gateways.prefixes(number)).map { ForwardedExport(subnet: $0, virtual: $1) })
        plane.setRoutes(Gateways.prefixes(3 - number).map { ($0, other) })
        plane.setPath(other, endpoint: Gateways.endpoint(other), payloadByteCount: 1_440)
        Gateways.install(Gateways.firstIndex, on: plane, for: other)
        plane.activate(localIndex: Gateways.firstIndex, for: other)
        return plane
    }

    private static func error(
        _ type: UInt8, from source: IPAddress, to destination: IPAddress, quoting quoted: [UInt8]
    ) -> [UInt8] {
        let isV6 = source.family == .v6
        var message = [type, 1, 0, 0, 0, 0, 0, 0] + quoted
        put(~sum(pseudoHeader(source, destination, message.count) + message), &message, 2)
        if isV6 {
            return [0x60, 0, 0, 0] + word(message.count) + [58, 64] + source.bytes + destination.bytes + message
        }
        var header = [0x45, 0] + word(20 + message.count) + [0, 7, 0x40, 0, 64, 1, 0, 0] + source.bytes
        header += destination.bytes
        put(~sum(header), &header, 10)
        return header + message
    }

    private static func isSound(_ packet: [UInt8], from source: IPAddress, to destination: IPAddress) -> Bool {
        let isV6 = source.family == .v6
        let header = isV6 ? 40 : 20
        let (first, count) = isV6 ? (8, 16) : (12, 4)
        guard Array(packet[first..<first + 2 * count]) == source.bytes + destination.bytes,
            isV6 || sum(Array(packet[..<header])) == 0xffff
        else { return false }
        let message = Array(packet[header...])
        return sum(pseudoHeader(source, destination, message.count) + message) == 0xffff
    }

    /// ICMP has one over IPv6 only.
    private static func pseudoHeader(_ source: IPAddress, _ destination: IPAddress, _ count: Int) -> [UInt8] {
        source.family == .v4 ? [] : source.bytes + destination.bytes + [0, 0] + word(count) + [0, 0, 0, 58]
    }

    private static func sum(_ bytes: [UInt8]) -> UInt16 {
        var total: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            total += UInt32(bytes[index]) << 8 + (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
            total = total & 0xffff + total >> 16
        }
        return UInt16(total)
    }

    private static func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }

    private static func put(_ value: UInt16, _ bytes: inout [UInt8], _ offset: Int) {
        bytes.replaceSubrange(offset..<offset + 2, with: word(Int(value)))
    }
}
