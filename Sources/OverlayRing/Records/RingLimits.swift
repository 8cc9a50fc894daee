/// Limits and intervals of the ring, each with its arithmetic.
package enum RingLimits {
    // Structure.

    /// Near links that each side needs: with two, a ring survives every single failure and most double ones.
    package static let nearPerSide = 2
    /// Members per side that may be passed over because no session with them can be had. With 30 % of the pairs unable
    /// to talk, more than 3 of 5 in a row are out of reach for 3 % of the sides.
    package static let blockedPerSide = 3
    /// Candidates per side that are ranked: the near ones, the blocked ones, and some to move on to.
    package static let sideWindow = 10
    /// Neighbours per side in a status: all that can be near.
    package static let listedPerSide = nearPerSide + blockedPerSide
    /// Members under which far links earn nothing: the near links reach five of nine.
    package static let farFromSize: UInt64 = 10
    /// Far links of others that a member carries: twice its own share (Symphony §3.3) and some for rounding.
    package static func incomingFar(own count: Int) -> Int { 2 * count + 4 }
    /// The largest ring that is reckoned with; a denser estimate is an error or an attack.
    package static let sizeLimit: UInt64 = 1 << 24
    /// Links in all: 10 near, 12 far of its own, 28 of others, 64 shortcuts each way, leaves.
    package static let links = 192
    /// Shortcuts that a member makes for its own traffic.
    package static let shortcuts = 64

    // Messages.

    /// Endpoints of a contact: v4 and v6, local and as seen from outside.
    package static let endpointsPerContact = 4
    /// Neighbours in an answer or a farewell: both sides.
    package static let contacts = 2 * listedPerSide
    /// Payload of a routed packet: a sealed datagram of a 1,500 byte packet fits, and so does the largest store value.
    package static let payloadByteCount = 2_048
    /// Hops after which a packet is dropped. Greedy routing needs 9 at 10,000 members; what is more walks along near
    /// links while a large part of the ring is down.
    package static let hops = 64
    /// Hops away from the destination that a packet may take, and again once it has turned. With 30 % of the pairs
    /// unable to talk, one loses a pair in ten thousand and two lose none that was seen.
    package static let uphillHops = 2

    // Connecting.

    /// Sessions that are being made at once, asked for by us or by others.
    package static let attempts = 64
    /// Of these, sessions that only others have asked for: they cannot keep us from making our own.
    package static let foreignAttempts = 32
    /// An attempt that nobody has called off is taken as failed: a handshake's repetitions span 15 s.
    package static let attemptTimeout: Duration = .seconds(20)
    /// After a failure a member is left alone for so long, doubling up to the limit, for ever.
    package static let blockedInterval: Duration = .seconds(10)
    package static let blockedIntervalLimit: Duration = .seconds(320)
    /// After a link broke, others may not have noticed: their word that the member lives counts again after this.
    package static let mourningInterval: Duration = .seconds(8)
    /// Requests whose answer is waited for.
    package static let requests = 32
    package static let requestTimeout: Duration = .seconds(10)
    /// Contacts from answers and farewells that may become neighbours.
    package static let hints = 32
    package static let hintLifetime: Duration = .seconds(30)

    // Status.

    /// Changes within so short a time go out in one status: a wave of joins costs each member four a second at most.
    package static let statusDelay: Duration = .milliseconds(250)
    /// An unanswered status is repeated, at doubling intervals; silence never breaks a link, so a member may be slow.
    package static let statusRepeat: Duration = .seconds(2)
    package static let statusRepeatLimit: Duration = .seconds(64)

    // Upkeep.

    /// A link that neither end has a purpose for is closed after this.
    package static let trimInterval: Duration = .seconds(30)
    /// A leaf link has served when it has been up so long and the ring has taken us in.
    package static let leafLifetime: Duration = .seconds(5)
    /// A newcomer takes part in routing when its neighbours are linked, or after this.
    package static let joiningLimit: Duration = .seconds(3)
    /// Between requests to the own address: quickly after a change, then rarely. Two requests and answers of about 6
    /// hops of 250 bytes every 240 s are 200 bit/s for a member, over some 18 links.
    package static let stabiliseInterval: Duration = .seconds(4)
    package static let stabiliseIntervalLimit: Duration = .seconds(240)
    /// The same for a newcomer, whose request may be lost.
    package static let joinInterval: Duration = .seconds(1)
    package static let joinIntervalLimit: Duration = .seconds(16)
    /// Between searches for a far link that is missing.
    package static let farInterval: Duration = .seconds(2)
    package static let farIntervalLimit: Duration = .seconds(60)
    /// A rival is compared for so long; one without a round trip by then has lost.
    package static let rivalLimit: Duration = .seconds(30)
    /// Between comparisons of a far link with a new rival; doubles when the old one wins: 4 kB of handshake in 600 s
    /// are 55 bit/s.
    package static let rivalInterval: Duration = .seconds(600)
    package static let rivalIntervalLimit: Duration = .seconds(4_800)

    // Shortcuts.

    /// Destinations whose traffic is counted.
    package static let countedDestinations = 256
    /// Bytes within about `trafficHalfLife` that earn a shortcut: some ten packets.
    package static let shortcutByteCount: UInt64 = 8_192
    /// The count is halved this often.
    package static let trafficHalfLife: Duration = .seconds(10)
    /// A shortcut without traffic for so long is given up.
    package static let shortcutIdle: Duration = .seconds(300)

    // Merging.

    /// Members that were linked and vanished, tried again for ever.
    package static let lostMembers = 16
    package static let lostInterval: Duration = .seconds(15)
    package static let lostIntervalLimit: Duration = .seconds(900)
    /// When one lost member is back, so may be the others.
    package static let lostReturn: Duration = .seconds(4)
    /// Bootstrap members that one call of a newcomer goes to: with 30 % of the pairs unable to talk, all four fail
    /// in 1 %.
    package static let bootstrapCount = 4
    /// Between calls to the bootstrap members while there is no link at all.
    package static let bootstrapInterval: Duration = .seconds(1)
    package static let bootstrapIntervalLimit: Duration = .seconds(60)
    /// The same for a member of a ring, doubling: members that start at once may form several small rings. For each
    /// member of the ring `bootstrapShare` is added, so that all members together make four calls a second at most.
    package static let bootstrapRingInterval: Duration = .seconds(4)
    package static let bootstrapRingLimit: Duration = .seconds(512)
    package static let bootstrapShare: Duration = .milliseconds(250)
}
