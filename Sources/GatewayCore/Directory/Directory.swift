package import LinkSecurity
package import NetworkTypes
import WireFormat

/// Every member's newest verified announcement, in node order.
///
/// A value of its own, without any notion of sessions: what is here has been signed, whoever passed it on.
package struct Directory {
    /// One member.
    package struct Entry {
        package let record: AnnouncementRecord
        /// When its owner made it, on this gateway's clock.
        package var made: Instant
        package var expires: Instant

        /// Whose it is.
        package var node: NodeAddress { record.node }
        /// What it said.
        package var announcement: Announcement { record.announcement }
        /// Whether the same prefixes are owned by the same right as before.
        func hasSameRoutes(as previous: Entry?) -> Bool {
            guard let previous else { return false }
            return announcement.isWithdrawn == previous.announcement.isWithdrawn
                && announcement.exports == previous.announcement.exports
                && announcement.bridged == previous.announcement.bridged
                && record.uncovered == previous.record.uncovered && identity.site == previous.identity.site
        }

        /// What its certificate says.
        package var identity: PeerIdentity { record.identity }
    }

    /// What became of an offered announcement.
    package enum Outcome {
        /// It is newer than what was known.
        case accepted(Entry, previous: Entry?)
        /// It, or a newer one, is known.
        case known(NodeAddress)
        case refused(AnnouncementFault)
    }

    /// Sorted by node address.
    package private(set) var entries: [Entry] = []
    /// A digest over (node, sequence) of every entry: equal directories have equal digests.
    package private(set) var digest: UInt64 = 0
    /// The same of each 64th part of the ring, by the upper six bits of the node address.
    package private(set) var buckets = [UInt64](repeating: 0, count: DirectoryLimits.bucketCount)
    /// Members that have not withdrawn, in the order of their addresses.
    package private(set) var nodes: [NodeAddress] = []
    /// Announced exports that the grid knows by other addresses than their LAN.
    private(set) var mappedCount = 0
    /// Serial numbers of certificates that no longer count. Look-ups only.
    private var revoked: Set<String> = []
    /// Never later than the first expiry.
    private var expiryBound: Instant?

    package init() {}

    /// The entry of a node; `nil` when it is not known. O(log members).
    package subscript(node: NodeAddress) -> Entry? {
        let index = lowerBound(node)
        return index < entries.count && entries[index].node == node ? entries[index] : nil
    }

    /// Takes an announcement that its owner made `age` ago, if it is sound and news.
    package mutating func offer(
        _ encoded: [UInt8], age: Duration, by identity: any IdentityAuthority,
        verifier: any AnnouncementVerifier, now: Instant
    ) -> Outcome {
        guard let (node, sequence) = Announcement.peek(encoded) else {
            return .refused(.malformed(.invalid(field: "announcement")))
        }
        let index = lowerBound(node)
        let exists = index < entries.count && entries[index].node == node
        if exists, entries[index].record.sequence >= sequence { return .known(node) }
        guard exists || entries.count < DirectoryLimits.memberCount else { return .refused(.tooMany) }
        switch verifier.verify(encoded, by: identity) {
        case .failure(let fault):
            return .refused(fault)
        case .success(let record) where isRevoked(record.identity.serial):
            return .refused(.certificate(.revoked))
        case .success(let record):
            // Bounded by our own lifetime, whatever the owner says, and void copies are not news.
            let own = Duration.seconds(Int64(record.announcement.lifetimeSeconds))
            let lifetime = min(own, DirectoryLimits.lifetime)
            guard age < lifetime else { return .known(node) }
            let entry = Entry(record: record, made: now + (.zero - age), expires: now + (lifetime - age))
            let review = min(entry.expires, now + DirectoryLimits.certificateReviewInterval)
            expiryBound = min(expiryBound ?? review, review)
            let previous = exists ? entries[index] : nil
            if let previous {
                count(out: previous)
                entries[index] = entry
            } else {
                entries.insert(entry, at: index)
            }
            count(in: entry)
            return .accepted(entry, previous: previous)
        }
    }

    /// Whether a certificate of that serial number was revoked.
    package func isRevoked(_ serial: String) -> Bool { revoked.contains(serial) }

    /// Takes nothing of certificates with these serial numbers from now on; removes and returns what is here of them.
    package mutating func revoke(_ serials: [String]) -> [Entry] {
        let named = Set(serials)
        revoked = named
        return remove { named.contains($0.identity.serial) }
    }

    private mutating func remove(_ isVoid: (Entry) -> Bool) -> [Entry] {
        let gone = entries.filter(isVoid)
        for entry in gone { count(out: entry) }
        if !gone.isEmpty { entries.removeAll(where: isVoid) }
        return gone
    }

    /// Removes what has expired by `now`, or whose certificate has by `unixSeconds`; returns the nodes.
    package mutating func expire(now: Instant, unixSeconds: Int64) -> [NodeAddress] {
        guard let expiryBound, expiryBound <= now else { return [] }
        let gone = remove { $0.expires <= now || $0.identity.notAfter < unixSeconds }.map(\.node)
        let first = entries.map(\.expires).min()
        // Certificates expire by another clock, which is looked at now and then.
        self.expiryBound = first.map { min($0, now + DirectoryLimits.certificateReviewInterval) }
        return gone
    }

    /// An instant not later than that at which an entry expires.
    package var nextExpiry: Instant? { expiryBound }

    /// The page of the summary that begins at `start`.
    package func summary(from start: NodeAddress) -> (page: [ControlMessage.SummaryEntry], isLast: Bool) {
        let index = lowerBound(start)
        let page = entries[index...].prefix(DirectoryLimits.summaryPageCount)
        return (
            page.map { .init(node: $0.node, sequence: $0.record.sequence) },
            page.endIndex == entries.endIndex
        )
    }

    /// Which part of the ring a node is in.
    static func bucket(of node: NodeAddress) -> Int { Int(node.high >> 58) }

    private mutating func count(in entry: Entry) {
        digest ^= entry.record.hash
        buckets[Self.bucket(of: entry.node)] ^= entry.record.hash
        guard !entry.announcement.isWithdrawn else { return }
        mappedCount += entry.announcement.exports.count(where: \.isMapped)
        nodes.insert(entry.node, at: nodes.lowerBound { $0 < entry.node })
    }

    private mutating func count(out entry: Entry) {
        digest ^= entry.record.hash
        buckets[Self.bucket(of: entry.node)] ^= entry.record.hash
        guard !entry.announcement.isWithdrawn else { return }
        mappedCount -= entry.announcement.exports.count(where: \.isMapped)
        nodes.remove(at: nodes.lowerBound { $0 < entry.node })
    }

    private func lowerBound(_ node: NodeAddress) -> Int { entries.lowerBound { $0.node < node } }
}

extension Array {
    /// The first index of a sorted array whose element is not below what is sought.
    fileprivate func lowerBound(_ isBelow: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBelow(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
