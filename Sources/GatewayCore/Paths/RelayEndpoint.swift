package import NetworkTypes

// A path through a relay as an endpoint, as `Endpoint(stream:)` is one over TLS. The address lies in the same dummy
// prefix 100:0:0:1::/64 (RFC 9780); the port tells them apart.
extension Endpoint {
    private static let dummyPrefix: UInt64 = 0x0100_0000_0000_0001
    private static let relayPort: UInt16 = 1

    /// Names the way over `channel` of the member `relay`. 32 bits of its address: of two relays that share these and
    /// chose the same channel, the first serves.
    package init(relay: NodeAddress, channel: UInt32) {
        let low = relay.high & 0xffff_ffff_0000_0000 | UInt64(channel)
        self.init(address: IPAddress(v6High: Self.dummyPrefix, low: low), port: Self.relayPort)
    }

    /// Whether this names a way through a relay. Such an endpoint means something in this process only: it is never
    /// announced and never taken from what others tell.
    package var isRelay: Bool { address.family == .v6 && address.high == Self.dummyPrefix && port == Self.relayPort }
}
