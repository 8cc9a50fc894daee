import NetworkTypes

/// A running pull of one publication: page by page from one member at a time, a window of pages at once, so that a slow
/// link is never flooded.
struct PublicationPull {
    /// What to do now.
    enum Step: Equatable {
        case wait
        /// Ask the source for so many pages.
        case request(first: Int, count: Int)
        case complete([UInt8])
        /// The source does not answer, or what it has is not what it said.
        case giveUp
    }

    let notice: PublicationNotice
    /// Members that have it, the one that is asked first.
    private(set) var sources: [NodeAddress]
    /// How far it is to be passed on: the widest arc that was asked for.
    private(set) var until: NodeAddress?
    /// Empty while missing.
    private var pages: [[UInt8]]
    private var window = PublicationLimits.firstWindow
    /// The pages that have been asked for.
    private var asked = 0..<0
    private var attempts = 1
    private(set) var deadline: Instant
    private var sourceDeadline: Instant

    /// Begins with asking `source`; `start` tells for what.
    init(_ notice: PublicationNotice, from source: NodeAddress, until: NodeAddress?, now: Instant) {
        self.notice = notice
        self.until = until
        sources = [source]
        pages = Array(repeating: [], count: notice.pageCount)
        deadline = now + PublicationLimits.requestTimeout
        sourceDeadline = now + PublicationLimits.sourceTime
    }

    /// The member that is asked.
    var source: NodeAddress { sources[0] }

    /// Another member has it too. Of two arcs that begin at `own` the wider one is served; its own address stands for
    /// the whole ring, no address for none.
    mutating func add(_ source: NodeAddress, until other: NodeAddress?, own: NodeAddress) {
        if !sources.contains(source), sources.count < PublicationLimits.sources { sources.append(source) }
        guard let other, until != own else { return }
        let isWider = until.map { own.clockwiseDistance(to: $0) < own.clockwiseDistance(to: other) } ?? true
        if other == own || isWider { until = other }
    }

    /// What the pull begins with.
    mutating func start(now: Instant) -> Step { request(now: now) }

    /// A page has come.
    mutating func arrived(_ page: Int, _ bytes: [UInt8], now: Instant) -> Step {
        guard pages.indices.contains(page), pages[page].isEmpty else { return .wait }
        let rest = Int(notice.byteCount) - page * PublicationLimits.pageByteCount
        guard bytes.count == min(rest, PublicationLimits.pageByteCount) else { return .giveUp }
        pages[page] = bytes
        guard asked.allSatisfy({ !pages[$0].isEmpty }) else { return .wait }
        if attempts == 1 { window = min(window * 2, PublicationLimits.pageCount) }
        attempts = 1
        return pages.contains([]) ? request(now: now) : .complete(Array(pages.joined()))
    }

    /// Nothing came in time: asks again, or gives up.
    mutating func timedOut(now: Instant) -> Step {
        attempts += 1
        guard attempts <= PublicationLimits.requestAttempts, now < sourceDeadline else { return .giveUp }
        window = max(1, window / 2)
        return request(now: now)
    }

    /// Turns to the next member that has it, and begins anew: pages of different members do not mix. `false` when there
    /// is none.
    mutating func turnToNextSource(now: Instant) -> Bool {
        sources.removeFirst()
        guard !sources.isEmpty else { return false }
        pages = Array(repeating: [], count: notice.pageCount)
        window = PublicationLimits.firstWindow
        attempts = 1
        sourceDeadline = now + PublicationLimits.sourceTime
        return true
    }

    private mutating func request(now: Instant) -> Step {
        deadline = now + PublicationLimits.requestTimeout
        guard let first = pages.firstIndex(of: []) else { return .wait }
        asked = first..<min(first + window, pages.count)
        return .request(first: first, count: asked.count)
    }
}
