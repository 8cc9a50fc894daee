/// Limits of TLS connections as the driver keeps them.
enum StreamPortLimits {
    /// From the first packet until TLS is done, proxy included; what takes longer is closed.
    static let handshakeTimeout: Duration = .seconds(10)
    /// Accepted connections that have not shown a certificate yet, at some 60 kB each: 8 MB. The oldest makes room for
    /// a new one, so slow clients keep nobody out.
    static let halfOpenCount = 128
    /// The same from one IPv4 address, or from one IPv6 network of 64 bits: a site behind one address has a few
    /// gateways.
    static let halfOpenPerSource = 16
    /// Open connections that one member has opened; the oldest makes room.
    static let streamsPerPeer = 4
    /// Connections accepted in a row before everything else gets its turn.
    static let acceptBudget = 16
    /// Reads in a row from one connection.
    static let readBudget = 4
    /// Bytes of one read.
    static let readByteCount = 65_536
    /// Plaintext of one TLS record, at most (RFC 8446 §5.1).
    static let recordByteCount = 16_384
    /// How long what was sent may stay unacknowledged.
    static let userTimeout: Duration = .seconds(10)
    /// Bytes that wait in the kernel to be sent for the first time; more would grow old where nothing can be dropped.
    static let unsentByteCount: Int32 = 65_536
    /// How long a connection that was refused is kept, so that the peer hears why.
    static let lingering: Duration = .seconds(2)
    /// How often a port that could not be had is tried again.
    static let retryInterval: Duration = .seconds(5)
}
