package import NetworkTypes

// A path over the overlay as an endpoint: tables that know where a peer is by endpoint, the data plane's above all,
// need no second notion. The address lies in the discard prefix 0100::/64 (RFC 6666), which no network carries.
extension Endpoint {
    private static let discardPrefix: UInt64 = 0x0100_0000_0000_0000

    /// Names the overlay path to `node`: 64 bits of its address in the interface part, 16 more in the port. Two nodes
    /// that share 80 bits of a SHA-256 would share it, so whoever maps it back keeps the first.
    package init(overlay node: NodeAddress) {
        self.init(
            address: IPAddress(v6High: Self.discardPrefix, low: node.high),
            port: UInt16(truncatingIfNeeded: node.middle >> 48))
    }

    /// Whether this names an overlay path. Such an endpoint is never taken from what others tell.
    package var isOverlay: Bool { address.family == .v6 && address.high == Self.discardPrefix }
}
