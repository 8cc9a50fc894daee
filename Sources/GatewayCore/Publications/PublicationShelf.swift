import LinkSecurity
import NetworkTypes

/// The publications that a member has, and those that it is getting.
struct PublicationShelf {
    /// What a member told and was not the authority's: it is not asked for that again.
    struct Refusal: Equatable {
        var source: NodeAddress
        var notice: PublicationNotice
    }

    /// One of each kind at most, in the order of the kinds.
    private(set) var held: [Publication] = []
    /// What names them, in the same order.
    private(set) var notices: [PublicationNotice] = []
    var pulls: [PublicationPull] = []
    private(set) var refusals: [Refusal] = []
    /// When a member is told what there is; `nil` while there is nothing to tell.
    var reviewAt: Instant?

    /// The one of that kind.
    func notice(_ kind: UInt8) -> PublicationNotice? { notices.first { $0.kind == kind } }

    /// When something is due.
    var deadline: Instant? {
        pulls.reduce(reviewAt) { earliest, pull in earliest.map { min($0, pull.deadline) } ?? pull.deadline }
    }

    /// Puts a publication in the place of the older one of its kind.
    mutating func put(_ publication: Publication) {
        held.removeAll { $0.kind == publication.kind }
        held.append(publication)
        held.sort { $0.kind.rawValue < $1.kind.rawValue }
        notices = held.map { PublicationNotice($0) }
    }

    /// Remembers that `source` told of what it should not have; the oldest refusal goes first.
    mutating func refuse(_ notice: PublicationNotice, of source: NodeAddress) {
        if refusals.count >= PublicationLimits.refusals { refusals.removeFirst() }
        refusals.append(Refusal(source: source, notice: notice))
    }
}
