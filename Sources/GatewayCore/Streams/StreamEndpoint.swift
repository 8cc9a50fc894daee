package import NetworkTypes

// A TLS connection as an endpoint, like an overlay path: tables that know where a peer is by endpoint need no second
// notion. The address lies in the dummy prefix 100:0:0:1::/64 (RFC 9780), which no network carries.
extension Endpoint {
    private static let dummyPrefix: UInt64 = 0x0100_0000_0000_0001

    /// Names the stream of that number.
    package init(stream number: UInt64) {
        self.init(address: IPAddress(v6High: Self.dummyPrefix, low: number), port: 0)
    }

    /// Whether this names a stream. Such an endpoint means something in this process only: it is never announced and
    /// never taken from what others tell.
    package var isStream: Bool { address.family == .v6 && address.high == Self.dummyPrefix && port == 0 }

    /// The number of the stream that this names.
    package var streamNumber: UInt64? { isStream ? address.low : nil }
}
