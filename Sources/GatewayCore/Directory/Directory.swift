package import LinkSecurity
package import NetworkTypes

/// Every member's newest verified announcement, in node order.
///
/// A value of its own, without any notion of sessions: what is here has been signed, whoever passed it on.
package struct Directory {
    /// One member.
    package struct Entry {
        package var announcement: Announcement
        package var identity: PeerIdentity
        /// The announcement as it is passed on.
        package var encoded: [UInt8]
        /// When its owner made it, on this gateway's clock.
        package var made: Instant
        package var expires: Instant
        /// Prefixes that were announced without the certificate covering them.
        package var uncovered: [IPPrefix]
    }

    /// What became of an offered announcement.
    package enum Outcome {
        /// It is newer than what was known.
        case accepted(previous: Entry?)
        /// It, or a newer one, is known.
        case known
        case refused(AnnouncementFault)
    }

    /// Sorted by node address.
    package private(set) var entries: [Entry] = []
    /// A digest over (node, sequence) of every entry: equal directories have equal digests.
    package private(set) var digest: UInt64 = 0

    package init() {}

    /// The entry of a node; `nil` when it is not known. O(log members).
    package subscript(node: NodeAddress) -> Entry? {
        let index = lowerBound(node)
        return index < entries.count && entries[index].announcement.node == node ? entries[index] : nil
    }

    /// Takes an announcement that its owner made `age` ago, if it is sound and news.
    package mutating func offer(
        _ encoded: [UInt8], age: Duration, by identity: any IdentityAuthority, now: Instant
    ) -> Outcome {
        var unverified: Announcement.Unverified
        do { unverified = try Announcement.Unverified(reading: encoded) } catch { return .refused(.malformed(error)) }
        let node = unverified.announcement.node
        let index = lowerBound(node)
        let exists = index < entries.count && entries[index].announcement.node == node
        if exists, entries[index].announcement.sequence >= unverified.announcement.sequence { return .known }
        // Bounded by our own lifetime, whatever the owner says, and void copies are not news.
        let lifetime = min(.seconds(Int64(unverified.announcement.lifetimeSeconds)), DirectoryLimits.lifetime)
        guard age < lifetime else { return .known }
        guard exists || entries.count < DirectoryLimits.memberCount else { return .refused(.tooMany) }
        switch unverified.verify(by: identity) {
        case .failure(let fault):
            return .refused(fault)
        case .success(let verdict):
            let made = now + (.zero - age)
            let entry = Entry(
                announcement: unverified.announcement, identity: verdict.peer, encoded: encoded, made: made,
                expires: now + (lifetime - age), uncovered: verdict.uncovered)
            if exists {
                let previous = entries[index]
                digest ^= Self.hash(previous) ^ Self.hash(entry)
                entries[index] = entry
                return .accepted(previous: previous)
            }
            digest ^= Self.hash(entry)
            entries.insert(entry, at: index)
            return .accepted(previous: nil)
        }
    }

    /// Removes what has expired by `now`, or whose certificate has by `unixSeconds`; returns the nodes.
    package mutating func expire(now: Instant, unixSeconds: Int64) -> [NodeAddress] {
        var gone: [NodeAddress] = []
        for entry in entries where entry.expires <= now || entry.identity.notAfter < unixSeconds {
            gone.append(entry.announcement.node)
            digest ^= Self.hash(entry)
        }
        if !gone.isEmpty {
            entries.removeAll { $0.expires <= now || $0.identity.notAfter < unixSeconds }
        }
        return gone
    }

    /// The first instant at which an entry expires.
    package var nextExpiry: Instant? { entries.map(\.expires).min() }

    /// The page of the summary that begins at `start`.
    package func summary(from start: NodeAddress) -> (page: [ControlMessage.SummaryEntry], isLast: Bool) {
        let index = lowerBound(start)
        let page = entries[index...].prefix(DirectoryLimits.summaryPageCount)
        return (
            page.map { .init(node: $0.announcement.node, sequence: $0.announcement.sequence) },
            page.endIndex == entries.endIndex
        )
    }

    private func lowerBound(_ node: NodeAddress) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].announcement.node < node { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// FNV-1a over the words of node and sequence: detects differences, not malice (every entry is signed).
    private static func hash(_ entry: Entry) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        let node = entry.announcement.node
        for word in [node.high, node.middle, UInt64(node.low), entry.announcement.sequence] {
            for shift in stride(from: 0, to: 64, by: 8) {
                hash = (hash ^ (word >> UInt64(shift) & 0xff)) &* 0x100_0000_01b3
            }
        }
        return hash
    }
}
