import NetworkTypes

/// Limits and intervals of paths: where gateways look for each other, and how they choose.
package enum PathLimits {
    /// Members whose reports of where they see this gateway are kept.
    package static let observations = 16
    /// A report is void when a newer one is so much younger: every live path brings one every 5 or 15 s.
    package static let observationLifetime: Duration = .seconds(60)
    /// Endpoints that only others see and that are announced.
    package static let outsideEndpoints = 4

    /// From a report of an endpoint that nobody had reported until it is announced: others may report another.
    package static let publishDelay: Duration = .milliseconds(250)

    /// Endpoints in one connect-to-me message.
    package static let punchEndpoints = 8
    /// Between two connect-to-me messages of one member that are acted on: twice what the answer and both ends'
    /// repetitions need.
    package static let punchInterval: Duration = .milliseconds(500)
    /// Endpoints that one such message makes this gateway send to.
    package static let punchDials = 4
    /// From a connect-to-me message until its failure is told: a handshake with two lost flights over a slow path.
    package static let punchTimeout: Duration = .seconds(2)
    /// Connect-to-me messages acted on in one second, all members together, and at once, as when many others start.
    /// Each makes up to 32 hellos of 250 bytes in two seconds, so a member that names others' endpoints in them makes
    /// this gateway send them 0.5 Mbit/s at most.
    package static let punchesPerSecond = 8
    package static let punchBurst = 64
}

extension PathLimits {
    /// Ways to one member beside its path that are kept and probed: another address, and two relays.
    package static let standbys = 3
    /// Between probes of such a way while there is traffic, and while there is none.
    package static let standbyInterval: Duration = .seconds(5)
    package static let idleStandbyInterval: Duration = .seconds(30)
    /// Answers that measure a way by a better medium than the path, and how soon one follows the other.
    package static let measurements = 4
    package static let measureInterval: Duration = .milliseconds(500)
    /// Between probes of one that does not answer.
    package static let failingStandbyInterval: Duration = .seconds(1)
    /// How often a member with traffic is looked at for better ways.
    package static let reviewInterval: Duration = .seconds(2)
    /// From the beginning of traffic, or of a path, until then.
    package static let reviewDelay: Duration = .milliseconds(100)
    /// How often its other addresses are tried.
    package static let candidateInterval: Duration = .seconds(60)
    /// A way must be better at so many reviews in a row, and a path is kept for so long at least.
    package static let betterReviews = 3
    package static let dwell: Duration = .seconds(10)
    /// Silence of the peer while packets go to it after which the path is probed at once, and how often it is probed
    /// while packets go.
    package static let trafficSilence: Duration = .milliseconds(80)
    package static let trafficProbeInterval: Duration = .seconds(1)
    /// The least time that an answer is waited for while packets flow, and once one has been missed, and lost probes
    /// after which another way takes over, if there is one. On paths of up to 50 ms that is 300 ms and a look at the
    /// traffic after a break: before TCP repeats itself for the second time, 600 ms after its first loss.
    package static let suspectTimeout: Duration = .milliseconds(100)
    package static let failingProbes = 2
    /// Answers in a row after which a way that had failed is trusted again.
    package static let steadyAnswers = 3

    // What a path costs, as a round trip: `least round trip * (1 + 20 * loss)` and something for the medium, so that
    // loss of 5 % doubles it, about as it halves what TCP makes of the path (Mathis et al., 1997).

    package static let lossWeight = 20
    package static let tcpCost: Duration = .milliseconds(5)
    package static let relayCost: Duration = .milliseconds(10)
    package static let overlayCost: Duration = .milliseconds(50)
    /// One path is clearly better than another if it costs less than three quarters of it, less 5 ms.
    package static let betterShare = (numerator: 3, denominator: 4)
    package static let betterMargin: Duration = .milliseconds(5)

    /// Members that are asked at a time to be a relay, and ways through relays that are kept to one member.
    package static let relaysAsked = 3
    package static let relaysPerMember = 2
    /// Between requests while packets take the ring's hops, and while there is a better path.
    package static let relayRetryInterval: Duration = .milliseconds(500)
    package static let relayReviewInterval: Duration = .seconds(10)
    /// Ways through relays that this gateway uses or is offered: twice the members of a grid that knows everybody, for
    /// each of 32 sites.
    package static let relayUses = 1_024
    /// How long a member that passes nothing on is not asked again. A new session asks at once: it may have been told
    /// otherwise.
    package static let unwillingTime: Duration = .seconds(600)
    /// How often a relay in use is asked to go on, and how long it does without: two requests may be lost.
    package static let relayRenewal: Duration = .seconds(60)
    package static let relayLifetime: Duration = .seconds(200)
    /// Pairs that this gateway passes datagrams on between, all together and with one member in them.
    package static let relayedPairs = 1_024
    package static let relayedPairsPerMember = 128
}
