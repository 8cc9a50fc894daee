import WireFormat

/// Limits and intervals of sessions and their paths.
package enum SessionLimits {
    /// Between probes of a live path, whichever end sends them: the end that was probed has the next turn. A probe and
    /// its answer are about 75 and 85 bytes on the wire, so a link costs 160 * 8 / 5 = 256 bit/s; with the MTU
    /// confirmations that is within the budget of 1 kbit/s.
    package static let probeInterval: Duration = .seconds(5)
    /// The same on a link that is neither to a ring neighbour nor has traffic of its own: when packets use it after a
    /// silence it is probed at once.
    package static let farProbeInterval: Duration = .seconds(15)
    /// By how much the end that has probed waits longer than the other: less than it takes to lose four probes, so that
    /// an end whose address changed is heard before it is given up.
    package static let probeTurn: Duration = .milliseconds(500)
    /// Between the first probe of a path and the second.
    package static let secondProbe: Duration = .seconds(1)
    /// Between the use of a path that has been silent and its probe.
    package static let useDelay: Duration = .milliseconds(10)
    /// Between probes while the last one is unanswered.
    package static let suspectInterval: Duration = .milliseconds(250)
    /// The least time that an answer is waited for.
    package static let answerTimeout: Duration = .milliseconds(250)
    /// The most: a slow member that dies is missed within 3 s of the probe.
    package static let answerTimeoutLimit: Duration = .seconds(2)
    /// The same before the first answer.
    package static let firstAnswerTimeout: Duration = .milliseconds(500)
    /// How long after it was sent a probe that was given up can still be answered.
    package static let lateAnswerLimit: Duration = .seconds(5)
    /// Unanswered probes in a row after which a path is down; and after no less than so long, for a member may become
    /// slow all at once. If anything authentic came meanwhile it takes four times as many.
    package static let lostProbes = 4
    package static let leastOutage: Duration = .seconds(1)
    /// Probes that loss is counted over.
    package static let lossWindow = 32
    /// A sparing handshake sends its hello again after this and after twice this.
    package static let sparingInterval: Duration = .seconds(1)
    /// Handshakes started at once towards one member's candidate endpoints.
    package static let parallelDials = 4
    /// Generations of keys that a session keeps: the sealing one, and those that still open what is on its way. Two
    /// ends that dial four endpoints each at once make eight.
    package static let generationCount = 8
    /// How long a generation opens after a newer one took over.
    package static let generationLinger: Duration = .seconds(60)
    /// How long a new path may take until both directories have been seen equal.
    package static let settleTime: Duration = .seconds(3)
    /// How long the keys of a peer that said goodbye still open what was sent before.
    package static let goodbyeLinger: Duration = .seconds(2)
    /// How long a finished handshake still answers repeated flights.
    package static let handshakeLinger: Duration = .seconds(5)
    /// Between the first five probes that confirm a new generation; five times as long between the next five, nine
    /// times between the last, so that a slow peer has 15 s. Most round trips are shorter, so that one does.
    package static let confirmationInterval: Duration = .milliseconds(200)
    package static let confirmationAttempts = 15
    /// How long a generation that is not confirmed is kept when there are too many: a slow path's round trip.
    package static let confirmationPatience: Duration = .seconds(3)
    /// Unanswered probes remembered for one member.
    package static let outstandingProbes = 16
    /// Endpoints kept over a restart.
    package static let rememberedMembers = 32
    /// Refused handshakes that are remembered for status.
    package static let refusals = 32
    /// A key that has sealed so many datagrams is replaced: far below where AES-GCM's bounds begin to count.
    package static let datagramsPerGeneration: UInt64 = 1 << 36

    // Path MTU search, RFC 8899 §5.1. Sizes are payloads: the bytes inside one sealed datagram.

    /// RFC 8899's BASE_PLPMTU of 1,200 bytes of UDP payload: crosses IPv6's minimum link.
    package static let basePayload = 1_200 - SealedHeader.overhead
    /// MAX_PROBES.
    package static let mtuProbeAttempts = 3
    /// The search ends when it knows the size to within so many bytes.
    package static let mtuGranularity = 4
    /// PMTU_RAISE_TIMER: how often a larger size is tried again.
    package static let mtuRaiseInterval: Duration = .seconds(600)
    /// CONFIRMATION_TIMER while traffic flows, so that a shrunken path is noticed soon.
    package static let mtuConfirmInterval: Duration = .seconds(5)
    /// The same while it is idle: 1,500 bytes in 300 s from both ends are 85 bit/s.
    package static let mtuIdleConfirmInterval: Duration = .seconds(300)
}
