// What hosts say to their own link only, and what must never cross to another site.
extension InnerPacket {
    /// Router and neighbour solicitations and advertisements, and redirects (RFC 4861 §4).
    func isNeighbourDiscovery(_ bytes: UnsafeRawPointer) -> Bool {
        guard transportProtocol == Self.icmpV6, isV6, !isLaterFragment, transportByteCount > 0 else { return false }
        return (133...137).contains(bytes.byte(transportOffset))
    }

    /// To a server or client of DHCP (RFC 2131 §4.1) or DHCPv6 (RFC 8415 §7.2).
    func isDHCP(_ bytes: UnsafeRawPointer) -> Bool {
        guard isUDP else { return false }
        let port = bytes.word(transportOffset + 2)
        return isV6 ? port == 546 || port == 547 : port == 67 || port == 68
    }
}
