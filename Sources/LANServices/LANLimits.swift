/// Limits and intervals of the services on a bridged LAN. Whoever is on the LAN can send anything, so everything that
/// it makes the gateway keep, ask the grid or send has one.
package enum LANLimits {
    // Hosts.

    /// Hosts of this LAN: as many as the grid lets one gateway register.
    package static let hosts = 512
    /// Addresses of one interface: a virtualisation host that routes for its machines has that many.
    package static let hostsPerInterface = 256
    /// New static hosts that are told to the grid: in the long run a second, and at once.
    package static let registrationRate = 50
    package static let registrationBurst = 200
    /// Between registrations of a host that was refused or got no answer.
    package static let registrationInterval: Duration = .seconds(30)

    // Looking for hosts.

    /// How often hosts are looked at: what else is due with them is due by this.
    package static let round: Duration = .seconds(1)
    /// Between the last sign of life of a static host and a question whether it is there.
    package static let silence: Duration = .seconds(60)
    /// Between such questions, and how many without an answer make a host gone: 90 s with the silence before.
    package static let questionInterval: Duration = .seconds(10)
    package static let questions = 3
    /// Addresses that a round of looking for silent hosts asks for: a /20 takes 7 minutes, at 5 kbit/s.
    package static let sweepStep = 10
    /// Between the end of looking through the subnet and the next beginning.
    package static let sweepPause: Duration = .seconds(300)
    /// A subnet with more bits for hosts is not looked through: a /16 takes 2 hours.
    package static let sweepHostBits = 16
    /// Hosts that are about to take addresses of IPv6, and how long that takes them: a second after the last question
    /// (RFC 4861 §10), and one question is usual.
    package static let newcomers = 256
    package static let detectionTime: Duration = .seconds(2)
    /// How long a host has to answer before another interface with its address is believed.
    package static let contest: Duration = .seconds(2)
    /// How long a second holder of an address is shown after it was last seen.
    package static let rivalAge: Duration = .seconds(120)

    // Hosts elsewhere.

    /// Answers of the grid that are kept: 64 kB.
    package static let knownAddresses = 1_024
    /// How long an answer is good: that somebody has an address, that nobody has, that the grid could not say.
    package static let holderAge: Duration = .seconds(10)
    package static let vacancyAge: Duration = .seconds(2)
    package static let uncertaintyAge: Duration = .seconds(1)
    /// Addresses that the grid is asked for: in the long run a second, and at once. A scan of the subnet is not passed
    /// on.
    package static let questionRate = 100
    package static let questionBurst = 200
    /// Addresses asked for that have no answer yet, and who waits for each.
    package static let openQuestions = 128
    package static let waitingForEach = 4
    /// How long somebody waits for an answer: then its ARP or its resolver has asked again.
    package static let patience: Duration = .seconds(3)

    // DHCP.

    /// Clients that are being served at a time.
    package static let pendingClients = 64
    /// Messages of clients that are looked at: in the long run a second, and at once. A building that comes back from a
    /// power cut takes some seconds.
    package static let requestRate = 200
    package static let requestBurst = 400
    /// Clients whose addresses are remembered, those with a lease among them.
    package static let bindings = 1_024
    /// Address blocks of this gateway, and free addresses below which it wants another one: a quarter, but this at
    /// least, or the subnet's share where that is less: 1 of 64 addresses.
    package static let blocks = 32
    package static let spareAddresses = 4
    package static let spareShare: UInt64 = 64
    /// Addresses that are looked at to find a free one.
    package static let searchedAddresses = 4_096
    /// Probes of an address before it is given, and between them; RFC 5227 §1.1 has three in up to 7 s, which is longer
    /// than clients wait: they probe themselves before they use it.
    package static let probes = 2
    package static let probeInterval: Duration = .milliseconds(250)
    /// How long the grid has to answer before an address of an own block is given without its word.
    package static let gridPatience: Duration = .seconds(1)
    /// How long an offer stands.
    package static let offerTime: Duration = .seconds(30)
    /// Addresses that are tried for one client.
    package static let tries = 4
    /// Addresses that were found in use, and how long nobody gets them.
    package static let quarantine = 256
    package static let quarantineTime: Duration = .seconds(600)

    // Names.

    /// Questions for names: in the long run a second, and at once.
    package static let nameRate = 500
    package static let nameBurst = 1_000
    /// How long an answer holds, in seconds: hosts move.
    package static let nameSeconds: UInt32 = 10
    /// Addresses in one answer: in the longest form they fit into 512 bytes with the longest name.
    package static let addressesOfName = 8

    // What is sent.

    /// Answers to ARP and neighbour discovery.
    package static let answerRate = 2_000
    package static let answerBurst = 2_000
    /// Answers to pings, and errors.
    package static let echoRate = 1_000
    package static let errorRate = 20
}
