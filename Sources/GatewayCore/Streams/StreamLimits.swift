/// Limits of streams as the core keeps them; the driver has its own for connections that are not open yet.
package enum StreamLimits {
    /// Streams that are open or being opened, whoever began. With some 40 kB for each in the driver they are 40 MB.
    package static let streamCount = 1_024
    /// A stream over which nothing has come for so long, and that is nobody's path, is closed: six times the interval
    /// at which a path's other end would have been heard.
    package static let idleLimit: Duration = .seconds(60)
    /// Payload of a sealed datagram over a stream, which needs no search: what UDP over IPv6 over Ethernet leaves
    /// (1,500 - 40 - 8 - 32). A LAN connection that begins over a stream so fits a UDP path that takes over later.
    package static let payload = 1_420
    /// A path over a stream that lasted so long is replaced at once when the stream closes; a shorter one waits for the
    /// next round of attempts.
    package static let steadyTime: Duration = .seconds(10)
    /// Numbers of accepted streams have this bit; the driver gives them. Those that the core gives do not.
    package static let acceptedBit: UInt64 = 1 << 63
}
