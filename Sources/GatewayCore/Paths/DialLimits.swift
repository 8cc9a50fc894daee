/// Limits and intervals of attempts to reach somebody.
package enum DialLimits {
    /// After the first attempt; doubles with each.
    package static let firstInterval: Duration = .seconds(1)
    /// The longest interval where there is no other path, or packets take it. An attempt is up to four hellos of 250
    /// bytes, sent three times, and two messages over the ring: 3.4 kB, so that a minute makes 450 bit/s of it.
    package static let interval: Duration = .seconds(60)
    /// The same where nobody needs it, or nobody has answered for some three minutes: the directory names the dead for
    /// a day. 90 bit/s.
    package static let rareInterval: Duration = .seconds(300)
    /// Doublings after which every limit is reached.
    package static let doublings = 9
    /// Attempts that are made with all means. Those after them are sparing: a hello, and again after
    /// `SessionLimits.sparingInterval` and after twice that.
    package static let eagerAttempts = 3
    /// Attempts after which nobody is expected any more.
    package static let silentAttempts = 8
    /// Until others are tried when somebody is reached who was not: whatever was in the way may be gone for them as
    /// well.
    package static let returnInterval: Duration = .seconds(1)
}
