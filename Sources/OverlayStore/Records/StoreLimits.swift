/// Limits and intervals of the store, each with its arithmetic.
///
/// What an idle lease costs its owner: a renewal every half lifetime, to 8 replicas, is 8 stores of about 340 bytes (a
/// 20-byte value, two signatures) and 8 answers of about 160: 4 kB. With a lifetime of an hour that is 18 bit/s, with a
/// day 0.7 bit/s. A replica only answers: at N members with one lease each, a member carries 8 leases' share, which is
/// the same 4 kB per half lifetime again. Overlay hops multiply both by the path's length.
package enum StoreLimits {
    // Of the protocol: all members must agree on these.

    /// Bytes of a key's name.
    package static let nameByteCount = 64
    /// Bytes of a value.
    package static let valueByteCount = 512
    /// Bytes of an ECDSA P-256 signature, DER.
    package static let signatureByteCount = 72
    /// Bytes of a message. The largest has version, members, type and identifier 50, key 66, reason 1, member 21, flag
    /// 1, record 685 with name, holder and value at their limits, its signature 73, age 4, signature 73: 974.
    package static let messageByteCount = 1_000
    /// A record's lifetime: a minute to a day.
    package static let lifetimeSeconds: ClosedRange<UInt32> = 60...86_400
    /// Replicas of a key: five of eight may have to answer, so three may fail.
    package static let replicaCount = 8
    /// A replica takes keys for which it is among so many nearest members: half as many again as there are replicas,
    /// because directories differ for a moment.
    package static let responsibleCount = 12
    /// Epochs and sequence numbers, so that counting on never overflows.
    package static let counter: UInt64 = 1 << 62
    /// Owners that may have values side by side under a shared key, and gateways of one site with the same lease.
    package static let recordsPerKey = 16
    /// Releases remembered beside them; the oldest goes first.
    package static let releasesPerKey = 8

    // A replica's.

    /// Keys in all. At 10,000 members of 10 leases each a member is replica of 80.
    package static let replicaKeys = 16_384
    /// Bytes in all, with `recordOverheadByteCount` for each record.
    package static let replicaByteCount = 8 << 20
    /// What a record takes beside name, holder and value.
    package static let recordOverheadByteCount = 320
    /// Records and promises of one owner at one replica. In a grid of three every member is replica of everything: two
    /// sites that lease 512 host addresses each, and more.
    package static let recordsPerOwner = 1_024
    /// Promises in all.
    package static let promises = 1_024
    /// A promise keeps others out for so long: two round trips over a long overlay path.
    package static let promiseShield: Duration = .seconds(2)
    /// Then it still lets its own creator commit, unless somebody else was promised meanwhile.
    package static let promiseMemory: Duration = .seconds(10)
    /// Between searches for what has expired, at least.
    package static let sweepInterval: Duration = .seconds(10)

    // An owner's.

    /// Own leases and values.
    package static let ownLeases = 1_024
    /// A lease of a former life goes on with a sequence so much higher: memory may lag behind what was sent.
    package static let restoredGap: UInt64 = 1_024
    /// The Lamport time goes on so much higher after a restart, at most: it is written down when it has gone so far.
    package static let clockReserve: UInt64 = 4_096
    /// Own releases that are remembered, so that a stray copy can be answered.
    package static let ownReleases = 1_024
    /// Reads under way.
    package static let reads = 64
    /// One attempt to create: promises and commits together take two round trips.
    package static let attemptTimeout: Duration = .seconds(4)
    /// An unanswered message of an attempt or a read is repeated, at doubling intervals.
    package static let repeatInterval: Duration = .milliseconds(500)
    /// A creator that finds copies of its own at some replicas waits so long for the others before it creates anew.
    package static let adoptionWait: Duration = .seconds(1)
    /// After losing a race, jittered, doubling up to the limit.
    package static let contentionInterval: Duration = .milliseconds(250)
    package static let contentionLimit: Duration = .seconds(8)
    /// While no majority answers, jittered, doubling up to the limit, for ever: 8 proposals of 180 bytes a minute are
    /// 190 bit/s.
    package static let unansweredInterval: Duration = .seconds(1)
    package static let unansweredLimit: Duration = .seconds(60)
    /// A store that some replica has not answered is repeated at doubling intervals.
    package static let storeInterval: Duration = .seconds(1)
    package static let storeIntervalLimit: Duration = .seconds(60)
    /// So often, once a majority has answered: what is dead gets the next renewal.
    package static let storeRepeats = 6
    /// A release is repeated so often; what missed it expires.
    package static let releaseRepeats = 10
    /// A read that has found no majority by then says so.
    package static let readTimeout: Duration = .seconds(6)
    /// Over so long the own records are sent again when members come back.
    package static let recheckSpread: Duration = .seconds(5)
    /// A loser that cannot verify the winner asks again after about this.
    package static let recheckInterval: Duration = .seconds(3)
    /// Messages from a member to itself that one input may set off.
    package static let ownMessages = 4_096
}
