/// Limits of what is answered to strangers. An answer is up to 12 bytes larger than its question over IPv4 and 24 over
/// IPv6, so what a forged source can be sent is bounded in rate. The largest answer is 56 bytes, 104 on the wire: 200 a
/// second are 21 kB/s in all, and 10 a second are 1 kB/s to one network.
package enum STUNLimits {
    /// Groups of sources, each an IPv4 /24 or an IPv6 /48: 2 kB of memory.
    package static let groupCount = 256
    /// Between answers to one group in the long run.
    package static let groupInterval: Duration = .milliseconds(100)
    /// Answers to one group at once.
    package static let groupBurst = 20
    /// Between answers to everybody in the long run.
    package static let totalInterval: Duration = .milliseconds(5)
    /// Answers to everybody at once.
    package static let totalBurst = 400
}
