import NetworkTypes
import WireFormat

/// Packets of ICMP and ICMPv6 (RFC 792, RFC 4443).
enum ICMPPacket {
    /// A packet with `message`, whose checksum field is zero.
    static func packet(
        from source: IPAddress, to destination: IPAddress, hopLimit: UInt8 = 64, message: [UInt8]
    ) -> [UInt8] {
        let isV4 = source.family == .v4
        let transport = isV4 ? IPHeader.Transport.icmp : IPHeader.Transport.icmpV6
        var sum =
            isV4
            ? InternetSum()
            : InternetSum(from: source, to: destination, transport: transport, byteCount: message.count)
        sum.add(message)
        var complete = message
        complete[2] = UInt8(truncatingIfNeeded: sum.checksum >> 8)
        complete[3] = UInt8(truncatingIfNeeded: sum.checksum)
        return IPHeader.packet(
            from: source, to: destination, transport: transport, hopLimit: hopLimit, content: complete)
    }

    /// The answer to an echo request in `content`; `nil` for other messages, and for a wrong checksum.
    static func echoReply(to content: RawSpan, of packet: IPHeader) -> [UInt8]? {
        let isV4 = packet.source.family == .v4
        var reader = WireReader(content)
        guard let kind = try? reader.readUInt16(), kind == (isV4 ? 8 : 128) << 8, content.byteCount >= 8 else {
            return nil
        }
        var sum =
            isV4
            ? InternetSum()
            : InternetSum(
                from: packet.source, to: packet.destination, transport: packet.transport,
                byteCount: content.byteCount)
        sum.add(content)
        guard sum.checksum == 0, (try? reader.skip(2)) != nil, let rest = try? reader.readBytes(reader.left) else {
            return nil
        }
        let type: UInt8 = isV4 ? 0 : 129
        return self.packet(from: packet.destination, to: packet.source, message: [type, 0, 0, 0] + rest)
    }

    /// Tells the sender of `packet`, whose bytes are `whole`, that nobody listens at its port (RFC 792, RFC 4443 §3.1).
    static func portUnreachable(about whole: RawSpan, _ packet: IPHeader) -> [UInt8] {
        let isV4 = packet.source.family == .v4
        // RFC 1812 §4.3.2.3 and RFC 4443 §2.4 (c): the whole error has 576 or 1,280 bytes at most.
        let limit = isV4 ? 576 - 28 : 1_280 - 48
        var reader = WireReader(whole)
        let quoted = (try? reader.readBytes(min(packet.content.upperBound, limit))) ?? []
        let head: [UInt8] = isV4 ? [3, 3, 0, 0, 0, 0, 0, 0] : [1, 4, 0, 0, 0, 0, 0, 0]
        return self.packet(from: packet.destination, to: packet.source, message: head + quoted)
    }
}
