package import GatewayConfiguration
package import LinkSecurity
package import OpenSSLLink
import YAMLReader

/// Publications of one grid, told from others by its authority's certificate.
package final class GridPublications: PublicationAuthority {
    private let authority: Certificate

    package init(authority: Certificate) {
        self.authority = authority
    }

    /// What the content says, once its signature has been checked. A profile is taken in the form that
    /// `GridProfile.yamlText` gives it only, so that one profile has one content.
    package func verify(_ kind: PublicationKind, _ content: [UInt8]) -> Result<Publication, PublicationFault> {
        switch kind {
        case .revocationList:
            guard RevocationList.isWellFormed(der: content) else { return .failure(.malformed) }
            guard let list = try? RevocationList(der: content, authority: authority) else {
                return .failure(.notByAuthority)
            }
            return .success(
                Publication(
                    kind: kind, version: UInt64(clamping: list.number), content: content,
                    revokedSerials: list.entries.map(\.serial)))
        case .gridProfile:
            return profile(content).map { profile in
                Publication(
                    kind: kind, version: UInt64(clamping: profile.created), content: content, terms: profile.terms)
            }
        }
    }

    /// The grid profile in the content, once its signature has been checked.
    package func profile(_ content: [UInt8]) -> Result<GridProfile, PublicationFault> {
        guard case .success(let root) = YAMLReader.node(from: content, file: "grid.yaml"),
            let profile = ConfigurationReader.gridProfile(from: root, file: "grid.yaml").profile,
            Array(profile.yamlText.utf8) == content
        else { return .failure(.malformed) }
        return profile.fault(under: authority) == nil ? .success(profile) : .failure(.notByAuthority)
    }
}
