/// Limits and intervals of asking a router for mappings.
package enum PortMappingLimits {
    /// Where routers listen (RFC 6887 §19.1, RFC 6886 §3).
    package static let serverPort: UInt16 = 5351
    /// The lifetime asked for, in seconds. It is renewed at half: two requests each quarter of an hour, and a router
    /// that has forgotten everything is noticed by then.
    package static let lifetimeSeconds: UInt32 = 1_800
    /// No lifetime is believed to be longer (RFC 6887 §15 has a day at most) or shorter.
    package static let lifetimeBounds: ClosedRange<UInt32> = 30...86_400
    /// Between a first PCP request and the next (IRT of RFC 6887 §8.1.1); doubles.
    package static let portControlInterval: Duration = .seconds(3)
    /// PCP requests without an answer before NAT-PMP is tried.
    package static let portControlAttempts = 2
    /// The same to a router that has answered by PCP before: three minutes.
    package static let knownAttempts = 6
    /// The same for NAT-PMP (RFC 6886 §3.1): 0.25, 0.5, 1, 2, 4 and 8 s, half a minute in all with PCP's.
    package static let natPMPInterval: Duration = .milliseconds(250)
    package static let natPMPAttempts = 6
    /// Between the news that a router has forgotten its mappings and the requests for new ones: a router whose clock
    /// jumps with each answer is asked once a second.
    package static let recoveryDelay: Duration = .seconds(1)
    /// How long a router that answered nothing is left alone; doubles up to the limit (MRT of RFC 6887 §8.1.1).
    package static let silenceInterval: Duration = .seconds(64)
    package static let silenceLimit: Duration = .seconds(1_024)
    /// How long a refusal is taken to hold, whatever lifetime it has, in seconds.
    package static let refusalBounds: ClosedRange<UInt32> = 60...1_024
}
