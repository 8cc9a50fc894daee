import WireFormat

/// Rewrites packets between the LAN's addresses and the grid's: host for host, as RFC 6296 does for IPv6, with the
/// checksums mended by what has changed (RFC 1624).
///
/// Out of the site the source becomes the grid's; into it the destination becomes the LAN's. An ICMP error carries a
/// packet that went the other way, so of that the other address is rewritten (RFC 5508 §4.2).
enum AddressTranslation {
    /// Which way a packet goes.
    enum Direction {
        case out
        case into
    }

    private static let udp = InnerPacket.udp
    private static let udpLite: UInt8 = 136
    private static let dccp: UInt8 = 33

    /// Rewrites a packet whose source (`out`) or destination (`into`) is of `export`.
    ///
    /// `hasPartialChecksum`: TCP's or UDP's field holds the pseudo-header's sum or nothing, and is set anew before a
    /// host sees it.
    @inline(never)
    static func apply(
        _ direction: Direction, _ export: Int32, of exports: borrowing ExportTable, _ bytes: UnsafeMutableRawPointer,
        _ packet: InnerPacket, hasPartialChecksum: Bool
    ) {
        if isError(packet, bytes) { rewriteQuoted(direction, exports, bytes, packet) }
        let mapping = direction == .out ? exports.mappingOut(export) : exports.mappingIn(export)
        guard !mapping.isNone else { return }
        let isSource = direction == .out
        rewriteHeader(bytes, mapping, isV6: packet.isV6, isSource: isSource)
        // What a routing header still leads on is summed up with its last destination.
        guard !packet.isLaterFragment, !hasPartialChecksum, isSource || !packet.hasRoutingHeader else { return }
        mendTransport(
            bytes + packet.transportOffset, packet.transportProtocol, isV6: packet.isV6,
            byteCount: packet.transportByteCount, by: mapping.change)
    }

    /// Rewrites one address of an IP header. Returns what the sum over the header has grown by.
    @discardableResult
    static func rewriteHeader(
        _ bytes: UnsafeMutableRawPointer, _ mapping: PrefixMapping, isV6: Bool, isSource: Bool
    ) -> UInt16 {
        mapping.apply(to: bytes + addressOffset(isV6: isV6, isSource: isSource), isV6: isV6)
        return isV6 ? mapping.change : InternetChecksum.add(mapping.change, mend(bytes, at: 10, by: mapping.change))
    }

    /// Whether the packet is an ICMP error with the beginning of a packet in it.
    private static func isError(_ packet: InnerPacket, _ bytes: UnsafeRawPointer) -> Bool {
        let icmp = packet.isV6 ? InnerPacket.icmpV6 : InnerPacket.icmp
        guard packet.transportProtocol == icmp, !packet.isLaterFragment, packet.transportByteCount >= 8 else {
            return false
        }
        let type = bytes.byte(packet.transportOffset)
        return packet.isV6 ? type < 128 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12
    }

    /// Rewrites the address of a host of this site in the packet that an error carries.
    private static func rewriteQuoted(
        _ direction: Direction, _ exports: borrowing ExportTable, _ bytes: UnsafeMutableRawPointer,
        _ packet: InnerPacket
    ) {
        let place = bytes + packet.transportOffset + 8
        guard let quoted = QuotedPacket(place, available: packet.transportByteCount - 8, isV6: packet.isV6) else {
            return
        }
        // It went into the site when the error goes out of it.
        let isSource = direction == .into
        let address = place + addressOffset(isV6: quoted.isV6, isSource: isSource)
        let mapping =
            direction == .out
            ? exports.mappingOut(exports.subnet(of: address, isV6: quoted.isV6))
            : exports.mappingIn(exports.virtual(of: address, isV6: quoted.isV6))
        guard !mapping.isNone else { return }
        var change = rewriteHeader(place, mapping, isV6: quoted.isV6, isSource: isSource)
        if let number = quoted.transportProtocol, isSource || !quoted.hasRoutingHeader {
            let mended = mendTransport(
                place + quoted.transportOffset, number, isV6: quoted.isV6,
                byteCount: quoted.byteCount - quoted.transportOffset, by: mapping.change)
            change = InternetChecksum.add(change, mended)
        }
        mend(bytes + packet.transportOffset, at: 2, by: change)
    }

    private static func addressOffset(isV6: Bool, isSource: Bool) -> Int {
        isV6 ? (isSource ? 8 : 24) : (isSource ? 12 : 16)
    }

    /// Mends a checksum over something whose sum has grown by `change`. Returns what the sum over the checksum itself
    /// has grown by.
    @discardableResult
    private static func mend(_ bytes: UnsafeMutableRawPointer, at offset: Int, by change: UInt16) -> UInt16 {
        let old = UnsafeRawPointer(bytes).word(offset)
        return replace(bytes, at: offset, old, with: ~InternetChecksum.add(~old, change))
    }

    private static func replace(
        _ bytes: UnsafeMutableRawPointer, at offset: Int, _ old: UInt16, with new: UInt16
    ) -> UInt16 {
        bytes.setWord(new, offset)
        return InternetChecksum.add(~old, new)
    }

    /// Mends the checksum of a transport header whose pseudo-header's sum has grown by `change`, if there is one.
    /// Returns what the sum over the field has grown by.
    @discardableResult
    private static func mendTransport(
        _ header: UnsafeMutableRawPointer, _ number: UInt8, isV6: Bool, byteCount: Int, by change: UInt16
    ) -> UInt16 {
        let offset: Int
        switch number {
        case InnerPacket.tcp: offset = 16
        case udp, udpLite, dccp: offset = 6
        case InnerPacket.icmpV6 where isV6: offset = 2
        default: return 0
        }
        guard offset + 2 <= byteCount else { return 0 }
        guard number == udp || number == udpLite else { return mend(header, at: offset, by: change) }
        let old = UnsafeRawPointer(header).word(offset)
        // 0 says that there is none, and the other zero stands for it where there is one (RFC 768).
        guard old != 0 else { return 0 }
        let new = ~InternetChecksum.add(~old, change)
        return replace(header, at: offset, old, with: new == 0 ? 0xffff : new)
    }
}
