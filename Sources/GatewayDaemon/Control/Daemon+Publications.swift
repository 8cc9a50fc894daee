import ControlProtocol
import GatewayCore
import LinkSecurity

// What `ipop publish` asks.
extension Daemon {
    /// What holds in the grid, as far as this gateway has heard.
    var publicationsReport: PublicationsReport {
        PublicationsReport(publications: gateway.publications.map { PublicationReport($0) })
    }

    /// Brings in what the authority has signed.
    func publish(_ kind: PublishedKind, _ content: [UInt8]) throws(ControlFailure) -> PublishResult {
        let outcome = gateway.publish(PublicationKind(kind), content, now: now, effects: &effects)
        settle()
        switch outcome {
        case .success(let (publication, isNews)):
            return PublishResult(publication: PublicationReport(publication), isNews: isNews)
        case .failure(let fault):
            throw ControlFailure(.publicationRefused, Self.words(fault, kind))
        }
    }

    private static func words(_ fault: PublicationFault, _ kind: PublishedKind) -> String {
        switch fault {
        case .malformed: "this is no \(kind.words)"
        case .notByAuthority: "the \(kind.words) is not signed by this grid's authority"
        case .tooLong: "the \(kind.words) has over \(PublicationLimits.contentByteCount) bytes"
        case .stale(let known):
            "the grid has a newer \(kind.words): \(known); publish the newest of the authority's directory"
        }
    }
}

extension PublishedKind {
    init(_ kind: PublicationKind) {
        switch kind {
        case .revocationList: self = .revocationList
        case .gridProfile: self = .gridProfile
        }
    }
}

extension PublicationKind {
    fileprivate init(_ kind: PublishedKind) {
        switch kind {
        case .revocationList: self = .revocationList
        case .gridProfile: self = .gridProfile
        }
    }
}

extension PublicationReport {
    fileprivate init(_ publication: Publication) {
        self.init(
            kind: PublishedKind(publication.kind), version: publication.version,
            byteCount: publication.content.count,
            revoked: publication.kind == .revocationList ? publication.revokedSerials.count : nil)
    }
}
