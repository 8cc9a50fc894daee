package import NetworkTypes

/// A running copy of a peer's directory: paged pull of those parts that differ, a window of announcements at a time, so
/// that a slow link is never flooded.
package struct DirectoryCopy: Equatable {
    /// What to send now.
    package enum Step: Equatable {
        case request(ControlMessage)
        case wait
        case done
    }

    private enum Waiting: Equatable {
        case digests
        case page
        case announcements
    }

    /// Parts of the ring that are still to be looked at, the next one last.
    private var buckets: [Int]
    /// The page that was asked for begins here.
    package private(set) var start: NodeAddress
    /// Announcements of the page that are to be asked for.
    private var wanted: [NodeAddress] = []
    /// Those that have been asked for and have not come.
    package private(set) var missing: [NodeAddress] = []
    /// Where the next page of this part begins; `nil` when it is the part's last.
    private var next: NodeAddress?
    private var waiting: Waiting
    private var window = DirectoryLimits.firstWindow
    private var attempts = 1
    package private(set) var deadline: Instant

    /// A copy of the whole of it (`isWhole`: there is next to nothing here to compare with), or of what differs.
    package init(isWhole: Bool, now: Instant) {
        buckets = isWhole ? Array((1..<DirectoryLimits.bucketCount).reversed()) : []
        start = NodeAddress(high: 0, middle: 0, low: 0)
        waiting = isWhole ? .page : .digests
        deadline = now + DirectoryLimits.requestTimeout
    }

    /// What the copy begins with.
    package var first: ControlMessage { waiting == .digests ? .digestsRequest : .summaryRequest(start: start) }

    /// Whether nothing has come yet of a copy of the whole.
    package var isAtStart: Bool { waiting == .page && start == NodeAddress(high: 0, middle: 0, low: 0) }

    /// The peer's digests have come.
    package mutating func received(digests: [UInt64], own: [UInt64], now: Instant) -> Step {
        guard waiting == .digests, digests.count == own.count else { return .wait }
        buckets = own.indices.filter { own[$0] != digests[$0] }.reversed()
        return nextBucket(now: now)
    }

    /// A page came; `wanted` are its nodes of which the peer has newer announcements.
    package mutating func received(
        _ page: [ControlMessage.SummaryEntry], isLast: Bool, wanted: [NodeAddress], now: Instant
    ) -> Step {
        guard waiting == .page, page.allSatisfy({ $0.node >= start }) else { return .wait }
        attempts = 1
        self.wanted = wanted.reversed()
        next = isLast ? nil : page.last?.node.successor
        if isLast { buckets = [] }
        return advance(now: now)
    }

    /// The announcement of `node` is in.
    package mutating func arrived(_ node: NodeAddress, now: Instant) -> Step {
        guard let index = missing.firstIndex(of: node) else { return .wait }
        missing.remove(at: index)
        guard missing.isEmpty else { return .wait }
        if attempts == 1 { window = min(window * 2, DirectoryLimits.requestCount) }
        attempts = 1
        return advance(now: now)
    }

    /// Nothing came in time: asks again, or gives up.
    package mutating func timedOut(now: Instant) -> Step {
        attempts += 1
        guard attempts <= DirectoryLimits.requestAttempts else { return .done }
        deadline = now + DirectoryLimits.requestTimeout
        switch waiting {
        case .digests: return .request(.digestsRequest)
        case .page: return .request(.summaryRequest(start: start))
        case .announcements:
            window = max(1, window / 2)
            wanted += missing.dropFirst(window).reversed()
            missing = Array(missing.prefix(window))
            return .request(.announcementRequest(missing))
        }
    }

    private mutating func advance(now: Instant) -> Step {
        deadline = now + DirectoryLimits.requestTimeout
        if !wanted.isEmpty {
            missing = wanted.suffix(window).reversed()
            wanted.removeLast(missing.count)
            waiting = .announcements
            return .request(.announcementRequest(missing))
        }
        guard let next else { return nextBucket(now: now) }
        // A page may reach beyond its part: what it covered of the following ones is not asked for again.
        let reached = Directory.bucket(of: next)
        let goesOn = reached == Directory.bucket(of: start) || buckets.contains(reached)
        buckets.removeAll { goesOn ? $0 <= reached : $0 < reached }
        return goesOn ? request(from: next, now: now) : nextBucket(now: now)
    }

    private mutating func nextBucket(now: Instant) -> Step {
        guard let bucket = buckets.popLast() else { return .done }
        return request(from: NodeAddress(high: UInt64(bucket) << 58, middle: 0, low: 0), now: now)
    }

    private mutating func request(from node: NodeAddress, now: Instant) -> Step {
        deadline = now + DirectoryLimits.requestTimeout
        start = node
        waiting = .page
        attempts = 1
        return .request(.summaryRequest(start: node))
    }
}

extension NodeAddress {
    /// The next address on the ring; the highest one's is zero.
    var successor: NodeAddress {
        if low != .max { return NodeAddress(high: high, middle: middle, low: low + 1) }
        if middle != .max { return NodeAddress(high: high, middle: middle + 1, low: 0) }
        return NodeAddress(high: high &+ 1, middle: 0, low: 0)
    }
}
