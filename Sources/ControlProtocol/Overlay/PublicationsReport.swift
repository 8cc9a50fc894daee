/// What a grid's authority publishes, by the names that commands and documents use.
package enum PublishedKind: String, Sendable, CaseIterable {
    case revocationList = "revocation-list"
    case gridProfile = "grid-profile"

    /// In a sentence.
    package var words: String {
        switch self {
        case .revocationList: "revocation list"
        case .gridProfile: "grid profile"
        }
    }
}

/// One publication that holds in the grid, as far as this gateway has heard.
package struct PublicationReport: Equatable, Sendable {
    package var kind: PublishedKind
    /// Of two the higher one counts.
    package var version: UInt64
    package var byteCount: Int
    /// Certificates that a revocation list takes back; `nil` for another kind.
    package var revoked: Int?

    package init(kind: PublishedKind, version: UInt64, byteCount: Int, revoked: Int?) {
        self.kind = kind
        self.version = version
        self.byteCount = byteCount
        self.revoked = revoked
    }

    /// `revocation list 3, 2 certificates`.
    package var words: String {
        "\(kind.words) \(version)" + (revoked.map { ", \(HumanUnits.count($0, "certificate"))" } ?? "")
    }

    var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "version": JSONValue(version), "bytes": JSONValue(byteCount),
            "revoked": .count(revoked),
        ]
    }

    init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "publication")
        self.init(
            kind: try shape.code("kind"), version: try shape.integer("version"), byteCount: try shape.integer("bytes"),
            revoked: try shape.optionalInteger("revoked"))
    }
}

/// What `ipop publish` shows: the publications that hold.
package struct PublicationsReport: Equatable, Sendable {
    /// One of each kind at most.
    package var publications: [PublicationReport]

    package init(publications: [PublicationReport]) {
        self.publications = publications
    }

    /// The payload of a reply, and the document of `ipop publish --json`.
    package var json: JSONValue {
        ["schema": JSONValue(StatusReport.schema), "publications": .list(publications, \.json)]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "publications")
        self.init(publications: try shape.list("publications", PublicationReport.init(json:)))
    }
}

/// What `ipop publish FILE` did.
package struct PublishResult: Equatable, Sendable {
    package var publication: PublicationReport
    /// The grid did not have it yet.
    package var isNews: Bool

    package init(publication: PublicationReport, isNews: Bool) {
        self.publication = publication
        self.isNews = isNews
    }

    /// The payload of a reply, and the document of `ipop publish FILE --json`.
    package var json: JSONValue {
        [
            "schema": JSONValue(StatusReport.schema), "publication": publication.json, "news": JSONValue(isNews),
        ]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "publish")
        self.init(
            publication: try PublicationReport(json: try shape.value("publication")), isNews: try shape.truth("news"))
    }
}
