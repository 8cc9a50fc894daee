/// What a grid's authority lays down for all members, and any member may carry into the overlay.
package enum PublicationKind: UInt8, Sendable, CaseIterable {
    /// Certificates that no longer count (RFC 5280 §5); the newest list holds them all.
    case revocationList = 1
    /// The grid's name, pools and lease time.
    case gridProfile = 2
}

/// A publication that was found to be the authority's.
package struct Publication: Equatable, Sendable {
    package let kind: PublicationKind
    /// Of two the higher one counts: the list's number (RFC 5280 §5.2.3), or when the profile was made.
    package let version: UInt64
    /// As the authority signed it: a list in DER, a profile as the text of grid.yaml.
    package let content: [UInt8]
    /// Serial numbers of the certificates that a revocation list takes back, lower-case hexadecimal digits.
    package let revokedSerials: [String]
    /// What a grid profile lays down; `nil` for other kinds.
    package let terms: ProfileTerms?

    package init(
        kind: PublicationKind, version: UInt64, content: [UInt8], revokedSerials: [String] = [],
        terms: ProfileTerms? = nil
    ) {
        self.kind = kind
        self.version = version
        self.content = content
        self.revokedSerials = revokedSerials
        self.terms = terms
    }
}

/// Why a publication is refused.
package enum PublicationFault: Error, Equatable, Sendable {
    /// Not what its kind should be.
    case malformed
    /// Not signed by this grid's authority, or changed since.
    case notByAuthority
    /// More than `PublicationLimits.contentByteCount`.
    case tooLong
    /// The grid has a newer one, of that version.
    case stale(known: UInt64)
}

/// Tells the authority's publications from others. Implemented by OpenSSL in the daemon, in plain text in simulation.
package protocol PublicationAuthority: AnyObject {
    /// What the content says, once its signature has been checked.
    func verify(_ kind: PublicationKind, _ content: [UInt8]) -> Result<Publication, PublicationFault>
}
