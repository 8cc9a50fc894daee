package import NetworkTypes

/// A running copy of a peer's directory: paged pull, one page at a time, so that a slow link is never flooded.
package struct DirectoryCopy: Equatable {
    /// The page that was asked for begins here.
    package private(set) var start: NodeAddress
    /// Announcements of the page that have been asked for and have not come.
    package private(set) var missing: [NodeAddress] = []
    /// Where the next page begins, once this one is in; `nil` when it is the last.
    private var next: NodeAddress?
    private var hasSummary = false
    private var attempts = 1
    package private(set) var deadline: Instant

    package init(now: Instant) {
        start = NodeAddress(high: 0, middle: 0, low: 0)
        deadline = now + DirectoryLimits.requestTimeout
    }

    /// What to send now.
    package enum Step: Equatable {
        case request(ControlMessage)
        case wait
        case done
    }

    /// A page came; `wanted` are its nodes of which the peer has newer announcements.
    package mutating func received(
        _ page: [ControlMessage.SummaryEntry], isLast: Bool, wanted: [NodeAddress], now: Instant
    ) -> Step {
        guard !hasSummary, page.allSatisfy({ $0.node >= start }) else { return .wait }
        hasSummary = true
        attempts = 1
        missing = wanted
        next = isLast ? nil : page.last?.node.successor
        return advance(now: now)
    }

    /// The announcement of `node` is in.
    package mutating func arrived(_ node: NodeAddress, now: Instant) -> Step {
        guard let index = missing.firstIndex(of: node) else { return .wait }
        missing.remove(at: index)
        return missing.isEmpty ? advance(now: now) : .wait
    }

    /// Nothing came in time: asks again, or gives up.
    package mutating func timedOut(now: Instant) -> Step {
        attempts += 1
        guard attempts <= DirectoryLimits.requestAttempts else { return .done }
        deadline = now + DirectoryLimits.requestTimeout
        return .request(hasSummary ? .announcementRequest(missing) : .summaryRequest(start: start))
    }

    private mutating func advance(now: Instant) -> Step {
        deadline = now + DirectoryLimits.requestTimeout
        if !missing.isEmpty { return .request(.announcementRequest(missing)) }
        guard let next else { return .done }
        start = next
        hasSummary = false
        attempts = 1
        return .request(.summaryRequest(start: next))
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
